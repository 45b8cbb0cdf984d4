// Egress FIFOs of the register-accurate array and the collector behind them. The collector grants one row per clock, in
// the order of arrival in column 0 and at the pace of the row's window; the grant ripples one column per clock.
//
// Timing: begin_clock, then leave as often as windows open within the clock, then arrive. A result leaves in a clock
//   after the one in which it arrived; its slot is free again from the clock after it left. With explicit column clocks
//   each column is emptied on its own, one result per clock.
// Errors: arrival without room.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "sim/compute/pe_grid.h"

namespace cyclescope::compute {

class EgressFifos {
 public:
  /// A column gets a result per row of a block, or per step of a fold.
  EgressFifos(int columns, int depth, bool per_step = false)
      : depth_(depth), per_step_(per_step), columns_(static_cast<std::size_t>(columns)) {}

  void open(const EgressWindow& window, std::int64_t clock, Femtoseconds period);
  void begin_clock();
  /// Takes what may leave in `clock`.
  std::vector<ResultTag> leave(std::int64_t clock, Femtoseconds period);
  void arrive(const ResultTag& result, std::int64_t clock);

  [[nodiscard]] bool has_room(int column) const { return at(column).used < depth_; }
  /// What freed the slot that is next to be used.
  [[nodiscard]] ledger::Release room(int column) const { return at(column).room; }
  /// What opened the window of a block.
  [[nodiscard]] const ledger::Release& opened(std::int64_t block) const { return windows_.at(block).release; }

 private:
  struct Waiting {
    ResultTag result;
    std::int64_t arrived = 0;
  };
  struct Column {
    std::deque<Waiting> fifo;
    std::deque<std::int64_t> grants;  ///< clocks from which the next results may leave
    int used = 0;                     ///< slots, including one emptied in this clock
    bool emptied = false;
    ledger::Release leaving;
    ledger::Release room;
  };

  [[nodiscard]] const Column& at(int column) const { return columns_[static_cast<std::size_t>(column)]; }
  void grant(std::int64_t clock);
  [[nodiscard]] bool may_leave(std::size_t column, std::int64_t clock) const;

  int depth_;
  bool per_step_;
  std::vector<Column> columns_;
  std::map<std::int64_t, EgressWindow> windows_;
  std::deque<Waiting> rows_;      ///< rows without a grant, as they arrived in column 0
  std::int64_t taken_until_ = 0;  ///< whoever takes results is done with the row before
};

}  // namespace cyclescope::compute
