#include "arch/kpu/energy_config.h"

namespace cyclescope::kpu {
namespace {

using config::Declaration;
using config::Quantity;

Declaration energy(const char* key, const char* text) {
  constexpr std::int64_t kOneMicrojoule = 1'000'000'000'000;  // aJ
  return {key, Quantity::energy, "pJ", text, 0, kOneMicrojoule, {}, {}, {}};
}

}  // namespace

void declare_energy(config::Schema& schema) {
  schema.add(energy("energy.mac_int8", "one INT8 MAC"))
      .add(energy("energy.mac_bf16", "one BF16 MAC"))
      .add(energy("energy.mac_fp32", "one FP32 MAC"))
      .add(energy("energy.pe_register", "operand and accumulator registers of one INT8 MAC"))
      .add(energy("energy.pe_hop", "operand hop between PEs, per byte"))
      .add(energy("energy.drain_hop", "32-bit result over one north link"))
      .add(energy("energy.l1_read", "L1 read, per byte"))
      .add(energy("energy.l1_write", "L1 write, per byte"))
      .add(energy("energy.l2_read", "L2 read, per byte"))
      .add(energy("energy.l2_write", "L2 write, per byte"))
      .add(energy("energy.l3_read", "L3 read, per byte"))
      .add(energy("energy.l3_write", "L3 write, per byte"))
      .add(energy("energy.streamer", "streamer, per byte moved"))
      .add(energy("energy.block_mover", "block mover, per byte moved"))
      .add(energy("energy.dma", "DMA engine, per byte moved"))
      .add(energy("energy.descriptor", "one DMA descriptor"))
      .add(energy("energy.flit_hop", "one flit over one link"))
      .add(energy("energy.vector_pass", "one element through one pass of the vector engine"))
      .add(energy("energy.program_load", "one program loaded into one tile"));
}

EnergyConfig energy_from(const config::Settings& s) {
  EnergyConfig e;
  e.mac_int8 = s.integer("energy.mac_int8");
  e.mac_bf16 = s.integer("energy.mac_bf16");
  e.mac_fp32 = s.integer("energy.mac_fp32");
  e.pe_register = s.integer("energy.pe_register");
  e.pe_hop = s.integer("energy.pe_hop");
  e.drain_hop = s.integer("energy.drain_hop");
  e.l1_read = s.integer("energy.l1_read");
  e.l1_write = s.integer("energy.l1_write");
  e.l2_read = s.integer("energy.l2_read");
  e.l2_write = s.integer("energy.l2_write");
  e.l3_read = s.integer("energy.l3_read");
  e.l3_write = s.integer("energy.l3_write");
  e.streamer = s.integer("energy.streamer");
  e.block_mover = s.integer("energy.block_mover");
  e.dma = s.integer("energy.dma");
  e.descriptor = s.integer("energy.descriptor");
  e.flit_hop = s.integer("energy.flit_hop");
  e.vector_pass = s.integer("energy.vector_pass");
  e.program_load = s.integer("energy.program_load");
  return e;
}

}  // namespace cyclescope::kpu
