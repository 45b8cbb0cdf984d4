// Results of the exact array on their way through the egress FIFOs: which step they hold up, and when they leave.
//
// Timing: results queue in the order of arrival at the edge. A result leaves at its turn: not before its window opens, not
//   in the clock of its arrival, and not before the result in front has been taken, which lasts clocks_per_result of
//   that one's window. The result `depth` places behind it may arrive from turn + 1 on.
//   With the regular schedule column j repeats column 0 exactly j steps and clocks later, so only column 0 is tracked;
//   with explicit column clocks every column is.
// Errors: a second window of a block and a mix of regular and explicit windows are InternalErrors.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/compute/block_state.h"

namespace cyclescope::compute {

class ResultStream {
 public:
  ResultStream(const ArrayGeometry& geometry, Femtoseconds period);

  /// Opens the window of `block` at clock `call`.
  void open(const EgressWindow& window, BlockState& block, std::int64_t call);
  /// A block has started: its results are to come.
  void expect(BlockState& block);

  /// The next arrival of some column: its step, whether its slot is known to become free and when, and what frees it.
  struct Arrival {
    std::size_t column = 0;
    std::int64_t step = kUnknown;
    std::int64_t free_from = 0;  ///< kUnknown while a window in front is closed
    ledger::Release release;
    BlockState* block = nullptr;
    int row = 0;
  };
  /// Earliest arrival over the columns; step kUnknown when nothing is to come.
  [[nodiscard]] Arrival next() const;
  /// Its step alone.
  [[nodiscard]] std::int64_t next_step() const {
    std::int64_t step = kUnknown;
    for (const Column& column : columns_) {
      if (!column.to_come.empty()) step = std::min(step, column.to_come.front().step);
    }
    return step;
  }
  /// First arrival that cannot happen at step + offset (of those next in their column).
  [[nodiscard]] std::int64_t first_held(std::int64_t offset) const;
  /// Adds to `visit` every next arrival at exactly this step.
  template <class Visit>
  void at_step(std::int64_t step, Visit&& visit) const {
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      if (!columns_[j].to_come.empty() && columns_[j].to_come.front().step == step) visit(arrival(j));
    }
  }
  /// The next result of this column has arrived at `clock`.
  void arrived(std::size_t column, std::int64_t clock);

 private:
  struct Coming {
    std::int64_t step = 0;
    BlockState* block = nullptr;
    int row = 0;
  };
  struct Waiting {
    BlockState* block = nullptr;
    int row = 0;
    std::int64_t arrived = 0;
    std::int64_t turn = kUnknown;
    ledger::Release release;  ///< when the slot is free again
  };
  struct Column {
    std::deque<Coming> to_come;    ///< sorted by step
    std::deque<Waiting> in_order;  ///< the last `depth` arrivals; the front's slot is the next to be used
    std::size_t resolved = 0;      ///< leading entries of in_order with a known turn
    std::int64_t free_from = 0;    ///< whoever takes results is done with the row before
  };

  [[nodiscard]] Arrival arrival(std::size_t column) const;
  void resolve(std::size_t column);

  std::size_t depth_;
  Femtoseconds period_;
  bool any_ = false;
  bool explicit_ = false;
  std::vector<Column> columns_;  ///< all until the first window tells that column 0 is enough
};

}  // namespace cyclescope::compute
