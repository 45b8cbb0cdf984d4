// Block mover on the way out: results from L2 to the output staging of L3.
//
// Timing: blocks in order; one line per clock after the L2 latency; the result slot of L2 is free again one clock after
// its last line was read, the block is in L3 after its last line was written.
// Causes: useful.transfer; waiting.arbitration at L3 banks.
// Actions: l2_read, block_mover, l3_write per byte.
#pragma once

#include "arch/kpu/drain.h"
#include "arch/kpu/l3.h"

namespace cyclescope::kpu {

class ResultMover : public Engine {
 public:
  ResultMover(const ChipContext& chip, int tile, L3& l3) : Engine(chip, "mover_out", tile), l3_(l3) {}

  void connect(Drain& drain, kernel::Channel<OutItem>& in, kernel::Channel<OutItem>& out) {
    drain_ = &drain;
    in_ = &in;
    out_ = &out;
  }

  void launch(const Launch& launch, std::vector<std::int64_t> bytes) {
    launch_ = launch;
    bytes_ = std::move(bytes);
  }

 protected:
  void step() override;

 private:
  void write(const OutItem& item);

  L3& l3_;
  Drain* drain_ = nullptr;
  kernel::Channel<OutItem>* in_ = nullptr;
  kernel::Channel<OutItem>* out_ = nullptr;
  std::vector<std::int64_t> bytes_;  ///< per block
  bool reading_ = false;
  OutItem item_;
  Femtoseconds first_line_ = 0;  ///< of the block being moved, out of L2
  ledger::ActivityId read_ = ledger::kOrigin;
  Femtoseconds free_at_ = 0;
  ledger::ActivityId last_ = ledger::kOrigin;
};

}  // namespace cyclescope::kpu
