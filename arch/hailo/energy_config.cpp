#include "arch/hailo/energy_config.h"

namespace cyclescope::hailo {
namespace {

using config::Declaration;
using config::Quantity;

Declaration energy(const char* key, const char* text) {
  constexpr std::int64_t kOneMicrojoule = 1'000'000'000'000;  // aJ
  return {key, Quantity::energy, "pJ", text, 0, kOneMicrojoule, {}, {}, {}};
}

}  // namespace

void declare_energy(config::Schema& schema) {
  schema.add(energy("energy.mac_int8", "one MAC of 8 x 8 bit; 16 x 8 bit are two, 16 x 16 bit four"))
      .add(energy("energy.l2", "L2 read or write, per byte"))
      .add(energy("energy.l3", "L3 read or write, per byte"))
      .add(energy("energy.aligner", "input aligner, per byte handed to sub-clusters"))
      .add(energy("energy.ring_hop", "ring, per byte and hop"))
      .add(energy("energy.apu", "activation and post-processing unit, per element out"))
      .add(energy("energy.control", "layer control unit and sequencer, per row of a layer"))
      .add(energy("energy.configure", "configuration, per byte written into the chip"));
}

EnergyConfig energy_from(const config::Settings& s) {
  EnergyConfig e;
  e.mac = s.integer("energy.mac_int8");
  e.l2 = s.integer("energy.l2");
  e.l3 = s.integer("energy.l3");
  e.aligner = s.integer("energy.aligner");
  e.ring_hop = s.integer("energy.ring_hop");
  e.apu = s.integer("energy.apu");
  e.control = s.integer("energy.control");
  e.configure = s.integer("energy.configure");
  return e;
}

}  // namespace cyclescope::hailo
