// Results of the exact stationary array on their way through the egress FIFOs, as ResultStream but without a cost per
// result: a fold brings one result per step and column, so arrivals and turns are kept as trains of constant pace.
//
// Timing: of ResultStream; the results of successive folds do not interleave.
//   Arrivals are taken lazily: a caller that changes the offset takes first what came before. Explicit column clocks
//   make every result a train of its own.
// Errors: as ResultStream.
#pragma once

#include <vector>

#include "sim/compute/block_state.h"

namespace cyclescope::compute {

class ResultTrains {
 public:
  ResultTrains(const ArrayGeometry& geometry, Femtoseconds period);

  /// Opens the window of `block` at clock `call`. Everything before the call has arrived.
  void open(const EgressWindow& window, BlockState& block, std::int64_t call);
  /// A fold has started: result t of column j is to come at step first + t + j.
  void expect(BlockState& block, std::int64_t first);

  /// First arrival that cannot happen at step + offset; kUnknown for none as far as is known.
  [[nodiscard]] std::int64_t first_held(std::int64_t offset) const;
  /// Calls visit(clock from which its slot is free, what frees it) for every arrival at exactly this step, the offset
  /// being constant up to there; the clock is kUnknown while a window in front is closed.
  template <class Visit>
  void at_step(std::int64_t step, std::int64_t offset, Visit&& visit) const {
    for (const Column& column : columns_) {
      if (column.to_come.empty()) continue;
      const std::int64_t ahead = step - column.to_come.front().step;
      if (ahead < 0 || ahead >= horizon(column)) continue;
      const Slot slot = slot_of(column, ahead, offset);
      visit(slot.free_from, slot.release);
    }
  }
  /// The next step at which an arrival decides something: the last of a fold, or any with explicit clocks.
  [[nodiscard]] std::int64_t next_step() const;
  /// Takes what arrives before step `limit`.
  void arrive(std::int64_t limit, std::int64_t offset);

 private:
  struct Coming {  ///< the results of a fold that have not arrived
    BlockState* block = nullptr;
    std::int64_t step = 0;
    std::int64_t row = 0;
  };
  struct Train {                  ///< results row, row + 1, ... that arrived one per clock
    BlockState* block = nullptr;  ///< may be gone once the turn is known
    std::int64_t row = 0;
    std::int64_t count = 0;
    std::int64_t arrived = 0;
    std::int64_t turn = kUnknown;  ///< of the first; the others follow `pace` clocks apart
    std::int64_t pace = 1;
    ledger::Release release;  ///< when the slot of the first is free again
  };
  struct Column {
    std::vector<Coming> to_come;
    std::deque<Train> waiting;  ///< the last `depth` arrivals; the front's slot is the next to be used
    std::int64_t held = 0;      ///< their number
    std::size_t resolved = 0;   ///< leading trains with a known turn
    std::int64_t free_from = 0;
  };
  struct Slot {
    std::int64_t free_from = 0;
    ledger::Release release;
  };

  /// When the slot of a result that left at `turn` is free again.
  [[nodiscard]] ledger::Release freed(const EgressWindow& window, std::int64_t turn) const;
  /// Results of the next fold that the column may look ahead.
  [[nodiscard]] std::int64_t horizon(const Column& column) const;
  /// The train that the next fold's results will form when nothing holds them up.
  [[nodiscard]] Train ahead_of(const Column& column, std::int64_t offset) const;
  [[nodiscard]] Slot slot_of(const Column& column, std::int64_t ahead, std::int64_t offset) const;
  [[nodiscard]] std::int64_t first_held(const Column& column, std::int64_t offset) const;
  void resolve(std::size_t index);
  void resolve(Column& column, std::size_t index, Train& train);

  std::int64_t depth_;
  Femtoseconds period_;
  bool any_ = false;
  bool explicit_ = false;
  std::vector<Column> columns_;  ///< all until the first window tells that column 0 is enough
};

}  // namespace cyclescope::compute
