#include "arch/hailo/outside.h"

#include <fmt/format.h>

#include <utility>

#include "sim/base/error.h"
#include "sim/memory/dram.h"
#include "sim/memory/ideal_port.h"

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

namespace {

constexpr std::int64_t kHostCapacity = std::int64_t{16} << 30;  ///< of a host beside local DRAM: more than is ever used

}  // namespace

ChipOutside::ChipOutside(const ChipContext& chip, const config::Settings& settings) : dma_(chip.config.dma) {
  const HailoConfig& config = chip.config;
  if (config.local_dram) {
    memory::IdealPort::Properties properties;
    properties.capacity = kHostCapacity;
    properties.bytes_per_second = config.host_bytes_per_second;
    properties.name = "host_memory";
    host_memory_ = std::make_unique<memory::IdealPort>("host_memory", properties, chip.ledger);
    local_memory_ = memory::make_memory(settings, chip.ledger);
  } else {
    host_memory_ = memory::make_memory(settings, chip.ledger);
  }
  link_ = std::make_unique<host::HostLink>("host_link", config.link, *host_memory_, chip.ledger);
  host_dma_ = std::make_unique<host::HostDma>("host_dma", dma_, *link_, chip.clock, chip.ledger);
  if (!config.local_dram) return;
  host::DmaConfig local = dma_;
  local.descriptor_bytes = 0;
  local.outstanding = config.local_outstanding;
  local_dma_ = std::make_unique<host::HostDma>("local_dma", local, *local_memory_, chip.clock, chip.ledger);
}

const memory::Memory& ChipOutside::memory(Place place) const {
  if (place == Place::home) return *link_;
  if (local_memory_ == nullptr) throw InternalError("a chip without local DRAM is asked for it");
  return *local_memory_;
}

void ChipOutside::submit(Place place, int channel, host::Transfer transfer) {
  (place == Place::home ? *host_dma_ : *local_dma_).submit(channel, std::move(transfer));
}

std::int64_t ChipOutside::list_bytes(std::int64_t bytes) const {
  const std::int64_t descriptors = ceil_div(bytes, dma_.page_bytes) + 1;  // it may begin within a page
  return round_up(descriptors, std::int64_t{dma_.descriptors_per_fetch}) * dma_.descriptor_bytes;
}

void ChipOutside::reserve(Place place, std::int64_t bytes) const {
  if (bytes <= memory(place).capacity()) return;
  throw NotModelled(fmt::format("the model does not fit the {} memory: it needs {} B, the capacity is {} B",
                                place == Place::home ? "host's" : "local", bytes, memory(place).capacity()));
}

void ChipOutside::restart(Femtoseconds t0) {
  host_memory_->restart(t0);
  link_->restart(t0);
  host_dma_->restart(t0);
  if (local_memory_ == nullptr) return;
  local_memory_->restart(t0);
  local_dma_->restart(t0);
}

void ChipOutside::finish(Femtoseconds end) {
  host_dma_->finish(end);
  link_->finish(end);
  host_memory_->finish(end);
  if (local_memory_ == nullptr) return;
  local_dma_->finish(end);
  local_memory_->finish(end);
}

IdealOutside::IdealOutside(const ChipContext& chip)
    : kernel::Module("outside"), chip_(chip), lane_(chip.ledger, "outside.0", chip.clock.period()) {}

void IdealOutside::submit(Place, int, host::Transfer transfer) {
  const Femtoseconds now = kernel::now();
  const Femtoseconds done = now + chip_.clocks(1);
  const ledger::ActivityId by =
      chip_.ledger.record(lane_.id(), transfer.op, Leaf::useful_transfer, now, done, transfer.release);
  pending_.push_back({std::move(transfer), {by, done, Reason::data}});
  wake_at(done);
}

void IdealOutside::step() {
  while (!pending_.empty() && pending_.front().done.at <= kernel::now()) {
    const Pending next = std::move(pending_.front());
    pending_.pop_front();
    if (next.transfer.done) next.transfer.done(next.done);
  }
}

void IdealOutside::restart(Femtoseconds t0) { lane_.restart(t0); }

}  // namespace cyclescope::hailo
