#include "sim/compute/array_book.h"

#include <algorithm>

#include "sim/compute/array_rules.h"

namespace cyclescope::compute {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

ArrayBook::ArrayBook(ledger::Ledger& ledger, const std::string& lane, const ArrayGeometry& geometry,
                     Femtoseconds period, const ArrayActions& actions)
    : ledger_(&ledger),
      lane_(ledger, lane, period, static_cast<std::int64_t>(geometry.rows) * geometry.columns * geometry.quarter_macs),
      geometry_(geometry),
      period_(period),
      actions_(actions),
      slots_(geometry) {}

Leaf ArrayBook::leaf_at(std::int64_t step) const {
  if (step >= issue_end_) return step + offset_ < held_from_ ? Leaf::structural_drain : Leaf::structural_issue;
  return step < fill_end_ ? Leaf::structural_fill : Leaf::useful_mac;
}

std::int64_t ArrayBook::leaf_end(std::int64_t step) const {
  if (step >= issue_end_) {
    const bool held = step + offset_ >= held_from_;
    return held || held_from_ == kUnknown ? drain_end_ : std::min(drain_end_, held_from_ - offset_);
  }
  return step < fill_end_ ? std::min(fill_end_, issue_end_) : issue_end_;
}

void ArrayBook::close(std::int64_t clock) {
  if (closed_at_ != kUnknown) return;
  ledger_->close(activity_, time(clock));
  closed_at_ = clock;
}

void ArrayBook::open(Leaf leaf, std::int64_t clock, const Release& release) {
  close(clock);
  closed_at_ = kUnknown;
  leaf_ = leaf;
  activity_ = ledger_->open(lane_.id(), op_, leaf, time(clock), release);
}

void ArrayBook::book_to(std::int64_t clock) {
  while (busy_ && clock_ < clock) {
    const std::int64_t step = clock_ - offset_;
    if (step >= drain_end_) return end_period();
    const Leaf leaf = leaf_at(step);
    if (leaf != leaf_) open(leaf, clock_, {activity_, time(clock_), Reason::issue});
    if (leaf == Leaf::structural_issue) held_since_ = std::min(held_since_, step);
    clock_ = std::min(clock, leaf_end(step) + offset_);
    lane_.busy_until(time(clock_), leaf);
  }
}

void ArrayBook::end_period() {
  close(clock_);
  busy_ = false;
  post_slots();
}

void ArrayBook::settle() {
  if (held_ == 0) return;
  const std::int64_t clock = clock_ + held_;
  held_ = 0;
  offset_ += clock - clock_;
  resume(clock, held_by_);
}

void ArrayBook::resume(std::int64_t clock, const Release& release) {
  close(clock_);
  lane_.wait_until(time(clock), release);
  clock_ = clock;
  open(leaf_at(clock - offset_), clock, release);
  for (Tail& tail : tails_) {
    tail.clock = clock;
    tail.release = release;
  }
}

void ArrayBook::resumed(const StepEvent& event) {
  if (held_ != 0 && !(event.paced && event.release.by == held_by_.by)) settle();
  if (event.paced) {
    book_to(event.step + offset_);
    held_ += event.clock - event.stalled_from;
    held_by_ = event.release;
    return;
  }
  book_to(event.stalled_from);
  if (busy_ && event.step >= drain_end_) end_period();
  if (!busy_) {  // frozen while it loads
    lane_.wait_until(time(event.clock), event.release);
    open(Leaf::structural_fill, event.clock, event.release);
    return close(event.clock);
  }
  offset_ = event.clock - event.step;
  resume(event.clock, event.release);
}

void ArrayBook::loaded(const StepEvent& event) {
  settle();
  book_to(event.clock);
  if (busy_) end_period();
  lane_.idle_until(std::min(time(event.pushed), time(event.clock)));
  lane_.wait_until(time(event.clock), event.release);
  Release release = event.release;
  if (event.by_array) release = {activity_, time(event.clock), Reason::resource};
  op_ = event.block.op;
  open(Leaf::structural_fill, event.clock, release);
  if (event.load_from != kUnknown) {  // first the rows, then the waits, as for paced freezes
    const std::int64_t stalled_from = event.clock + event.rows - (event.load_end - event.load_from);
    lane_.busy_until(time(stalled_from), Leaf::structural_fill);
    close(stalled_from);
    lane_.wait_until(time(event.load_from), event.load_release);
    open(Leaf::structural_fill, event.load_from, event.load_release);
  }
  lane_.busy_until(time(event.load_end), Leaf::structural_fill);
  close(event.load_end);
  ledger_->post_slots(lane_.id(), Leaf::structural_fill,
                      event.rows * geometry_.rows * geometry_.columns * geometry_.quarter_macs);
}

void ArrayBook::started(const StepEvent& event) {
  const ArrayBlock& block = event.block;
  settle();
  book_to(event.clock);
  const bool empty = !busy_ || event.step >= drain_end_;
  const Femtoseconds start = time(event.clock);
  Release release = event.release;
  if (!empty && event.load_from != kUnknown) {
    const ledger::ActivityId load = ledger_->record(lane_.id(), event.block.op, Leaf::structural_fill,
                                                    time(event.load_from), start, event.load_release);
    release = ledger::latest({release, {load, start, Reason::resource}});
  } else if (event.by_array && activity_ != ledger::kOrigin) {
    release = ledger::latest({release, {activity_, start, Reason::resource}});
  }
  if (empty) {
    if (busy_) post_slots();
    lane_.idle_until(std::min(time(event.pushed), start));
    lane_.wait_until(start, release);
    fill_end_ = event.step + block.m + block.n - 2;
    drain_end_ = event.step;
    clock_ = event.clock;
    offset_ = event.clock - event.step;
    busy_ = true;
  }
  for (Tail& tail : tails_) {
    if (!tail.apart) tail = {tail.block, true, event.clock, {activity_, start, Reason::issue}};
  }
  tails_.push_back({block, false, 0, {}});
  issue_end_ = event.step + block.steps;
  drain_end_ = std::max(drain_end_, issue_end_ + tail_steps(geometry_, block));
  op_ = block.op;
  open(leaf_at(event.step), event.clock, release);

  slots_.start(block, event.step, std::min(held_since_, event.step));
  held_since_ = kUnknown;
  held_from_ = event.next_held_from;
  ledger_->count(actions_.mac, block.macs, block.op);
  ledger_->count(actions_.pe_hop, operand_hops(geometry_, block), block.op);
  ledger_->count(actions_.drain_hop, result_hops(geometry_, block), block.op);
}

ledger::ActivityId ArrayBook::activity_until(std::int64_t clock) {
  settle();
  book_to(clock);
  if (closed_at_ < clock && activity_ != ledger::kOrigin) {  // a row on its way through the columns
    activity_ = ledger_->record(lane_.id(), op_, Leaf::structural_fill, time(closed_at_), time(clock),
                                {activity_, time(closed_at_), Reason::issue});
    closed_at_ = clock;
  }
  return activity_;
}

ledger::ActivityId ArrayBook::last_result(const StepEvent& event) {
  const auto tail = std::find_if(tails_.begin(), tails_.end(),
                                 [&](const Tail& candidate) { return candidate.block.id == event.block.id; });
  const Tail found = *tail;
  tails_.erase(tail);
  if (!event.by_array) return event.release.by;
  const ledger::ActivityId current = activity_until(event.clock);
  if (!found.apart) return current;
  if (found.clock == event.clock) return found.release.by;
  return ledger_->record(lane_.id(), found.block.op, Leaf::structural_drain, time(found.clock), time(event.clock),
                         found.release);
}

void ArrayBook::post_slots() {
  const SlotSums sums = slots_.take(drain_end_);
  ledger_->post_slots(lane_.id(), Leaf::useful_mac, sums.useful);
  ledger_->post_slots(lane_.id(), Leaf::structural_padding, sums.padding);
  ledger_->post_slots(lane_.id(), Leaf::structural_fill, sums.fill);
  ledger_->post_slots(lane_.id(), Leaf::structural_drain, sums.drain);
  ledger_->post_slots(lane_.id(), Leaf::structural_issue, sums.issue);
}

void ArrayBook::rest(Femtoseconds until, ledger::Leaf leaf) {
  settle();
  book_to(ceil_div(until, period_));
  if (busy_) end_period();  // the drain ended exactly at `until`
  lane_.busy_until(until, leaf);
}

void ArrayBook::restart(Femtoseconds t0) {
  activity_ = ledger::kOrigin;
  lane_.restart(t0);
}

void ArrayBook::finish(Femtoseconds end) {
  settle();
  book_to(ceil_div(end, period_));
  if (busy_) end_period();  // the drain ended exactly at `end`
  lane_.finish(end);
}

}  // namespace cyclescope::compute
