#include "sim/memory/dram.h"

#include "sim/base/error.h"
#include "sim/memory/ideal_port.h"

namespace cyclescope::memory {
Dram::Dram(sc_core::sc_module_name module, const DramConfig& config, ledger::Ledger& ledger)
    : TlmMemory(module, ledger), socket("socket"), config_(config), capacity_(config.capacity()), map_(config) {
  socket.register_nb_transport_fw(this, &Dram::forward);
  const DramEnergy& energy = config.energy;
  book_.ledger = &ledger;
  book_.responder = this;
  book_.activate = ledger.add_action("dram", "activate", energy.activate);
  book_.read = ledger.add_action("dram", "read", energy.read);
  book_.write = ledger.add_action("dram", "write", energy.write);
  book_.io = ledger.add_action("dram", "io", energy.io);
  book_.phy = ledger.add_action("dram_phy", "burst", energy.phy);
  book_.refresh = ledger.add_action("dram", "refresh", energy.refresh);
  for (int i = 0; i < config.channels; ++i) {
    channels_.push_back(std::make_unique<DramChannel>(config_, book_, i));
    for (int j = 0; j < config.pseudo_channels; ++j) ledger.add_power("dram", energy.background_microwatts);
  }
}

tlm::tlm_sync_enum Dram::forward(int client, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                 sc_core::sc_time& delay) {
  const Access& access = begun(payload, phase, config_.clock);
  const Request& request = access.request;
  began(request);
  payload.acquire();
  const Location location = map_.locate(request.address);
  const auto burst_bytes = static_cast<std::uint64_t>(config_.burst_bytes);
  const std::uint64_t in_granule = request.address & static_cast<std::uint64_t>(config_.granule - 1);
  const std::uint64_t first = in_granule / burst_bytes;
  const std::uint64_t last = (in_granule + request.bytes - 1) / burst_bytes;
  Arrival arrival;
  arrival.payload = &payload;
  arrival.tag = request.tag;
  arrival.direction = request.direction;
  arrival.client = client;
  arrival.row = location.row;
  arrival.bank = {location.even_bank, location.odd_bank};
  if (map_.rotation() == 2) {
    arrival.bursts[0] = static_cast<int>(last / 2 + 1 - (first + 1) / 2);
    arrival.bursts[1] = static_cast<int>((last + 1) / 2 - first / 2);
  } else {
    arrival.bursts[0] = static_cast<int>(last - first + 1);
  }
  const int channel = location.data_bus / config_.pseudo_channels;
  channels_[static_cast<std::size_t>(channel)]->submit(location.data_bus % config_.pseudo_channels, arrival);
  phase = tlm::END_REQ;
  delay = sc_core::SC_ZERO_TIME;
  return tlm::TLM_UPDATED;
}

void Dram::respond(int client, tlm::tlm_generic_payload& payload, Femtoseconds visible) {
  served(access_of(payload)->request);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::sc_time::from_value(static_cast<std::uint64_t>(visible - kernel::now()));
  socket[client]->nb_transport_bw(payload, phase, delay);
  payload.release();
}

void Dram::restart(Femtoseconds t0) {
  TlmMemory::restart(t0);
  for (const auto& channel : channels_) channel->restart(t0);
}

void Dram::finish(Femtoseconds end) {
  for (const auto& channel : channels_) channel->finish(end);
}

std::int64_t Dram::bursts() const {
  std::int64_t sum = 0;
  for (const auto& channel : channels_) sum += channel->bursts();
  return sum;
}

IdealMemory::IdealMemory(sc_core::sc_module_name module, const DramConfig& config, ledger::Ledger& ledger)
    : TlmMemory(module, ledger), socket("socket"), config_(config), lane_(ledger, "dram.0", config.clock.period()) {
  socket.register_nb_transport_fw(this, &IdealMemory::forward);
}

tlm::tlm_sync_enum IdealMemory::forward(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                        sc_core::sc_time& delay) {
  Access& access = begun(payload, phase, config_.clock);
  const Femtoseconds now = kernel::now();
  const Femtoseconds visible = access.clock->next_edge(now);
  began(access.request);
  served(access.request);
  lane_.idle_until(now);
  lane_.busy_until(visible, ledger::Leaf::useful_transfer);
  const auto cause = ledger::Leaf::waiting_operand_dram_latency;
  access.life.push_back({cause, now, visible});
  access.activity = ledger_->record(lane_.id(), access.request.op, cause, now, visible, access.request.release);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  delay = sc_core::sc_time::from_value(static_cast<std::uint64_t>(visible - now));
  return tlm::TLM_COMPLETED;
}

void IdealMemory::restart(Femtoseconds t0) {
  TlmMemory::restart(t0);
  lane_.restart(t0);
}

void IdealMemory::finish(Femtoseconds end) { lane_.finish(end); }

std::unique_ptr<Memory> make_memory(const config::Settings& settings, ledger::Ledger& ledger) {
  const DramConfig config = resolve_dram(settings);
  const std::string& ideal = settings.text("memory.ideal");
  if (ideal == "on") return std::make_unique<IdealMemory>(sc_core::sc_gen_unique_name("memory"), config, ledger);
  if (ideal == "port") {
    const IdealPort::Properties properties{config.granule, config.capacity(), settings.integer("memory.port_bandwidth"),
                                           settings.integer("memory.port_energy")};
    return std::make_unique<IdealPort>(sc_core::sc_gen_unique_name("memory"), properties, ledger);
  }
  return std::make_unique<Dram>(sc_core::sc_gen_unique_name("memory"), config, ledger);
}

}  // namespace cyclescope::memory
