// One compute tile with its L3: the engines and how they are bound to each other.
#pragma once

#include <memory>
#include <vector>

#include "arch/kpu/drain.h"
#include "arch/kpu/operand_mover.h"
#include "arch/kpu/result_mover.h"
#include "arch/kpu/sender.h"
#include "arch/kpu/streamer.h"
#include "sim/noc/mesh.h"

namespace cyclescope::kpu {

class Tile : public noc::Sink, public compute::ArrayListener {
 public:
  Tile(const ChipContext& chip, int index, noc::Mesh& mesh, Sequencer& sequencer, CreditBoard& credits,
       const std::vector<Copies>& routes);

  /// An operator's start signal has arrived.
  void launch(const Launch& launch);

  /// Books what the array's time went to while it had no block, up to the end of a handover.
  void rest(const Handover& handover);

  /// A packet has arrived: it is written to L3, then its token counts it.
  void deliver(noc::Site site, const noc::Packet& packet, const ledger::Release& by) override;

  void run_entered(compute::Side side, std::int64_t block, std::int64_t first_step, ledger::ActivityId by) override;
  void first_result(std::int64_t block, ledger::ActivityId by) override;
  void last_result(std::int64_t block, ledger::ActivityId by) override;

  /// A fault for tests: result slots of L2 that never come back.
  void lose_result_slots(int slots) { drain_.lose_slots(slots); }

  void restart(Femtoseconds t0, bool keep_resident);
  void finish(Femtoseconds end);

 private:
  const ChipContext& chip_;
  int index_;
  L3 l3_;
  TokenBoard tokens_;
  ledger::Lane ingress_;
  OperandMover mover_;
  Streamer streamer_a_, streamer_b_;
  Drain drain_;
  ResultMover result_mover_;
  Sender sender_;
  std::unique_ptr<compute::Array> array_;
  kernel::Channel<Loaded> loads_a_, loads_b_, residuals_;
  kernel::Channel<OutItem> results_, staged_;
  std::int64_t next_block_ = 0;  ///< array-wide block number
};

}  // namespace cyclescope::kpu
