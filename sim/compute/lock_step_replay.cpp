// The replay loop of LockStep and its view ahead.
#include <algorithm>
#include <utility>

#include "sim/compute/lock_step.h"

namespace cyclescope::compute {
namespace {

constexpr std::int64_t kNotExecuted = -2;  // the step that a frozen clock executes

}  // namespace

void LockStep::advance(std::int64_t clock, std::vector<StepEvent>& events) {
  for (;;) {
    const Freeze freeze = next_freeze();
    const std::int64_t frozen_from = freeze.step == kUnknown ? kUnknown : freeze.step + offset_;
    const auto reach = [&](std::int64_t c) { next_step_ = std::max(next_step_, std::min(c - offset_, freeze.step)); };
    const std::int64_t arriving = next_arrival(frozen_from);
    const std::int64_t other = next_happening(frozen_from);
    const std::int64_t start_at = start_clock();
    const std::int64_t starting = start_at < frozen_from ? start_at : kUnknown;
    const std::int64_t first = std::min({arriving, other, freeze.until, starting});
    if (first > clock) {
      reach(clock);
      break;
    }
    if (arriving < std::min({other, freeze.until, starting})) {
      reach(arrive_before(events, std::min({other, frozen_from, starting, clock + 1})));
      continue;
    }
    reach(first);
    if (arriving == first || other == first) {
      happen(events, first, frozen_from);
    } else if (freeze.until == first) {
      resume(events, freeze);
    } else {
      start(events, first);
    }
  }
  a_.forget(next_step_);
  b_.forget(next_step_);
  while (!blocks_.empty() && blocks_.front().left) {
    blocks_.pop_front();
    --started_;
  }
}

std::int64_t LockStep::next_arrival(std::int64_t frozen_from) const {
  const std::int64_t step = results_.next_step();
  return step != kUnknown && step + offset_ < frozen_from ? step + offset_ : kUnknown;
}

// An arrival changes nothing but what later arrivals and the leaving of its own block wait for, and a block leaves after
// its last result has come.
std::int64_t LockStep::arrive_before(std::vector<StepEvent>& events, std::int64_t limit) {
  std::int64_t clock = 0;
  std::int64_t step = results_.next_step();
  do {
    clock = step + offset_;
    arrive(events);
    step = results_.next_step();
  } while (step != kUnknown && step + offset_ < limit && results_.first_held(offset_) > step);
  return clock;
}

std::int64_t LockStep::next_happening(std::int64_t frozen_from) const {
  std::int64_t first = kUnknown;
  const auto at_step = [&](std::int64_t step) {
    if (step != kUnknown && step + offset_ < frozen_from) first = std::min(first, step + offset_);
  };
  for (const TokenStream* stream : {&a_, &b_}) {
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
    if (state.edge_clock == kUnknown) {
      at_step(state.last_edge_step());
    } else {
      first = std::min(first, leave_clock(state));
    }
  }
  return first;
}

void LockStep::happen(std::vector<StepEvent>& events, std::int64_t clock, std::int64_t frozen_from) {
  const std::int64_t step = clock < frozen_from ? clock - offset_ : kNotExecuted;
  for (const auto& [side, stream] : {std::pair{Side::a, &a_}, std::pair{Side::b, &b_}}) {
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
    if (!state.left && leave_clock(state) == clock) return leave(events, state);
  }
  if (results_.next_step() == step) return arrive(events);
  for (std::size_t i = 0; i < started_; ++i) {
    BlockState& state = blocks_[i];
    if (state.edge_clock == kUnknown && state.last_edge_step() == step) {
      state.edge_clock = clock;
      return;
    }
  }
  throw InternalError("lock step: nothing happens at the clock announced");
}

void LockStep::enter(std::vector<StepEvent>& events, Side side, std::size_t index) {
  std::vector<EnteringRun>& entering = (side == Side::a ? a_ : b_).entering();
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

void LockStep::leave(std::vector<StepEvent>& events, BlockState& state) {
  StepEvent event;
  event.kind = StepEvent::Kind::last_result;
  event.clock = leave_clock(state);
  event.step = next_step_;
  event.block = state.block;
  event.by_array = event.clock == state.edge_clock + 1;
  event.release = state.window.release;
  state.left = true;
  events.push_back(event);
}

std::int64_t LockStep::clock_of(std::int64_t step) const {
  std::int64_t offset = offset_;
  const BlockState* newest = newest_started();
  for (const TokenStream* stream : {&a_, &b_}) {
    if (newest != nullptr && stream->missing_step(*newest) <= step) return kUnknown;
    stream->for_each_placed([&](const TokenRun& run) {
      if (run.step() <= step) offset = std::max(offset, run.offset_by(step));
    });
  }
  const ResultStream::Arrival arrival = results_.next();
  if (arrival.step <= step) {
    if (arrival.free_from == kUnknown) return kUnknown;
    offset = std::max(offset, arrival.free_from - arrival.step);
  }
  return step + offset;
}

std::int64_t LockStep::next_clock() const {
  std::int64_t next = kUnknown;
  const auto after = [](std::int64_t clock) { return clock == kUnknown ? kUnknown : clock + 1; };
  for (const TokenStream* stream : {&a_, &b_}) {
    for (const EnteringRun& run : stream->entering()) {
      const bool ready = run.room_step == kNoStep || run.made_room;
      next = std::min(next, ready ? run.clock() : std::max(run.delivery, after(clock_of(run.room_step))));
    }
  }
  for (std::size_t i = 0; i < started_; ++i) {
    const BlockState& state = blocks_[i];
    if (state.left) continue;
    if (!state.result_seen) next = std::min(next, clock_of(state.first_edge_step()));
    const bool on_edge = state.edge_clock != kUnknown;
    next = std::min(next, on_edge ? leave_clock(state) : after(clock_of(state.last_edge_step())));
  }
  return std::min(next, earliest_start());
}

std::int64_t LockStep::earliest_start() const {
  const std::int64_t ready = ready_clock();
  if (ready == kUnknown) return kUnknown;
  const std::int64_t step = first_legal(next_step_);
  const std::int64_t earliest = std::max(ready, clock_of(step));
  const Freeze freeze = next_freeze();
  const bool frozen = freeze.step != kUnknown && earliest >= freeze.step + offset_;
  return frozen ? std::max(earliest, freeze.until) : earliest;
}

}  // namespace cyclescope::compute
