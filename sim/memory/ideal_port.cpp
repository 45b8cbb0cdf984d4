#include "sim/memory/ideal_port.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::memory {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

IdealPort::IdealPort(sc_core::sc_module_name module, const Properties& properties, ledger::Ledger& ledger)
    : TlmMemory(module, ledger, properties.name),
      socket("socket"),
      properties_(properties),
      lane_(ledger, properties.name + ".0", 1),
      byte_(ledger.add_action(properties.name, "byte", properties.attojoules_per_byte)),
      server_(*this) {
  if (properties.bytes_per_second <= 0) {
    throw InputError("memory.port_bandwidth = 0: expected a bandwidth when memory.ideal is port");
  }
  socket.register_nb_transport_fw(this, &IdealPort::forward);
}

tlm::tlm_sync_enum IdealPort::forward(int client, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                      sc_core::sc_time& delay) {
  const Access& access = begun(payload, phase, otherwise_);
  began(access.request);
  payload.acquire();
  const Femtoseconds now = kernel::now();
  waiting_.push_back({now, client, access.request.tag, &payload});
  server_.wake_at(now + 1);  // no byte crosses in less than a femtosecond
  phase = tlm::END_REQ;
  delay = sc_core::SC_ZERO_TIME;
  return tlm::TLM_UPDATED;
}

void IdealPort::serve() {
  const Femtoseconds now = kernel::now();
  const auto later = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [now](const Waiting& waiting) { return waiting.issued < now; });
  std::vector<Waiting> due(waiting_.begin(), later);
  waiting_.erase(waiting_.begin(), later);
  std::sort(due.begin(), due.end(), [](const Waiting& a, const Waiting& b) {
    return std::tie(a.issued, a.client, a.tag) < std::tie(b.issued, b.client, b.tag);
  });
  for (const Waiting& waiting : due) move(waiting);
}

Femtoseconds IdealPort::occupy(Femtoseconds earliest, std::int64_t bytes) {
  constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const Int128 rate = properties_.bytes_per_second;
  free_ = std::max(free_, rate * earliest) + Int128{bytes} * kFemtosecondsPerSecond;
  return checked_narrow((free_ + rate - 1) / rate);
}

void IdealPort::move(const Waiting& waiting) {
  Access& access = *access_of(*waiting.payload);
  const Request& request = access.request;
  const Femtoseconds end = occupy(waiting.issued, request.bytes);
  const Femtoseconds visible = access.clock->edge(end);
  lane_.idle_until(waiting.issued);
  lane_.busy_until(end, Leaf::useful_transfer);
  ledger_->count(byte_, request.bytes, request.op);
  Release release = request.release;
  const auto live = [&](Leaf cause, Femtoseconds from, Femtoseconds to) {
    access.life.push_back({cause, from, to});
    access.activity = ledger_->record(lane_.id(), request.op, cause, from, to, release);
    release = {access.activity, to, Reason::data};
  };
  live(Leaf::waiting_operand_dram_bandwidth, waiting.issued, end);
  if (visible > end) live(Leaf::overhead_clock_crossing, end, visible);
  served(request);
  waiting.payload->set_response_status(tlm::TLM_OK_RESPONSE);
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::sc_time::from_value(static_cast<std::uint64_t>(visible - kernel::now()));
  socket[waiting.client]->nb_transport_bw(*waiting.payload, phase, delay);
  waiting.payload->release();
}

void IdealPort::restart(Femtoseconds t0) {
  TlmMemory::restart(t0);
  lane_.restart(t0);
}

void IdealPort::finish(Femtoseconds end) { lane_.finish(end); }

}  // namespace cyclescope::memory
