#include "sim/memory/tlm_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::memory {

TlmMemory::TlmMemory(const sc_core::sc_module_name& module, ledger::Ledger& ledger, const std::string& traffic)
    : sc_module(module),
      ledger_(&ledger),
      read_traffic_(ledger.add_traffic(traffic + ".read")),
      write_traffic_(ledger.add_traffic(traffic + ".write")) {}

Port& TlmMemory::connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) {
  ports_.push_back(std::make_unique<TlmPort>(
      sc_core::sc_gen_unique_name("memory_port"), client, name, clock, max_outstanding,
      [this](std::int64_t bytes) { ledger_->received(read_traffic_, bytes); },
      [this](Access& access, Femtoseconds visible) { explain(access, visible); }));
  bind(*ports_.back());
  return *ports_.back();
}

void TlmMemory::restart(Femtoseconds) { bytes_read_ = bytes_written_ = 0; }

void TlmMemory::explain(Access&, Femtoseconds) {
  throw InternalError("memory reply does not cover its request's life");
}

Access& TlmMemory::begun(tlm::tlm_generic_payload& payload, const tlm::tlm_phase& phase, const Clock& otherwise) {
  if (phase != tlm::BEGIN_REQ) throw InternalError("memory is sent a phase that is not BEGIN_REQ");
  if (Access* access = access_of(payload)) return *access;
  auto* made = new Access;  // the payload's memory manager deletes it
  made->request.direction = payload.is_read() ? Direction::read : Direction::write;
  made->request.address = payload.get_address();
  made->request.bytes = payload.get_data_length();
  made->request.release.at = kernel::now();
  made->clock = &otherwise;
  made->issued = kernel::now();
  payload.set_auto_extension(made);
  return *made;
}

void TlmMemory::began(const Request& request) {
  const auto granule_bytes = static_cast<std::uint64_t>(granule());
  const std::uint64_t end = request.address + request.bytes;
  const bool fits = request.bytes > 0 && end <= static_cast<std::uint64_t>(capacity());
  if (!fits || request.address / granule_bytes != (end - 1) / granule_bytes) {
    throw InternalError(
        fmt::format("memory request of {} bytes at address {}: within one granule of {} bytes and "
                    "{} bytes of capacity expected",
                    request.bytes, request.address, granule(), capacity()));
  }
  if (request.direction == Direction::read) {
    bytes_read_ += request.bytes;
  } else {
    bytes_written_ += request.bytes;
    ledger_->sent(write_traffic_, request.bytes);
  }
}

void TlmMemory::served(const Request& request) {
  if (request.direction == Direction::read) {
    ledger_->sent(read_traffic_, request.bytes);
  } else {
    ledger_->received(write_traffic_, request.bytes);
  }
}

AttachedMemory::AttachedMemory(sc_core::sc_module_name module, ledger::Ledger& ledger, tlm::tlm_target_socket<>& target,
                               const Properties& properties)
    : TlmMemory(module, ledger), target_(target), properties_(properties), lane_(ledger, "dram.0", 1) {}

void AttachedMemory::restart(Femtoseconds t0) {
  TlmMemory::restart(t0);
  lane_.restart(t0);
}

void AttachedMemory::finish(Femtoseconds end) { lane_.finish(end); }

void AttachedMemory::explain(Access& access, Femtoseconds visible) {
  began(access.request);
  served(access.request);
  lane_.idle_until(access.issued);
  lane_.busy_until(visible, ledger::Leaf::useful_transfer);
  ledger::Release release = access.request.release;
  for (const LifeInterval& interval : access.life) {
    access.activity =
        ledger_->record(lane_.id(), access.request.op, interval.cause, interval.from, interval.to, release);
    release = {access.activity, interval.to, ledger::Reason::data};
  }
}

}  // namespace cyclescope::memory
