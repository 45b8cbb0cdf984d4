#include "sim/compute/event_array.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {

template <class Core>
EventArray<Core>::EventArray(const std::string& name, const ArrayGeometry& geometry, const Clock& clock,
                             ledger::Ledger& ledger, const std::string& lane, const ArrayActions& actions,
                             ArrayListener& listener)
    : Array(name),
      clock_(clock),
      core_(geometry, clock.period()),
      book_(ledger, lane, geometry, clock.period(), actions),
      listener_(&listener) {}

template <class Core>
void EventArray<Core>::wake() {
  if (kernel::now() == stepping_at_) {
    called_meanwhile_ = true;
    return;
  }
  wake_at(clock_.edge(kernel::now()));
}

template <class Core>
void EventArray<Core>::push_block(const ArrayBlock& block, const ledger::Release& release) {
  core_.push(block, release, current_clock());
  book_.next_held_from(core_.held_by_drain_from());
  wake();
}

template <class Core>
void EventArray<Core>::supply(Side side, const OperandRun& run) {
  core_.supply(side, run, current_clock());
  book_.next_held_from(core_.held_by_drain_from());
  wake();
}

template <class Core>
void EventArray<Core>::open_egress(const EgressWindow& window) {
  core_.open(window, current_clock());
  wake();
}

template <class Core>
void EventArray<Core>::step() {
  const std::int64_t clock = current_clock();
  stepping_at_ = clock_.cycles(clock);
  do {
    called_meanwhile_ = false;
    events_.clear();
    core_.advance(clock, events_);
    for (const StepEvent& event : events_) tell(event);
  } while (called_meanwhile_);
  stepping_at_ = -1;
  const std::int64_t next = core_.next_clock();
  if (next == kUnknown) return;
  const Femtoseconds t = clock_.cycles(std::max(next, clock + 1));
  if (t != wake_) wake_at(t);
  wake_ = t;
}

template <class Core>
void EventArray<Core>::tell(const StepEvent& event) {
  const bool heard = event.kind == StepEvent::Kind::entered || event.kind == StepEvent::Kind::first_result ||
                     event.kind == StepEvent::Kind::last_result;
  if (heard && clock_.cycles(event.clock) != kernel::now()) {
    throw InternalError(fmt::format("{}: event of clock {} noticed at {} fs", name(), event.clock, kernel::now()));
  }
  switch (event.kind) {
    case StepEvent::Kind::started:
      return book_.started(event);
    case StepEvent::Kind::loaded:
      return book_.loaded(event);
    case StepEvent::Kind::resumed:
      return book_.resumed(event);
    case StepEvent::Kind::entered: {
      const ledger::ActivityId by = event.by_array ? book_.activity_until(event.clock) : event.release.by;
      return listener_->run_entered(event.side, event.block.id, event.first_step, by);
    }
    case StepEvent::Kind::first_result:
      return listener_->first_result(event.block.id, book_.activity_until(event.clock));
    case StepEvent::Kind::last_result:
      return listener_->last_result(event.block.id, book_.last_result(event));
  }
}

template <class Core>
void EventArray<Core>::rest(Femtoseconds until, ledger::Leaf leaf) {
  if (!core_.empty()) throw InternalError(fmt::format("{}: it rests with blocks on the array", name()));
  book_.rest(until, leaf);
}

template <class Core>
void EventArray<Core>::restart(Femtoseconds t0) {
  if (!core_.empty()) throw InternalError(fmt::format("{}: a frame begins with blocks on the array", name()));
  book_.restart(t0);
}

template <class Core>
void EventArray<Core>::finish(Femtoseconds end) {
  if (!core_.empty()) throw InternalError(fmt::format("{}: a frame ends with blocks on the array", name()));
  book_.finish(end);
}

template class EventArray<LockStep>;
template class EventArray<StationaryStep>;

}  // namespace cyclescope::compute
