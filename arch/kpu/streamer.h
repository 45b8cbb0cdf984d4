// Streamer of one side: L2 to the ingress FIFOs of the array (or to the vector engine).
//
// Timing: runs go in order; a run starts when its operand is in L2 and the run before it has entered the FIFOs. Its
// first token is at the edge l2_latency clocks later, the others follow at `lines` clocks per `steps` tokens; lane i is
// skewed by i clocks. The set-up of a descriptor is hidden behind the run before it, but for the first of an operator.
// Causes: waiting.operand.l2 to others; own waits cut along what ended them (a full FIFO: waiting.output_space).
// Actions: l2_read, streamer, l1_write and l1_read (by the array) per byte.
#pragma once

#include <deque>
#include <vector>

#include "arch/kpu/commands.h"
#include "arch/kpu/operand_mover.h"
#include "sim/compute/array.h"

namespace cyclescope::kpu {

class Drain;

class Streamer : public Engine {
 public:
  Streamer(const ChipContext& chip, int tile, compute::Side side);

  void connect(compute::Array& array, Drain& drain, OperandMover& mover, kernel::Channel<Loaded>& in) {
    array_ = &array;
    drain_ = &drain;
    mover_ = &mover;
    in_ = &in;
  }

  /// Starts an operator whose first block has the array-wide number `first_block`.
  void launch(const Launch& launch, std::vector<StreamRun> runs, std::int64_t first_block);

  /// The run that begins at `first_step` of array block `block` has entered the FIFOs at now. Runs of fewer lanes may
  /// overtake (ideal operands only).
  void run_entered(std::int64_t block, std::int64_t first_step, ledger::ActivityId by);
  /// The oldest run has entered at now.
  void entered(ledger::ActivityId by);

 protected:
  void step() override;

 private:
  /// A run whose tokens are entering the FIFOs.
  struct Entering {
    std::size_t run = 0;
    Femtoseconds start = 0;
    ledger::ActivityId activity = ledger::kOrigin;
  };

  /// One run at a time. When operands are ideal nothing holds the array's runs back: so many are under way that the last
  /// lane's FIFO is full before the next ones are needed.
  [[nodiscard]] bool may_start() const {
    return entering_.empty() || (chip_.config.ideal_operands && !vector_work() && entering_steps_ < ahead_);
  }
  [[nodiscard]] bool vector_work() const {
    return chip_.program.ops[static_cast<std::size_t>(launch_.op)].kind == OpKind::vector;
  }
  void start(const StreamRun& run);

  compute::Side side_;
  compute::Array* array_ = nullptr;
  Drain* drain_ = nullptr;
  OperandMover* mover_ = nullptr;
  kernel::Channel<Loaded>* in_ = nullptr;
  std::vector<StreamRun> runs_;
  std::size_t next_ = 0;
  std::deque<Entering> entering_;
  std::int64_t entering_steps_ = 0;  ///< of these
  std::int64_t ahead_ = 0;           ///< ideal operands: steps from which no further run starts
  std::int64_t first_block_ = 0;
  std::vector<ledger::Release> loads_;  ///< of this operator, in order
  ledger::Release previous_;            ///< the run before has entered
};

}  // namespace cyclescope::kpu
