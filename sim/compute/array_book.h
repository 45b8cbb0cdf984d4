// The exact array's entries in the ledger: time leaves, activities, MAC slots and actions. It is told what happened and
// never asked; without it no clock changes.
//
// Activities: one per block and leaf (structural.fill, useful.mac, structural.drain), chained, and a new one after each
//   freeze, released by what ended the freeze. Successive freezes by later tokens of one run (a pace above one clock
//   per step) are booked together: first their steps, then their waits, and one resumption, all before the next event.
//   When a block starts while older ones are draining, the tail of the older block is kept apart, so that the path from
//   its last result does not run through the younger block.
// Rows of a stationary operand that enter while nothing streams or drains are fill, one clock each; what lies between
//   two of them, or between the last and the start, is a wait that the later one ends. When a row that came late decides
//   a start, its way to the start is an activity of its own beside what the array did meanwhile.
#pragma once

#include <string>
#include <vector>

#include "sim/compute/array_slots.h"
#include "sim/compute/lock_step.h"
#include "sim/ledger/lane.h"

namespace cyclescope::compute {

class ArrayBook {
 public:
  ArrayBook(ledger::Ledger& ledger, const std::string& lane, const ArrayGeometry& geometry, Femtoseconds period,
            const ArrayActions& actions);

  /// From this clock on (kUnknown: not yet) the next block has what it needs: if the array issues nothing then, the drain
  /// keeps it from starting.
  void next_held_from(std::int64_t clock) { held_from_ = clock; }
  void started(const StepEvent& event);
  void loaded(const StepEvent& event);
  void resumed(const StepEvent& event);
  /// The array's activity that reaches up to `clock`.
  ledger::ActivityId activity_until(std::int64_t clock);
  /// The activity at whose end, `event.clock`, the last result of the block could leave.
  ledger::ActivityId last_result(const StepEvent& event);

  /// The array is empty and its time up to `until` went to `leaf`.
  void rest(Femtoseconds until, ledger::Leaf leaf);

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

 private:
  struct Tail {
    ArrayBlock block;
    bool apart = false;       ///< a younger block has started
    std::int64_t clock = 0;   ///< where the part told apart begins
    ledger::Release release;  ///< what came before it
  };

  [[nodiscard]] Femtoseconds time(std::int64_t clock) const { return clock * period_; }
  [[nodiscard]] ledger::Leaf leaf_at(std::int64_t step) const;
  [[nodiscard]] std::int64_t leaf_end(std::int64_t step) const;
  void book_to(std::int64_t clock);
  void open(ledger::Leaf leaf, std::int64_t clock, const ledger::Release& release);
  void resume(std::int64_t clock, const ledger::Release& release);
  void close(std::int64_t clock);
  void settle();
  void end_period();
  void post_slots();

  ledger::Ledger* ledger_;
  ledger::Lane lane_;
  ArrayGeometry geometry_;
  Femtoseconds period_;
  ArrayActions actions_;
  ArraySlots slots_;
  std::vector<Tail> tails_;

  std::int64_t clock_ = 0;     ///< booked up to here while the array was busy
  std::int64_t offset_ = 0;    ///< clock - step at clock_
  std::int64_t fill_end_ = 0;  ///< steps
  std::int64_t issue_end_ = 0;
  std::int64_t drain_end_ = 0;
  std::int64_t held_from_ = kUnknown;   ///< clock, see next_held_from
  std::int64_t held_since_ = kUnknown;  ///< step behind issue_end_ from which the drain held the next block back
  bool busy_ = false;
  std::int64_t closed_at_ = 0;  ///< clock at which the latest activity ended
  ledger::ActivityId activity_ = ledger::kOrigin;
  ledger::Leaf leaf_ = ledger::Leaf::unknown;
  ledger::OperatorIndex op_ = -1;

  std::int64_t held_ = 0;  ///< clocks waited but not booked yet
  ledger::Release held_by_;
};

}  // namespace cyclescope::compute
