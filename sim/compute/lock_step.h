// The exact array without SystemC or ledger: the algebra of its step axis.
//
// Timing: every freeze is global, so clock(step) = step + offset, and the offset never shrinks. "Step v not before
//   clock a" is offset(v) >= a - v. advance() replays, in the order of clocks, what has happened up to the current
//   clock; nothing after it is decided, because blocks, runs and windows to come may change it. What was supplied at a
//   clock is never needed before that clock, so replaying late gives the same result as replaying every clock.
//   Cost: a few operations per run, per row of a block and per stall; none per step.
// Errors: calls that break the protocol of Array are InternalErrors.
#pragma once

#include <vector>

#include "sim/compute/result_stream.h"
#include "sim/compute/token_stream.h"

namespace cyclescope::compute {

/// Something that happened at `clock`, while step `step` was due or executed.
struct StepEvent {
  enum class Kind : std::uint8_t { entered, first_result, last_result, resumed, started, loaded };
  Kind kind = Kind::started;
  std::int64_t clock = 0;
  std::int64_t step = 0;
  ArrayBlock block;                        ///< all but resumed
  Side side = Side::a;                     ///< entered
  std::int64_t first_step = 0;             ///< entered: of the run
  std::int64_t stalled_from = 0;           ///< resumed: first frozen clock
  bool paced = false;                      ///< resumed: only later tokens of runs were missing, no first one
  std::int64_t pushed = 0;                 ///< started: clock of the push
  std::int64_t next_held_from = kUnknown;  ///< started: held_by_drain_from() behind it
  bool by_array = false;                   ///< all but first_result, resumed: the array itself was (one of) the last
  ledger::Release release;                 ///< what others did last; started: the latest of operands and push
  // Stationary arrays only. loaded: `rows` rows of one run entered in clocks [clock, load_end) while nothing streamed or
  // drained, the first of them by `release`.
  std::int64_t rows = 0;
  std::int64_t load_end = 0;
  /// loaded: clock of the last row behind the first that came late; started: of the last row of the fold that came late,
  /// if its load decided the start; kUnknown for none.
  std::int64_t load_from = kUnknown;
  ledger::Release load_release;  ///< what brought it
};

class LockStep {
 public:
  LockStep(const ArrayGeometry& geometry, Femtoseconds period);

  void push(const ArrayBlock& block, const ledger::Release& release, std::int64_t clock);
  void supply(Side side, const OperandRun& run, std::int64_t clock);
  void open(const EgressWindow& window, std::int64_t clock);

  /// Appends to `events` what happens up to and including `clock`, in order; at equal clocks a start comes last.
  void advance(std::int64_t clock, std::vector<StepEvent>& events);
  /// A clock after the last advance, not later than the next event that needs a listener or starts a block, as far as
  /// is known; kUnknown when the array can only be woken by a call.
  [[nodiscard]] std::int64_t next_clock() const;
  /// Clock from which the next block and the operands of PE(0,0) are there; kUnknown without them.
  [[nodiscard]] std::int64_t ready_clock() const;
  /// The same, as far as it is the drain that may keep the next block from starting after that.
  [[nodiscard]] std::int64_t held_by_drain_from() const { return ready_clock(); }
  /// True when every block pushed has left.
  [[nodiscard]] bool empty() const { return blocks_.empty(); }

 private:
  struct Freeze {
    std::int64_t step = kUnknown;   ///< first step that does not go at step + offset
    std::int64_t until = kUnknown;  ///< clock at which it goes; kUnknown while nobody has said
    bool paced = false;
    ledger::Release release;
  };

  [[nodiscard]] BlockState& find(std::int64_t block) { return blocks_[position(blocks_, block)]; }
  [[nodiscard]] Freeze next_freeze() const;
  [[nodiscard]] std::int64_t first_legal(std::int64_t from) const;
  [[nodiscard]] const BlockState* newest_started() const;
  [[nodiscard]] const BlockState* next_block() const;
  /// Lower bound of the clock of the next start.
  [[nodiscard]] std::int64_t earliest_start() const;
  /// Clock at which the next block starts if no freeze intervenes; kUnknown without block or operands.
  [[nodiscard]] std::int64_t start_clock() const;
  /// Lower bound of the clock of a step from what is known; kUnknown when it waits for a call.
  [[nodiscard]] std::int64_t clock_of(std::int64_t step) const;
  /// Clock at which the last result of a block leaves; kUnknown while it is not on the edge or a window is closed.
  [[nodiscard]] std::int64_t leave_clock(const BlockState& block) const;

  void start(std::vector<StepEvent>& events, std::int64_t clock);
  void arrive(std::vector<StepEvent>& events);
  void resume(std::vector<StepEvent>& events, const Freeze& freeze);
  void leave(std::vector<StepEvent>& events, BlockState& state);
  void enter(std::vector<StepEvent>& events, Side side, std::size_t index);
  /// Does one of the things due at `clock` other than a start or a resumption.
  void happen(std::vector<StepEvent>& events, std::int64_t clock, std::int64_t frozen_from);
  /// Clock of the next arrival at the edge, if the array does not freeze at `frozen_from` before it.
  [[nodiscard]] std::int64_t next_arrival(std::int64_t frozen_from) const;
  /// The next arrival and those after it that come before clock `limit` and are not held; returns the clock of the last.
  std::int64_t arrive_before(std::vector<StepEvent>& events, std::int64_t limit);
  /// Clock of the first such thing but an arrival before the array freezes at `frozen_from`.
  [[nodiscard]] std::int64_t next_happening(std::int64_t frozen_from) const;

  bool interleave_;
  int rows_;
  int columns_;
  Femtoseconds period_;
  BlockQueue blocks_;
  TokenStream a_;
  TokenStream b_;
  ResultStream results_;
  std::size_t started_ = 0;  ///< leading blocks of the queue that have started
  std::int64_t offset_ = 0;
  std::int64_t next_step_ = 0;    ///< no step before it executes at or after the clock reached
  std::int64_t resumed_at_ = -1;  ///< clock at which the latest freeze ended
  std::int64_t last_block_ = INT64_MIN;
};

}  // namespace cyclescope::compute
