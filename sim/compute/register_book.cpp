// The ledger side of RegisterArray: every clock is booked when the next one begins.
#include <fmt/format.h>

#include <algorithm>

#include "sim/compute/register_array.h"

namespace cyclescope::compute {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Leaf RegisterArray::leaf_of(bool issues) const {
  if (!issues) return held_by_drain_ ? Leaf::structural_issue : Leaf::structural_drain;
  return filling_ != nullptr ? Leaf::structural_fill : Leaf::useful_mac;
}

void RegisterArray::open_activity(Leaf leaf, std::int64_t clock, const Release& release) {
  ledger_->close(activity_, clock_.cycles(clock));
  const ledger::OperatorIndex op = issuing_ != nullptr ? issuing_->op : -1;
  activity_ = ledger_->open(lane_.id(), op, leaf, clock_.cycles(clock), release);
  leaf_ = leaf;
  active_ = true;
}

void RegisterArray::book_clock() {
  if (!moved_) return;
  const Femtoseconds from = clock_.cycles(now_);
  const bool issued = entered_a_[0].block != nullptr;
  if (!issued && !draining_) {
    if (active_) ledger_->close(activity_, from);
    active_ = false;
    return;
  }
  const Leaf leaf = leaf_of(issued);
  if (!active_ || leaf != leaf_) open_activity(leaf, now_, {activity_, from, Reason::issue});
  lane_.busy_until(clock_.cycles(now_ + 1), leaf);

  const std::int64_t quarter_macs = geometry_.quarter_macs;
  const std::int64_t pes = static_cast<std::int64_t>(geometry_.rows) * geometry_.columns;
  ledger_->post_slots(lane_.id(), Leaf::useful_mac, grid_.executed() * quarter_macs);
  ledger_->post_slots(lane_.id(), leaf == Leaf::useful_mac ? Leaf::structural_padding : leaf,
                      (pes - grid_.executed()) * quarter_macs);
  ledger_->count(actions_.pe_hop, grid_.operand_hops());
  ledger_->count(actions_.drain_hop, grid_.result_hops());
}

void RegisterArray::book_resumption() {
  if (frozen_by_.empty() || now_ == frozen_from_) return;
  Release release = frozen_by_.front().release;
  for (const Obstacle& obstacle : frozen_by_) release = ledger::latest({release, obstacle.release});
  ledger_->close(activity_, clock_.cycles(frozen_from_));
  lane_.wait_until(clock_.cycles(now_), release);
  activity_ = ledger_->open(lane_.id(), issuing_ != nullptr ? issuing_->op : -1, leaf_, clock_.cycles(now_), release);
}

void RegisterArray::book_start(const Block& block, const Release& operands, bool held_back) {
  const Femtoseconds start = clock_.cycles(now_);
  Release release = operands;
  if (held_back) release = ledger::latest({operands, {activity_, start, Reason::resource}});
  if (!draining_) {
    lane_.idle_until(std::min(clock_.cycles(block.pushed), start));
    lane_.wait_until(start, release);
  }
  open_activity(leaf_of(true), now_, release);
  ledger_->count(actions_.mac, block.block.macs, block.block.op);
  // A MAC is 4 quarter-MACs when T = ceil(4K / quarter_macs): what T was rounded up by is not useful.
  const std::int64_t results = static_cast<std::int64_t>(block.block.m) * block.block.n;
  const std::int64_t quarter_macs = geometry_.quarter_macs;
  if (block.block.steps != ceil_div(4 * (block.block.macs / results), quarter_macs)) return;
  const std::int64_t rounding = results * block.block.steps * quarter_macs - 4 * block.block.macs;
  ledger_->post_slots(lane_.id(), Leaf::useful_mac, -rounding);
  ledger_->post_slots(lane_.id(), Leaf::structural_padding, rounding);
}

void RegisterArray::rest(Femtoseconds until, ledger::Leaf leaf) {
  if (!blocks_.empty()) throw InternalError(fmt::format("{}: it rests with blocks on the array", name()));
  if (moved_ && clock_.cycles(now_ + 1) <= until) {
    book_clock();
    if (active_) ledger_->close(activity_, lane_.cursor());
    active_ = false;
    moved_ = false;
  }
  lane_.busy_until(until, leaf);
}

void RegisterArray::restart(Femtoseconds t0) {
  if (!blocks_.empty()) throw InternalError(fmt::format("{}: a frame begins with blocks on the array", name()));
  moved_ = false;
  active_ = false;
  activity_ = ledger::kOrigin;
  lane_.restart(t0);
}

void RegisterArray::finish(Femtoseconds end) {
  if (!blocks_.empty()) throw InternalError(fmt::format("{}: a frame ends with blocks on the array", name()));
  book_clock();
  moved_ = false;
  lane_.finish(end);
}

}  // namespace cyclescope::compute
