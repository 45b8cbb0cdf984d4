// A row buffer between a sender and one reader: rows that have come, and credits for those that may.
//
// Timing: a row is there when the last of its parts has arrived. A row that the reader has released, and that is there,
// frees its place; the sender knows `credit_latency` later.
// Causes: waiting.output_space for the way of a credit (lane credits.0, never busy).
// Traffic: the row's bytes are received when its last part is known to arrive.
// Errors: a credit that is not there, rows that come without one or out of order are InternalErrors.
#pragma once

#include <cstdint>
#include <deque>

#include "arch/hailo/chip_context.h"

namespace cyclescope::hailo {

class Edge {
 public:
  /// `capacity` rows; `reader_op`: whom a credit is waited for. The sender is told with set_sender.
  Edge(const ChipContext& chip, kernel::Module& reader, std::int64_t capacity, ledger::OperatorIndex reader_op);

  /// Rows of `row_bytes` come, in `parts` messages each. The reader keeps what it takes of them.
  void set_sender(kernel::Module& sender, int parts, std::int64_t row_bytes);

  /// Empty; every credit is there from `start` on.
  void restart(const ledger::Release& start);
  /// That many credits are missing from the next restart on: the fault that tests inject.
  void lose_credits(std::int64_t credits) { lost_ = credits; }

  // ---- sender ------------------------------------------------------------------------------------------------------
  /// What freed the next place, or null while none is known to be free.
  [[nodiscard]] const ledger::Release* credit() const {
    return !credits_.empty() && credits_.front().at <= kernel::now() ? &credits_.front() : nullptr;
  }
  /// Takes that place for the next row.
  void take();

  // ---- transport ---------------------------------------------------------------------------------------------------
  /// A part of row `row` arrives at by.at >= now; wakes the reader when it is the row's last.
  void part(std::int64_t row, const ledger::Release& by);

  // ---- reader ------------------------------------------------------------------------------------------------------
  /// What brought row `row`, counted over all frames, or null while it is not there. It must not have been freed.
  [[nodiscard]] const ledger::Release* row(std::int64_t row) const;
  /// Rows below `row` are not needed any more, as of `by` (by.at = now).
  void release_below(std::int64_t row, const ledger::Release& by);
  /// Frees what was released before it came. To be called whenever the reader wakes.
  void collect();
  /// Rows that have come and were freed.
  [[nodiscard]] std::int64_t freed() const { return oldest_; }
  /// What let the last of them go.
  [[nodiscard]] const ledger::Release& last_freed() const { return last_freed_; }

 private:
  struct Row {
    int missing = 0;  ///< parts
    ledger::Release by;
  };

  const ChipContext& chip_;
  kernel::Module& reader_;
  kernel::Module* sender_ = nullptr;
  std::int64_t capacity_;
  ledger::OperatorIndex reader_op_;
  int parts_ = 1;
  std::int64_t row_bytes_ = 0;
  std::int64_t lost_ = 0;
  std::deque<ledger::Release> credits_;
  std::deque<Row> rows_;         ///< from oldest_ on, sent or being sent
  std::int64_t oldest_ = 0;      ///< not freed
  std::int64_t releasable_ = 0;  ///< rows below are not needed
  ledger::Release released_;     ///< what released them
  ledger::Release last_freed_;
};

}  // namespace cyclescope::hailo
