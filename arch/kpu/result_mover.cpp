#include "arch/kpu/result_mover.h"

namespace cyclescope::kpu {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

void ResultMover::staging_returned(std::int64_t block, const Release& release) {
  staging_.emplace_back(bytes_[static_cast<std::size_t>(block)], release);
  if (waits_for_room_) wake_at(release.at);
}

/// Whether the next block has room in L3.
bool ResultMover::has_room() {
  const Femtoseconds now = kernel::now();
  while (!staging_.empty() && staging_.front().second.at <= now) {
    staging_free_ += staging_.front().first;
    if (waits_for_room_) staging_by_ = staging_.front().second;
    staging_.pop_front();
  }
  waits_for_room_ = staging_free_ < bytes_[static_cast<std::size_t>(in_->front().block)];
  if (!waits_for_room_) return true;
  if (!staging_.empty()) wake_at(staging_.front().second.at);
  return false;
}

void ResultMover::step() {
  while (true) {
    const Femtoseconds now = kernel::now();
    if (reading_) {
      if (now < first_line_) return;
      reading_ = false;
      write(item_);
    }
    if (!in_->ready()) return;
    if (free_at_ > now) {
      wake_at(free_at_);
      return;
    }
    if (!has_room()) return;  // woken when the sender returns some
    item_ = in_->pop();
    Release release = ledger::latest({item_.release, staging_by_});
    staging_free_ -= bytes_[static_cast<std::size_t>(item_.block)];
    if (last_ != ledger::kOrigin) release = ledger::latest({release, {last_, free_at_, Reason::resource}});
    wait_until(now, release);
    first_line_ = now + chip_.clocks(chip_.config.l2_latency);
    read_ = chip_.ledger.record(lane_.id(), item_.op, Leaf::useful_transfer, now, first_line_, release);
    lane_.busy_until(first_line_, Leaf::useful_transfer);
    reading_ = true;
    wake_at(first_line_);
  }
}

void ResultMover::write(const OutItem& item) {
  const std::int64_t bytes = bytes_[static_cast<std::size_t>(item.block)];
  const L3::Burst burst =
      l3_.access(L3Client::mover_out, bytes, lane_.id(), item.op, {read_, first_line_, Reason::data});
  const Femtoseconds written = burst.end + chip_.clocks(1);
  last_ = chip_.ledger.record(lane_.id(), item.op, Leaf::useful_transfer, burst.start, written, burst.release);
  lane_.busy_until(burst.start, Leaf::waiting_arbitration);
  lane_.busy_until(burst.end, Leaf::useful_transfer);
  free_at_ = burst.end;
  chip_.ledger.count(chip_.actions.l2_read, bytes, item.op);
  chip_.ledger.count(chip_.actions.block_mover, bytes, item.op);
  chip_.ledger.received(chip_.traffic.results, bytes);
  drain_->return_slot({last_, written, Reason::credit});
  out_->push_at({item.block, item.op, {last_, written, Reason::data}}, written);
}

}  // namespace cyclescope::kpu
