// Ingress FIFOs of one side of the register-accurate array: a FIFO of tagged tokens per lane, filled from the supplied
// runs one token after the other.
//
// Timing: begin_clock, then deliver as often as runs arrive within the clock, then take. A slot emptied by take is free
//   again from the next clock on; a token may be taken in the clock in which it is delivered.
// Errors: runs out of order, taking from an empty FIFO.
#pragma once

#include <deque>
#include <vector>

#include "sim/compute/pe_grid.h"

namespace cyclescope::compute {

class IngressLanes {
 public:
  /// Side a has a lane per row, side b one per column; a stationary operand has as many tokens as rows.
  IngressLanes(Side side, int lanes, int depth, bool stationary = false)
      : side_(side), depth_(depth), stationary_(stationary), lanes_(static_cast<std::size_t>(lanes)) {}

  struct Entry {  ///< a run whose last token has entered
    std::int64_t block = 0;
    std::int64_t first_step = 0;
    bool delayed = false;  ///< by want of room
    ledger::ActivityId by = ledger::kOrigin;
  };

  void supply(const OperandRun& run, const ArrayBlock& block, std::int64_t clock, Femtoseconds period);
  void begin_clock();
  /// Moves tokens due at `clock` into their FIFOs as far as there is room; returns the runs that are complete with it.
  std::vector<Entry> deliver(std::int64_t clock);

  [[nodiscard]] bool empty(int lane) const { return at(lane).fifo.empty(); }
  [[nodiscard]] const OperandTag& head(int lane) const { return at(lane).fifo.front().tag; }
  /// What brought the head token.
  [[nodiscard]] ledger::Release release(int lane, Femtoseconds period) const;
  OperandTag take(int lane);

 private:
  struct Run {
    OperandRun given;
    const ArrayBlock* block = nullptr;
    std::int64_t begin = 0;  ///< clock of its first token in lane 0, or its first_clock with lane clocks
    std::int64_t call = 0;
    int width = 0;
    int lanes_complete = 0;
    std::int64_t last_due = 0;
  };
  struct Token {
    OperandTag tag;
    std::int64_t due = 0;        ///< its own clock or that of a token before it
    std::int64_t run_clock = 0;  ///< clock to which the run's release belongs
    ledger::Release release;     ///< of the run
  };
  struct Lane {
    std::size_t run = 0;
    std::int64_t k = 0;
    int used = 0;  ///< slots, including those emptied in this clock
    int emptied = 0;
    std::int64_t last_due = 0;
    std::deque<Token> fifo;
  };

  [[nodiscard]] const Lane& at(int lane) const { return lanes_[static_cast<std::size_t>(lane)]; }
  [[nodiscard]] static std::int64_t due(const Run& run, int lane, std::int64_t k);

  Side side_;
  int depth_;
  bool stationary_;
  std::vector<Lane> lanes_;
  std::vector<Run> runs_;
  std::int64_t block_ = INT64_MIN;  ///< supplied latest, with its steps and the steps supplied
  std::int64_t block_steps_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace cyclescope::compute
