// The exact weight- or input-stationary array without SystemC or ledger: the algebra of its step axis, as LockStep.
//
// Timing: clock(step) = step + offset as in LockStep, whose replay rules hold. Rows of the stationary operand and results
//   follow closed forms while the offset is constant. Cost: a few operations per run, fold and stall, and one short
//   loop over the rows of a fold; none per step.
// Errors: calls that break the protocol of Array are InternalErrors.
#pragma once

#include <vector>

#include "sim/compute/lock_step.h"
#include "sim/compute/result_trains.h"
#include "sim/compute/stationary_load.h"

namespace cyclescope::compute {

class StationaryStep {
 public:
  StationaryStep(const ArrayGeometry& geometry, Femtoseconds period);

  void push(const ArrayBlock& block, const ledger::Release& release, std::int64_t clock);
  void supply(Side side, const OperandRun& run, std::int64_t clock);
  void open(const EgressWindow& window, std::int64_t clock);

  /// Appends to `events` what happens up to and including `clock`, in order; at equal clocks a start comes last.
  void advance(std::int64_t clock, std::vector<StepEvent>& events);
  /// A clock after the last advance, not later than the next event that needs a listener or starts a fold, as far as is
  /// known; kUnknown when the array can only be woken by a call.
  [[nodiscard]] std::int64_t next_clock() const;
  /// Sums of two folds never meet: the drain holds no fold back.
  [[nodiscard]] static constexpr std::int64_t held_by_drain_from() { return kUnknown; }
  /// True when every fold pushed has left.
  [[nodiscard]] bool empty() const { return blocks_.empty(); }

 private:
  struct Freeze {
    std::int64_t step = kUnknown;   ///< first step that does not go at step + offset
    std::int64_t until = kUnknown;  ///< clock at which it goes; kUnknown while nobody has said
    bool paced = false;
    ledger::Release release;
  };

  [[nodiscard]] BlockState& find(std::int64_t block) { return blocks_[position(blocks_, block)]; }
  [[nodiscard]] const BlockState* newest_started() const { return started_ == 0 ? nullptr : &blocks_[started_ - 1]; }
  /// The step in which the first result of column 0, or the last result of all, is on the south edge.
  [[nodiscard]] std::int64_t first_edge(const BlockState& state) const { return state.start + rows_; }
  [[nodiscard]] std::int64_t last_edge(const BlockState& state) const {
    return state.start + state.block.steps - 1 + rows_ + state.block.n - 1;
  }
  [[nodiscard]] Freeze next_freeze() const;
  /// Clock from which the next fold and the first streamed token are there; kUnknown without them.
  [[nodiscard]] std::int64_t ready_clock() const;
  /// Clock at which the next fold starts if no freeze intervenes; kUnknown until it is loaded and has its token.
  [[nodiscard]] std::int64_t start_clock() const;
  [[nodiscard]] std::int64_t leave_clock(const BlockState& state) const;
  [[nodiscard]] std::int64_t next_happening(std::int64_t frozen_from) const;
  void happen(std::vector<StepEvent>& events, std::int64_t clock, std::int64_t frozen_from);
  void start(std::vector<StepEvent>& events, std::int64_t clock);
  void resume(std::vector<StepEvent>& events, const Freeze& freeze);
  void enter(std::vector<StepEvent>& events, Side side, std::size_t index);
  /// Enters the rows due before step `limit` and tells which did so while no fold streamed or drained.
  void load(std::vector<StepEvent>& events, std::int64_t limit);

  Side streaming_;  ///< side of the GEMM that streams
  ArrayGeometry geometry_;
  int rows_;
  bool two_buffers_;
  Femtoseconds period_;
  BlockQueue blocks_;
  TokenStream west_;
  StationaryLoad north_;
  ResultTrains results_;
  std::size_t started_ = 0;     ///< leading blocks of the queue that have started
  std::int64_t issue_end_ = 0;  ///< the newest started fold has issued all steps
  std::int64_t drain_end_ = 0;  ///< all results of started folds are on the edge
  std::int64_t load_from_ = 0;  ///< step from which the next fold may load
  std::int64_t offset_ = 0;
  std::int64_t next_step_ = 0;    ///< no step before it executes at or after the clock reached
  std::int64_t resumed_at_ = -1;  ///< clock at which the latest freeze ended
  std::int64_t last_block_ = INT64_MIN;
  std::vector<LoadedRows> loaded_;
};

}  // namespace cyclescope::compute
