// Vector engine on the drain, and the streamer that writes its results to L2.
//
// Timing: a block's results may leave the egress FIFOs once the first is there, one of two result slots of L2 is free
// and its residual operand (if any) is in L2; a result row of n elements takes ceil(n * passes / lanes) clocks, never
// less than the array needs between two rows. The block is in L2 `depth` + 1 clocks after its last result left the FIFO.
// Where weights stay, folds but the last put sums of 4 B into L2 and those but the first read them, a line of each per
// clock; only the last fold takes a slot and the residual operand. A fold whose rows come round sooner than a sum takes
// to be written and read again waits until all sums of the fold before are there. Vector
// work takes max(lines, ceil(elements / lanes)) + depth clocks per block; a pool takes each input element once, through a line buffer.
// Partial sums of a split reduction are written to L2 at a line per clock too.
// Causes: to others useful.vector (a wait on it is a dependency, or output space).
// Actions: vector_pass per element and pass, l1_write and l1_read per accumulator byte, streamer and l2_write per output
// byte, l2_read per residual byte; streamer and l2_write per byte of sums written, streamer and l2_read per byte read;
// pe_register per MAC of the block.
// Source: kpu-sim vector engine (bias, activation, requantisation in line) with width and depth of the platform.
#pragma once

#include <deque>
#include <vector>

#include "arch/kpu/operand_mover.h"
#include "sim/compute/array.h"
#include "sim/compute/vector_unit.h"

namespace cyclescope::kpu {

class Streamer;
class Sender;

class Drain : public Engine {
 public:
  Drain(const ChipContext& chip, int tile);

  void connect(compute::Array& array, Streamer& streamer, OperandMover& mover, Sender& sender,
               kernel::Channel<Loaded>& residuals, kernel::Channel<OutItem>& out) {
    array_ = &array;
    streamer_ = &streamer;
    mover_ = &mover;
    sender_ = &sender;
    residuals_ = &residuals;
    out_ = &out;
  }

  void launch(const Launch& launch, std::vector<BlockCommand> blocks, std::int64_t first_block);

  void first_result(ledger::ActivityId by);
  void last_result(ledger::ActivityId by);

  /// Vector work: the operands of a block stream in from first_token.at on.
  void feed(const StreamRun& run, const ledger::Release& first_token);

  void lose_slots(int slots) { slots_ -= slots; }

  /// A result slot of L2 is free from release.at on.
  void return_slot(const ledger::Release& release);

 protected:
  void step() override;

 private:
  void collect_slots();
  void open_windows();
  [[nodiscard]] const LoweredOp& op() const { return chip_.program.ops[static_cast<std::size_t>(launch_.op)]; }
  /// Clocks between two rows of results of a block.
  [[nodiscard]] std::int64_t row_clocks(const BlockCommand& block) const;
  /// Whether the next block would read sums of `block` before they can be read, if nothing held it back.
  [[nodiscard]] bool rows_return_early(const BlockCommand& block) const;
  void count(const BlockCommand& block);
  void run_vector();
  void send(const BlockCommand& block, Femtoseconds done, ledger::ActivityId by);

  compute::VectorUnitGeometry unit_;
  compute::Array* array_ = nullptr;
  Streamer* streamer_ = nullptr;
  OperandMover* mover_ = nullptr;
  Sender* sender_ = nullptr;
  kernel::Channel<Loaded>* residuals_ = nullptr;
  kernel::Channel<OutItem>* out_ = nullptr;
  std::vector<BlockCommand> blocks_;
  std::int64_t first_block_ = 0;
  std::size_t next_window_ = 0;
  std::deque<ledger::Release> first_results_;  ///< of blocks whose window is not open yet
  std::deque<ledger::ActivityId> services_;    ///< of blocks whose results are leaving
  std::size_t next_result_ = 0;
  std::int64_t next_output_ = 0;  ///< output block that leaves next
  ledger::Release sums_;          ///< of the latest block that left its sums in L2: they can be read
  int slots_ = 2;
  std::deque<ledger::Release> returning_;
  ledger::Release slot_;
  bool vector_pending_ = false;
  StreamRun vector_run_;
  ledger::Release vector_data_;
  bool vector_running_ = false;
  Femtoseconds vector_end_ = 0;
  ledger::ActivityId vector_activity_ = ledger::kOrigin;
};

}  // namespace cyclescope::kpu
