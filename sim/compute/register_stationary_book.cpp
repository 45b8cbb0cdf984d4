// The ledger side of RegisterStationaryArray: every clock is booked when the next one begins.
#include <fmt/format.h>

#include <algorithm>

#include "sim/compute/register_stationary_array.h"

namespace cyclescope::compute {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

void RegisterStationaryArray::open_activity(Leaf leaf, std::int64_t clock, const Release& release) {
  if (active_) ledger_->close(activity_, clock_.cycles(clock));
  const ledger::OperatorIndex op = issuing_ != nullptr ? issuing_->op : -1;
  activity_ = ledger_->open(lane_.id(), op, leaf, clock_.cycles(clock), release);
  leaf_ = leaf;
  active_ = true;
}

void RegisterStationaryArray::book_clock() {
  if (!moved_) return;
  const Femtoseconds from = clock_.cycles(now_);
  ledger_->count(actions_.pe_hop, grid_.operand_hops());
  ledger_->count(actions_.drain_hop, grid_.sum_hops());
  period_executed_ += grid_.executed();
  const bool issued = entered_west_[0].block != nullptr;
  if (issued || draining_) {
    Leaf leaf = Leaf::structural_drain;
    if (issued) leaf = filling_ != nullptr ? Leaf::structural_fill : Leaf::useful_mac;
    if (!active_ || leaf != leaf_) open_activity(leaf, now_, {activity_, from, Reason::issue});
    lane_.busy_until(clock_.cycles(now_ + 1), leaf);
    period_end_ = step_ + 1;
    return;
  }
  if (row_step_ == step_) {  // book_row has opened the activity
    lane_.busy_until(clock_.cycles(now_ + 1), Leaf::structural_fill);
    ledger_->post_slots(lane_.id(), Leaf::structural_fill,
                        static_cast<std::int64_t>(geometry_.rows) * geometry_.columns * geometry_.quarter_macs);
    return;
  }
  if (active_) ledger_->close(activity_, from);
  active_ = false;
}

void RegisterStationaryArray::book_resumption() {
  if (frozen_by_.empty() || now_ == frozen_from_) return;
  Release release = frozen_by_.front().release;
  for (const Obstacle& obstacle : frozen_by_) release = ledger::latest({release, obstacle.release});
  if (active_) ledger_->close(activity_, clock_.cycles(frozen_from_));
  active_ = false;
  lane_.wait_until(clock_.cycles(now_), release);
  open_activity(leaf_, now_, release);
}

void RegisterStationaryArray::book_row(const Fold& fold, const Release& token) {
  if (entered_west_[0].block != nullptr || draining_) return;  // beside a fold: no time of its own
  const Femtoseconds now = clock_.cycles(now_);
  lane_.idle_until(std::min(clock_.cycles(fold.pushed), now));
  lane_.wait_until(now, token);
  if (active_ && leaf_ == Leaf::structural_fill) return;
  open_activity(Leaf::structural_fill, now_,
                active_ || token.at != now ? Release{activity_, now, Reason::resource} : token);
}

void RegisterStationaryArray::book_start(const Fold& fold, const Release& operands, bool held_back) {
  const Femtoseconds start = clock_.cycles(now_);
  if (!draining_) {
    book_period();
    lane_.idle_until(std::min(clock_.cycles(fold.pushed), start));
    lane_.wait_until(start, operands);
  }
  Release release = operands;
  if (held_back && active_) release = ledger::latest({operands, {activity_, start, Reason::resource}});
  open_activity(filling_ != nullptr ? Leaf::structural_fill : Leaf::useful_mac, now_, release);
  period_.push_back({fold.block, step_});
  ledger_->count(actions_.mac, fold.block.macs, fold.block.op);
}

void RegisterStationaryArray::book_period() {
  if (period_.empty()) return;
  int m = 0;
  int n = 0;
  for (const Started& fold : period_) {
    m = std::max(m, fold.block.m);
    n = std::max(n, fold.block.n);
  }
  std::int64_t executed = 0;
  std::int64_t padding = 0;
  std::int64_t fill = 0;
  std::int64_t drain = 0;
  const std::int64_t begin = period_.front().step;
  for (int i = 0; i < geometry_.rows; ++i) {
    for (int j = 0; j < geometry_.columns; ++j) {
      const int delay = i < m && j < n ? i + j : 0;
      std::size_t latest = 0;
      for (std::int64_t step = begin; step < period_end_; ++step) {
        const std::int64_t local = step - delay;
        while (latest + 1 < period_.size() && period_[latest + 1].step <= local) ++latest;
        const Started& fold = period_[latest];
        if (local < begin) {
          ++fill;
        } else if (local >= fold.step + fold.block.steps) {
          ++drain;
        } else {
          ++(i < fold.block.m && j < fold.block.n ? executed : padding);
        }
      }
    }
  }
  if (executed != period_executed_) {
    throw InternalError(fmt::format("{}: {} products instead of {}", name(), period_executed_, executed));
  }
  const std::int64_t quarter_macs = geometry_.quarter_macs;
  std::int64_t useful = 0;
  for (const Started& fold : period_) useful += 4 * fold.block.macs;
  ledger_->post_slots(lane_.id(), Leaf::useful_mac, useful);
  ledger_->post_slots(lane_.id(), Leaf::structural_padding, (padding + executed) * quarter_macs - useful);
  ledger_->post_slots(lane_.id(), Leaf::structural_fill, fill * quarter_macs);
  ledger_->post_slots(lane_.id(), Leaf::structural_drain, drain * quarter_macs);
  period_.clear();
  period_executed_ = 0;
}

void RegisterStationaryArray::rest(Femtoseconds until, ledger::Leaf leaf) {
  if (!folds_.empty()) throw InternalError(fmt::format("{}: it rests with blocks on the array", name()));
  if (moved_ && clock_.cycles(now_ + 1) <= until) {
    book_clock();
    book_period();
    if (active_) ledger_->close(activity_, lane_.cursor());
    active_ = false;
    moved_ = false;
  }
  lane_.busy_until(until, leaf);
}

void RegisterStationaryArray::restart(Femtoseconds t0) {
  if (!folds_.empty()) throw InternalError(fmt::format("{}: a frame begins with blocks on the array", name()));
  moved_ = false;
  active_ = false;
  activity_ = ledger::kOrigin;
  lane_.restart(t0);
}

void RegisterStationaryArray::finish(Femtoseconds end) {
  if (!folds_.empty()) throw InternalError(fmt::format("{}: a frame ends with blocks on the array", name()));
  book_clock();
  book_period();
  moved_ = false;
  lane_.finish(end);
}

}  // namespace cyclescope::compute
