#include "sim/compute/stationary_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/compute/array_rules.h"

namespace cyclescope::compute {

StationaryStep::StationaryStep(const ArrayGeometry& geometry, Femtoseconds period)
    : streaming_(streaming_side(geometry.dataflow)),
      geometry_(geometry),
      rows_(geometry.rows),
      two_buffers_(geometry.stationary_buffers == 2),
      period_(period),
      west_(Side::a, geometry.ingress_depth),
      north_(geometry.ingress_depth),
      results_(geometry, period) {
  check_stationary(geometry);
}

void StationaryStep::push(const ArrayBlock& block, const ledger::Release& release, std::int64_t clock) {
  check_fold(geometry_, block, last_block_);
  last_block_ = block.id;
  BlockState state;
  state.block = block;
  state.pushed_by = release;
  state.pushed = clock;
  blocks_.push_back(std::move(state));
  if (started_ + 1 == blocks_.size()) north_.next(&blocks_.back(), load_from_);
}

void StationaryStep::supply(Side side, const OperandRun& run, std::int64_t clock) {
  TokenStream& stream = side == streaming_ ? west_ : north_.stream();
  stream.supply(run, find(run.block), clock, period_);
  stream.place(blocks_, next_step_);
}

void StationaryStep::open(const EgressWindow& window, std::int64_t clock) {
  results_.arrive(next_step_, offset_);
  results_.open(window, find(window.block), clock);
}

StationaryStep::Freeze StationaryStep::next_freeze() const {
  Freeze freeze;
  freeze.step = std::min(results_.first_held(offset_), north_.first_held(next_step_, offset_));
  west_.for_each_placed(
      [&](const TokenRun& run) { freeze.step = std::min(freeze.step, run.first_held(next_step_, offset_)); });
  const BlockState* newest = newest_started();
  const std::int64_t missing = newest == nullptr ? kUnknown : west_.missing_step(*newest);
  freeze.step = std::min(freeze.step, missing);
  if (freeze.step == kUnknown) return freeze;

  int holders = 0;
  freeze.until = freeze.step + offset_;
  const auto hold = [&](std::int64_t clock, const ledger::Release& release, bool paced) {
    if (clock <= freeze.step + offset_) return;
    freeze.release = holders == 0 ? release : ledger::latest({freeze.release, release});
    freeze.paced = (holders++ == 0 || freeze.paced) && paced;
    freeze.until = std::max(freeze.until, clock);
  };
  results_.at_step(freeze.step, offset_,
                   [&](std::int64_t clock, const ledger::Release& release) { hold(clock, release, false); });
  north_.at_step(freeze.step, period_,
                 [&](std::int64_t clock, const ledger::Release& release) { hold(clock, release, false); });
  west_.for_each_placed([&](const TokenRun& run) {
    const std::int64_t d = freeze.step - run.step();
    if (d >= 0 && d < run.length()) hold(run.due_clock(d), run.release(d, period_), d > 0);
  });
  if (missing == freeze.step) freeze.until = kUnknown;
  return freeze;
}

std::int64_t StationaryStep::ready_clock() const {
  if (started_ == blocks_.size()) return kUnknown;
  const TokenRun* first = west_.first_run(blocks_[started_]);
  return first == nullptr ? kUnknown : std::max(blocks_[started_].pushed, first->due_clock(0));
}

std::int64_t StationaryStep::start_clock() const {
  const std::int64_t ready = ready_clock();
  if (ready == kUnknown || !north_.complete()) return kUnknown;
  return std::max({ready - offset_, next_step_, issue_end_, north_.last_step() + 1}) + offset_;
}

std::int64_t StationaryStep::leave_clock(const BlockState& state) const {
  if (state.edge_clock == kUnknown || state.open_lanes != 0) return kUnknown;
  return std::max(state.edge_clock + 1, state.last_turn);
}

void StationaryStep::load(std::vector<StepEvent>& events, std::int64_t limit) {
  loaded_.clear();
  north_.enter(limit, offset_, drain_end_, period_, loaded_);
  for (const LoadedRows& rows : loaded_) {
    StepEvent event;
    event.kind = StepEvent::Kind::loaded;
    event.clock = rows.first_step + offset_;
    event.step = rows.first_step;
    event.block = rows.block->block;
    event.pushed = rows.block->pushed;
    event.rows = rows.rows;
    event.load_end = rows.last_step + offset_ + 1;
    event.by_array = !rows.on_arrival;
    event.release = rows.first_release;
    event.load_from = rows.late_step == kUnknown ? kUnknown : rows.late_step + offset_;
    event.load_release = rows.late_release;
    events.push_back(event);
  }
  north_.stream().place(blocks_, next_step_);
}

void StationaryStep::start(std::vector<StepEvent>& events, std::int64_t clock) {
  BlockState& state = blocks_[started_];
  const std::int64_t ready = ready_clock();
  const std::int64_t step = clock - offset_;
  StepEvent event;
  event.kind = StepEvent::Kind::started;
  event.clock = clock;
  event.step = step;
  event.block = state.block;
  event.pushed = state.pushed;
  const std::int64_t loaded = north_.last_step() + 1;
  event.by_array = clock > ready || clock == resumed_at_ || step == loaded || step == issue_end_;
  event.release = ledger::latest({west_.first_run(state)->release(0, period_), state.pushed_by});
  event.load_from = step == loaded ? north_.late_clock() : kUnknown;
  event.load_release = north_.late_release();
  state.start = step;
  ++started_;
  issue_end_ = step + state.block.steps;
  drain_end_ = std::max(drain_end_, last_edge(state) + 1);
  load_from_ = two_buffers_ ? step : issue_end_;
  results_.expect(state, first_edge(state));
  west_.place(blocks_, step);
  north_.next(started_ == blocks_.size() ? nullptr : &blocks_[started_], load_from_);
  events.push_back(event);
}

void StationaryStep::resume(std::vector<StepEvent>& events, const Freeze& freeze) {
  load(events, freeze.step);
  results_.arrive(freeze.step, offset_);
  north_.frozen_at(freeze.step);
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

void StationaryStep::enter(std::vector<StepEvent>& events, Side side, std::size_t index) {
  load(events, next_step_);
  std::vector<EnteringRun>& entering = (side == streaming_ ? west_ : north_.stream()).entering();
  const EnteringRun& run = entering[index];
  StepEvent event;
  event.kind = StepEvent::Kind::entered;
  event.clock = run.clock();
  event.step = next_step_;
  event.block = run.block->block;
  event.side = side;
  event.first_step = run.first_step;
  event.by_array = run.made_room && run.room_clock > run.delivery;
  event.release = run.release;
  events.push_back(event);
  entering.erase(entering.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace cyclescope::compute
