// The replay loop of StationaryStep and its view ahead.
#include <algorithm>
#include <utility>

#include "sim/compute/stationary_step.h"

namespace cyclescope::compute {
namespace {

constexpr std::int64_t kNotExecuted = -2;  // the step that a frozen clock executes

}  // namespace

void StationaryStep::advance(std::int64_t clock, std::vector<StepEvent>& events) {
  for (;;) {
    const Freeze freeze = next_freeze();
    const std::int64_t frozen_from = freeze.step == kUnknown ? kUnknown : freeze.step + offset_;
    const auto reach = [&](std::int64_t c) { next_step_ = std::max(next_step_, std::min(c - offset_, freeze.step)); };
    const std::int64_t happening = next_happening(frozen_from);
    const std::int64_t start_at = start_clock();
    const std::int64_t starting = start_at < frozen_from ? start_at : kUnknown;
    const std::int64_t first = std::min({happening, freeze.until, starting});
    if (first > clock) {
      reach(clock);
      break;
    }
    reach(first);
    if (happening == first) {
      happen(events, first, frozen_from);
    } else if (freeze.until == first) {
      resume(events, freeze);
    } else {
      start(events, first);
    }
  }
  west_.forget(next_step_);
  north_.forget(next_step_);
  while (!blocks_.empty() && blocks_.front().left) {
    blocks_.pop_front();
    --started_;
  }
}

std::int64_t StationaryStep::next_happening(std::int64_t frozen_from) const {
  std::int64_t first = kUnknown;
  const auto at_step = [&](std::int64_t step) {
    if (step != kUnknown && step + offset_ < frozen_from) first = std::min(first, step + offset_);
  };
  at_step(results_.next_step());
  at_step(north_.next_step(offset_));
  for (const TokenStream* stream : {&west_, &north_.stream()}) {
    for (const EnteringRun& run : stream->entering()) {
      if (run.room_step == kNoStep || run.made_room) {
        first = std::min(first, run.clock());
      } else {
        at_step(run.room_step);
      }
    }
  }
  for (std::size_t i = 0; i < started_; ++i) {
    const BlockState& state = blocks_[i];
    if (state.left) continue;
    if (!state.result_seen) at_step(first_edge(state));
    if (state.edge_clock == kUnknown) {
      at_step(last_edge(state));
    } else {
      first = std::min(first, leave_clock(state));
    }
  }
  return first;
}

void StationaryStep::happen(std::vector<StepEvent>& events, std::int64_t clock, std::int64_t frozen_from) {
  const std::int64_t step = clock < frozen_from ? clock - offset_ : kNotExecuted;
  if (step != kNotExecuted && north_.next_step(offset_) == step) return load(events, step + 1);
  for (const auto& [side, stream] : {std::pair{Side::a, streaming_ == Side::a ? &west_ : &north_.stream()},
                                     std::pair{Side::b, streaming_ == Side::a ? &north_.stream() : &west_}}) {
    for (std::size_t i = 0; i < stream->entering().size(); ++i) {
      EnteringRun& run = stream->entering()[i];
      if (run.room_step == kNoStep || run.made_room) {
        if (run.clock() == clock) return enter(events, side, i);
      } else if (run.room_step == step) {
        run.made_room = true;
        run.room_clock = clock + 1;
        return;
      }
    }
  }
  for (std::size_t i = 0; i < started_; ++i) {
    BlockState& state = blocks_[i];
    if (state.left || leave_clock(state) != clock) continue;
    StepEvent event;
    event.kind = StepEvent::Kind::last_result;
    event.clock = clock;
    event.step = next_step_;
    event.block = state.block;
    event.by_array = clock == state.edge_clock + 1;
    event.release = state.window.release;
    state.left = true;
    events.push_back(event);
    return;
  }
  if (step == kNotExecuted) throw InternalError("stationary array: a frozen array is said to move");
  if (results_.next_step() == step) return results_.arrive(step + 1, offset_);
  for (std::size_t i = 0; i < started_; ++i) {
    BlockState& state = blocks_[i];
    if (!state.result_seen && first_edge(state) == step) {
      state.result_seen = true;
      StepEvent event;
      event.kind = StepEvent::Kind::first_result;
      event.clock = clock;
      event.step = step;
      event.block = state.block;
      events.push_back(event);
      return;
    }
    if (state.edge_clock == kUnknown && last_edge(state) == step) {
      state.edge_clock = clock;
      return;
    }
  }
  throw InternalError("stationary array: nothing happens at the clock announced");
}

std::int64_t StationaryStep::next_clock() const {
  const Freeze freeze = next_freeze();
  const auto clock_of = [&](std::int64_t step) {  // lower bound
    if (step == kUnknown) return kUnknown;
    if (step < freeze.step) return step + offset_;
    if (freeze.until == kUnknown) return kUnknown;
    std::int64_t offset = std::max(offset_, freeze.until - freeze.step);
    west_.for_each_placed([&](const TokenRun& run) {
      if (run.step() <= step) offset = std::max(offset, run.offset_by(step));
    });
    return step + offset;
  };
  const auto after = [](std::int64_t clock) { return clock == kUnknown ? kUnknown : clock + 1; };
  std::int64_t next = kUnknown;
  for (const TokenStream* stream : {&west_, &north_.stream()}) {
    for (const EnteringRun& run : stream->entering()) {
      const bool ready = run.room_step == kNoStep || run.made_room;
      next = std::min(next, ready ? run.clock() : std::max(run.delivery, after(clock_of(run.room_step))));
    }
  }
  for (std::size_t i = 0; i < started_; ++i) {
    const BlockState& state = blocks_[i];
    if (state.left) continue;
    if (!state.result_seen) next = std::min(next, clock_of(first_edge(state)));
    const bool on_edge = state.edge_clock != kUnknown;
    next = std::min(next, on_edge ? leave_clock(state) : after(clock_of(last_edge(state))));
  }
  if (started_ == blocks_.size()) return next;

  // A row that a run waits for, or that completes the fold; a row may come later than its step when the array freezes,
  // not earlier.
  const auto row_clock = [&](std::int64_t step) {
    if (step == kUnknown || step < freeze.step) return step == kUnknown ? kUnknown : step + offset_;
    return freeze.until == kUnknown ? kUnknown : std::max(step + offset_, freeze.until);
  };
  if (!north_.complete()) {
    if (north_.stream().wanted_token() != kUnknown) next = std::min(next, row_clock(north_.next_step(offset_)));
    const std::int64_t loaded = after(row_clock(north_.complete_step(offset_)));
    return loaded == kUnknown ? next : std::min(next, loaded);
  }
  const std::int64_t ready = ready_clock();
  if (ready == kUnknown) return next;
  const std::int64_t earliest = std::max(ready, clock_of(std::max({next_step_, issue_end_, north_.last_step() + 1})));
  const bool frozen = freeze.step != kUnknown && earliest >= freeze.step + offset_;
  return std::min(next, frozen ? std::max(earliest, freeze.until) : earliest);
}

}  // namespace cyclescope::compute
