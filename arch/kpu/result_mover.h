// Block mover on the way out: results from L2 to the output staging of L3.
//
// Timing: blocks in order; one line per clock after the L2 latency; the result slot of L2 is free again one clock after
// its last line was read, the block is in L3 after its last line was written.
// A block waits while the operator's staging room in L3 is taken by blocks that have not been sent.
// Causes: useful.transfer; waiting.arbitration at L3 banks; waits for staging are cut along the sender's.
// Actions: l2_read, block_mover, l3_write per byte.
#pragma once

#include <deque>
#include <utility>

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

  /// `staging` bytes of L3 are for results on their way out.
  void launch(const Launch& launch, std::vector<std::int64_t> bytes, std::int64_t staging) {
    launch_ = launch;
    bytes_ = std::move(bytes);
    staging_free_ = staging;
    staging_.clear();
    staging_by_ = launch.release;
  }

  /// A block has left L3: its room can be used from release.at on.
  void staging_returned(std::int64_t block, const ledger::Release& release);

 protected:
  void step() override;

 private:
  bool has_room();
  void write(const OutItem& item);

  L3& l3_;
  Drain* drain_ = nullptr;
  kernel::Channel<OutItem>* in_ = nullptr;
  kernel::Channel<OutItem>* out_ = nullptr;
  std::vector<std::int64_t> bytes_;  ///< per block
  std::int64_t staging_free_ = 0;
  std::deque<std::pair<std::int64_t, ledger::Release>> staging_;  ///< bytes on their way back
  ledger::Release staging_by_;                                    ///< what ended the latest wait for room
  bool waits_for_room_ = false;
  bool reading_ = false;
  OutItem item_;
  Femtoseconds first_line_ = 0;  ///< of the block being moved, out of L2
  ledger::ActivityId read_ = ledger::kOrigin;
  Femtoseconds free_at_ = 0;
  ledger::ActivityId last_ = ledger::kOrigin;
};

}  // namespace cyclescope::kpu
