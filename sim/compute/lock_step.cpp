#include "sim/compute/lock_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cyclescope::compute {

LockStep::LockStep(const ArrayGeometry& geometry, Femtoseconds period)
    : interleave_(geometry.interleave_drain),
      rows_(geometry.rows),
      columns_(geometry.columns),
      period_(period),
      a_(Side::a, geometry.ingress_depth),
      b_(Side::b, geometry.ingress_depth),
      results_(geometry, period) {
  if (geometry.dataflow != Dataflow::output_stationary) {
    throw InternalError("an output-stationary array with the dataflow of another");
  }
  if (rows_ <= 0 || columns_ <= 0 || geometry.ingress_depth < 1 || geometry.egress_depth < 2) {
    throw InternalError(fmt::format("array of {} x {} with ingress depth {} and egress depth {}", rows_, columns_,
                                    geometry.ingress_depth, geometry.egress_depth));
  }
}

void LockStep::push(const ArrayBlock& block, const ledger::Release& release, std::int64_t clock) {
  if (block.id <= last_block_ || block.m <= 0 || block.m > rows_ || block.n <= 0 || block.n > columns_ ||
      block.steps <= 0) {
    throw InternalError(fmt::format("block {} of {} x {} x {} steps after block {} on an array of {} x {}", block.id,
                                    block.m, block.n, block.steps, last_block_, rows_, columns_));
  }
  last_block_ = block.id;
  BlockState state;
  state.block = block;
  state.pushed_by = release;
  state.pushed = clock;
  blocks_.push_back(std::move(state));
}

void LockStep::supply(Side side, const OperandRun& run, std::int64_t clock) {
  TokenStream& stream = side == Side::a ? a_ : b_;
  stream.supply(run, find(run.block), clock, period_);
  stream.place(blocks_, next_step_);
}

void LockStep::open(const EgressWindow& window, std::int64_t clock) {
  results_.open(window, find(window.block), clock);
}

const BlockState* LockStep::newest_started() const { return started_ == 0 ? nullptr : &blocks_[started_ - 1]; }

const BlockState* LockStep::next_block() const { return started_ == blocks_.size() ? nullptr : &blocks_[started_]; }

std::int64_t LockStep::first_legal(std::int64_t from) const {
  return first_legal_start(blocks_, started_, blocks_[started_].block, from, interleave_);
}

LockStep::Freeze LockStep::next_freeze() const {
  Freeze freeze;
  freeze.step = results_.first_held(offset_);
  const BlockState* newest = newest_started();
  for (const TokenStream* stream : {&a_, &b_}) {
    stream->for_each_placed(
        [&](const TokenRun& run) { freeze.step = std::min(freeze.step, run.first_held(next_step_, offset_)); });
    if (newest != nullptr) freeze.step = std::min(freeze.step, stream->missing_step(*newest));
  }
  if (freeze.step == kUnknown) return freeze;

  int holders = 0;
  freeze.until = freeze.step + offset_;
  const auto hold = [&](std::int64_t clock, const ledger::Release& release, bool paced) {
    if (clock <= freeze.step + offset_) return;
    freeze.release = holders == 0 ? release : ledger::latest({freeze.release, release});
    freeze.paced = (holders++ == 0 || freeze.paced) && paced;
    freeze.until = std::max(freeze.until, clock);
  };
  results_.at_step(freeze.step,
                   [&](const ResultStream::Arrival& arrival) { hold(arrival.free_from, arrival.release, false); });
  for (const TokenStream* stream : {&a_, &b_}) {
    stream->for_each_placed([&](const TokenRun& run) {
      const std::int64_t d = freeze.step - run.step();
      if (d >= 0 && d < run.length()) hold(run.due_clock(d), run.release(d, period_), d > 0);
    });
    if (newest != nullptr && stream->missing_step(*newest) == freeze.step) freeze.until = kUnknown;
  }
  return freeze;
}

std::int64_t LockStep::ready_clock() const {
  const BlockState* next = next_block();
  if (next == nullptr) return kUnknown;
  const TokenRun* a = a_.first_run(*next);
  const TokenRun* b = b_.first_run(*next);
  return a == nullptr || b == nullptr ? kUnknown : std::max({next->pushed, a->due_clock(0), b->due_clock(0)});
}

std::int64_t LockStep::start_clock() const {
  const std::int64_t ready = ready_clock();
  if (ready == kUnknown) return kUnknown;
  const std::int64_t from = std::max(ready - offset_, next_step_);
  return first_legal(from) + offset_;
}

std::int64_t LockStep::leave_clock(const BlockState& block) const {
  if (block.edge_clock == kUnknown || block.open_lanes != 0) return kUnknown;
  return std::max(block.edge_clock + 1, block.last_turn);
}

void LockStep::start(std::vector<StepEvent>& events, std::int64_t clock) {
  BlockState& state = blocks_[started_];
  const TokenRun& a = *a_.first_run(state);
  const TokenRun& b = *b_.first_run(state);
  const std::int64_t ready = ready_clock();
  const std::int64_t step = clock - offset_;
  StepEvent event;
  event.kind = StepEvent::Kind::started;
  event.clock = clock;
  event.step = step;
  event.block = state.block;
  event.pushed = state.pushed;
  const BlockState* before = newest_started();
  event.by_array = clock > ready || clock == resumed_at_ || (before != nullptr && first_legal(0) == step);
  event.release = ledger::latest({a.release(0, period_), b.release(0, period_), state.pushed_by});
  state.start = step;
  ++started_;
  results_.expect(state);
  a_.place(blocks_, step);
  b_.place(blocks_, step);
  event.next_held_from = held_by_drain_from();
  events.push_back(event);
}

void LockStep::arrive(std::vector<StepEvent>& events) {
  const ResultStream::Arrival arrival = results_.next();
  if (arrival.row == 0 && arrival.column == 0) {
    StepEvent event;
    event.kind = StepEvent::Kind::first_result;
    event.clock = arrival.step + offset_;
    event.step = arrival.step;
    event.block = arrival.block->block;
    arrival.block->result_seen = true;
    events.push_back(event);
  }
  results_.arrived(arrival.column, arrival.step + offset_);
}

void LockStep::resume(std::vector<StepEvent>& events, const Freeze& freeze) {
  StepEvent event;
  event.kind = StepEvent::Kind::resumed;
  event.clock = freeze.until;
  event.step = freeze.step;
  event.stalled_from = freeze.step + offset_;
  event.paced = freeze.paced;
  event.release = freeze.release;
  events.push_back(event);
  offset_ = freeze.until - freeze.step;
  resumed_at_ = freeze.until;
}

}  // namespace cyclescope::compute
