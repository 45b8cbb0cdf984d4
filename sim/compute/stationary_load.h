// Loading the operand that stays: at which step each row of the next fold enters the exact stationary array.
//
// Timing: rows enter column 0 one per step, the last row first, as soon as their token is there: from the start of the
//   fold before on (two buffers) or from the end of its stream (one buffer). Column j takes a row j steps after column
//   0. A token that column 0 misses holds up nothing but the next fold; one that another column misses then freezes the
//   array, which only explicit lane clocks can bring about: regular runs are never later in column j.
//   Rows are entered lazily: a caller that changes the offset enters first what came before.
// Errors: as TokenStream.
#pragma once

#include <vector>

#include "sim/compute/token_stream.h"

namespace cyclescope::compute {

/// Rows of one run that entered while the offset was constant and no fold streamed or drained.
struct LoadedRows {
  std::int64_t rows = 0;
  std::int64_t first_step = 0;
  std::int64_t last_step = 0;
  bool on_arrival = false;            ///< the first row entered in the clock in which its token came
  ledger::Release first_release;      ///< what brought the first row
  std::int64_t late_step = kUnknown;  ///< the last row behind the first that came late
  ledger::Release late_release;       ///< what brought it
  const BlockState* block = nullptr;
};

class StationaryLoad {
 public:
  explicit StationaryLoad(std::int64_t depth) : stream_(Side::b, depth, true) {}

  [[nodiscard]] TokenStream& stream() { return stream_; }
  [[nodiscard]] const TokenStream& stream() const { return stream_; }
  /// `fold` (null for none yet) is the next to be loaded, at step `from` or later.
  void next(BlockState* fold, std::int64_t from);

  /// All rows of the next fold have entered.
  [[nodiscard]] bool complete() const { return fold_ != nullptr && row_ == fold_->block.m; }
  /// Step in which the latest row entered.
  [[nodiscard]] std::int64_t last_step() const { return last_; }
  /// The latest row of the fold that waited for its token: its clock, kUnknown for none, and what brought it.
  [[nodiscard]] std::int64_t late_clock() const { return late_clock_; }
  [[nodiscard]] const ledger::Release& late_release() const { return late_release_; }

  /// Step at which the next row enters that something may wait for, if the offset does not change; kUnknown for none.
  [[nodiscard]] std::int64_t next_step(std::int64_t offset) const { return step_of(target(), offset); }
  /// Same for the last row.
  [[nodiscard]] std::int64_t complete_step(std::int64_t offset) const {
    return fold_ == nullptr ? kUnknown : step_of(fold_->block.m - 1, offset);
  }
  /// Enters what enters before step `limit`; appends to `loaded` the rows from step `idle_from` on.
  void enter(std::int64_t limit, std::int64_t offset, std::int64_t idle_from, Femtoseconds period,
             std::vector<LoadedRows>& loaded);
  /// Nothing else enters before this step.
  void frozen_at(std::int64_t step) { ready_ = std::max(ready_, step); }

  /// Tokens of columns behind column 0 that a row needs at steps [step, step + due.size()).
  struct Held {
    std::int64_t step = 0;
    std::vector<std::int64_t> due;
    ledger::Release release;  ///< of the run, at first_clock
    std::int64_t first_clock = 0;
  };
  [[nodiscard]] std::int64_t first_held(std::int64_t from, std::int64_t offset) const;
  /// Calls visit(due clock, release) for every such token at exactly this step.
  template <class Visit>
  void at_step(std::int64_t step, Femtoseconds period, Visit&& visit) const {
    for (const Held& held : held_) {
      const std::int64_t d = step - held.step;
      if (d < 0 || d >= static_cast<std::int64_t>(held.due.size())) continue;
      const std::int64_t due = held.due[static_cast<std::size_t>(d)];
      ledger::Release release = held.release;
      release.at += (due - held.first_clock) * period;
      visit(due, release);
    }
  }
  void forget(std::int64_t next_step);

 private:
  [[nodiscard]] std::int64_t due(const TokenRun& run, std::int64_t row) const;
  [[nodiscard]] std::int64_t target() const;
  [[nodiscard]] std::int64_t step_of(std::int64_t row, std::int64_t offset) const;
  void hold(const TokenRun& run, std::int64_t row, std::int64_t step);

  TokenStream stream_;
  BlockState* fold_ = nullptr;
  std::int64_t row_ = 0;     ///< of fold_, in the order of entry: the next to enter
  std::int64_t loaded_ = 0;  ///< rows of all folds before
  std::int64_t ready_ = 0;   ///< step from which the array takes the next row
  std::int64_t last_ = kNoStep;
  std::int64_t late_clock_ = kUnknown;
  ledger::Release late_release_;
  std::vector<Held> held_;
};

}  // namespace cyclescope::compute
