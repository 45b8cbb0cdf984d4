// Operand tokens of one side of the exact array: which step they hold up, and when a run has entered the ingress FIFOs.
//
// Timing: the token of reduction step k for lane i is used at step S + k + i and not before the clock of its delivery.
//   For regular runs lane 0 decides: lane i asks for the same offset (clock - step) i steps later, and offsets never
//   shrink. With explicit lane clocks every lane counts. The last token q of a run has entered when it is delivered and
//   token q - depth of its lane, counted over runs and blocks, was used one clock earlier at the latest.
//   Of a stationary operand row k of lane i is used i steps after lane 0 took it; StationaryLoad says when that is, and
//   which steps such tokens hold up.
// Errors: runs out of order are InternalErrors.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "sim/compute/block_state.h"

namespace cyclescope::compute {

/// One supplied run. Its tokens hold up steps [step, step + length()).
struct TokenRun {
  OperandRun run;  ///< first_clock not before the call or the run before
  const BlockState* block = nullptr;
  std::vector<std::int64_t> due;  ///< explicit clocks only: latest delivery of the tokens used at step `step + d`; of a
                                  ///< stationary run instead the delivery of row k of lane i at [k * lanes + i]

  [[nodiscard]] bool placed() const { return block->started(); }
  [[nodiscard]] std::int64_t step() const { return block->start + run.first_step; }
  [[nodiscard]] std::int64_t length() const { return due.empty() ? run.steps : static_cast<std::int64_t>(due.size()); }
  /// Clock before which step step() + d may not happen.
  [[nodiscard]] std::int64_t due_clock(std::int64_t d) const {
    return due.empty() ? run.first_clock + d * run.clocks_num / run.clocks_den : due[static_cast<std::size_t>(d)];
  }
  /// First step >= from that cannot happen at step + offset; kUnknown when there is none.
  [[nodiscard]] std::int64_t first_held(std::int64_t from, std::int64_t offset) const;
  /// The largest offset that the tokens up to step `step` ask for.
  [[nodiscard]] std::int64_t offset_by(std::int64_t step) const;
  /// What ends a wait for step step() + d.
  [[nodiscard]] ledger::Release release(std::int64_t d, Femtoseconds period) const;
};

constexpr std::int64_t kNoStep = -1;

/// A run on its way into the ingress FIFOs.
struct EnteringRun {
  const BlockState* block = nullptr;
  std::int64_t first_step = 0;
  std::int64_t last_step = 0;        ///< of the block: the run's last token
  std::int64_t token = 0;            ///< that token, counted over lane 0 of all blocks
  std::int64_t delivery = 0;         ///< clock at which its last token is delivered, over all lanes
  std::int64_t room_step = kNoStep;  ///< step that frees the slot of the last token; kNoStep when none has to
  bool made_room = false;            ///< that step has happened
  std::int64_t room_clock = 0;
  ledger::Release release;  ///< delivery of the last token

  [[nodiscard]] std::int64_t clock() const { return made_room ? std::max(delivery, room_clock) : delivery; }
};

class TokenStream {
 public:
  /// Side a has a lane per row, side b one per column.
  TokenStream(Side side, std::int64_t depth, bool stationary = false)
      : side_(side), depth_(depth), stationary_(stationary) {}

  /// Adds a run of `block` at clock `call`. `blocks` are all blocks in flight.
  void supply(const OperandRun& run, const BlockState& block, std::int64_t call, Femtoseconds period);
  /// Decides, as far as started blocks allow, which step makes room for the last token of each run.
  void place(const BlockQueue& blocks, std::int64_t next_step);
  /// Forgets runs that neither hold up step `next_step` or later nor wait for their entry.
  void forget(std::int64_t next_step);

  /// The run with the operands of PE(0,0) of a block that has not started; null when not supplied.
  [[nodiscard]] const TokenRun* first_run(const BlockState& block) const;
  /// First step of a started block whose tokens have not been supplied; kUnknown when there is none.
  [[nodiscard]] std::int64_t missing_step(const BlockState& newest_started) const;
  /// Calls visit(run) for the runs of started blocks.
  template <class Visit>
  void for_each_placed(Visit&& visit) const {
    for (const TokenRun& run : runs_) {
      if (!run.placed()) return;
      visit(run);
    }
  }
  /// Runs whose last token has not entered yet, as far as it is known which step makes room for it.
  [[nodiscard]] std::vector<EnteringRun>& entering() { return entering_; }
  [[nodiscard]] const std::vector<EnteringRun>& entering() const { return entering_; }

  [[nodiscard]] std::deque<TokenRun>& runs() { return runs_; }
  [[nodiscard]] const std::deque<TokenRun>& runs() const { return runs_; }
  /// Lane 0's token whose slot the oldest run that is not placed needs, counted from the first supplied; kUnknown: none.
  [[nodiscard]] std::int64_t wanted_token() const {
    return unplaced_.empty() ? kUnknown : unplaced_.front().token - depth_;
  }
  [[nodiscard]] int lanes(const ArrayBlock& block) const { return side_ == Side::a ? block.m : block.n; }

 private:
  /// Tokens per lane of a block.
  [[nodiscard]] std::int64_t tokens(const ArrayBlock& block) const { return stationary_ ? block.m : block.steps; }
  /// Step in which lane 0 uses a token of a block; kUnknown when that is open.
  [[nodiscard]] std::int64_t use_step(const BlockState& state, std::int64_t token) const;
  std::int64_t expand(TokenRun& run, std::int64_t call);
  [[nodiscard]] std::int64_t room_step(const BlockQueue& blocks, std::size_t index, int low, int high,
                                       std::int64_t last, std::int64_t back) const;

  Side side_;
  std::int64_t depth_;
  bool stationary_;
  std::int64_t supplied_ = 0;         ///< tokens of lane 0
  std::deque<TokenRun> runs_;         ///< may hold up steps to come
  std::deque<EnteringRun> unplaced_;  ///< entering, but behind tokens of blocks that have not started
  std::vector<EnteringRun> entering_;
  std::int64_t last_block_ = INT64_MIN;
  std::int64_t to_come_ = 0;              ///< steps of last_block_ not supplied yet
  std::int64_t last_clock_ = 0;           ///< delivery of lane 0's latest token
  std::vector<std::int64_t> lane_clock_;  ///< explicit clocks only: latest delivery per lane
  bool any_ = false;
  bool explicit_ = false;
};

}  // namespace cyclescope::compute
