#include "arch/hailo/loader.h"

#include <algorithm>
#include <utility>

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Loader::Loader(const ChipContext& chip, Outside& outside, Loaded loaded)
    : kernel::Module("config"),
      chip_(chip),
      outside_(outside),
      loaded_(std::move(loaded)),
      lane_(chip.ledger, "config.0", chip.clock.period()) {}

void Loader::load(const Stored& source, std::int64_t bytes, const Release& by) {
  source_ = source;
  source_.row_bytes = kBurst;
  bytes_ = bytes;
  asked_ = written_ = 0;
  came_.clear();
  writing_ = false;
  lane_.idle_until(by.at);
  free_ = room_ = {by.by, by.at, Reason::issue};
  ask();
}

std::int64_t Loader::burst_bytes(std::int64_t burst) const { return std::min(kBurst, bytes_ - burst * kBurst); }

void Loader::ask() {
  while (asked_ * kBurst < bytes_ && asked_ - written_ < kAhead) {
    host::Transfer transfer = source_.transfer(asked_, memory::Direction::read);
    transfer.bytes = burst_bytes(asked_);
    transfer.role = memory::Role::config;
    transfer.release = room_;
    transfer.done = [this, burst = asked_](const Release& done) {
      came_[static_cast<std::size_t>(burst - written_)] = done;
      wake_at(done.at);
    };
    came_.push_back({ledger::kOrigin, kNever, Reason::data});
    ++asked_;
    outside_.submit(source_.place, source_.channel, std::move(transfer));
  }
}

void Loader::step() {
  const Femtoseconds now = kernel::now();
  if (bytes_ == 0 || (writing_ && free_.at > now)) return;  // woken then
  if (writing_) {
    writing_ = false;
    came_.pop_front();
    ++written_;
    room_ = {free_.by, free_.at, Reason::credit};
    if (written_ * kBurst >= bytes_) {
      bytes_ = 0;
      loaded_(free_);
      return;
    }
    ask();
  }
  if (came_.empty() || came_.front().at > now) return;  // woken when it comes
  const Release release = later(came_.front(), free_);
  lane_.wait_until(now, release);
  const std::int64_t bytes = burst_bytes(written_);
  const Femtoseconds end = now + chip_.clocks(ceil_div(bytes, std::int64_t{chip_.config.config_bytes}));
  const ledger::ActivityId write = chip_.ledger.record(lane_.id(), -1, Leaf::overhead_configuration, now, end, release);
  lane_.busy_until(end, Leaf::overhead_configuration);
  chip_.ledger.count(chip_.actions.configure, bytes);
  free_ = {write, end, Reason::issue};
  writing_ = true;
  wake_at(end);
}

void Loader::restart(Femtoseconds t0) { lane_.restart(t0); }

}  // namespace cyclescope::hailo
