// Block mover on the way in: L3 to L2.
//
// Timing: one descriptor after the other, in order. A move starts when its data are in L3, its L2 pool has room, the
// engine is free and its descriptor is decoded (`setup` clocks, `queue` descriptors ahead); it takes one line per clock
// and is visible to the streamer l3_latency + 1 clocks after its last line was read.
// Causes: waiting.operand.l3 to others; own waits cut along what ended them; waiting.arbitration at L3 banks.
// Actions: l3_read, block_mover, l2_write per byte.
// Ports: in: launch, tokens, pool credits; out: one channel per operand.
// Not modelled: L2 banks and ports: every engine reads or writes its line per clock whatever the others do.
#pragma once

#include <array>
#include <vector>

#include "arch/kpu/commands.h"
#include "arch/kpu/credit_board.h"
#include "arch/kpu/l3.h"
#include "arch/kpu/token_board.h"
#include "sim/kernel/channel.h"

namespace cyclescope::kpu {

class OperandMover : public Engine {
 public:
  OperandMover(const ChipContext& chip, int tile, L3& l3, TokenBoard& tokens, CreditBoard& credits);

  /// Where loads of an operand go.
  void connect(Operand operand, kernel::Channel<Loaded>& channel) { out_[index(operand)] = &channel; }

  void launch(const Launch& launch, std::vector<Move> moves, std::int64_t pool_a, std::int64_t pool_b,
              std::int64_t pool_residual);

  /// `bytes` of a pool are free again from release.at on.
  void release_pool(Operand operand, std::int64_t bytes, const ledger::Release& release);

 protected:
  void step() override;

 private:
  struct Credit {
    std::int64_t bytes = 0;
    ledger::Release release;
  };
  struct Pool {
    std::int64_t capacity = 0;
    std::int64_t free = 0;
    ledger::Release last;
    std::vector<Credit> returning;
  };

  static std::size_t index(Operand operand) { return static_cast<std::size_t>(operand); }
  void collect(Pool& pool);
  /// `release`: the latest of data, room in the pool and descriptor.
  void perform(const Move& move, Pool& pool, ledger::Release release);

  L3& l3_;
  TokenBoard& tokens_;
  CreditBoard& credits_;
  std::array<kernel::Channel<Loaded>*, 3> out_{};
  std::array<Pool, 3> pools_;
  std::vector<Move> moves_;
  std::size_t next_ = 0;
  std::vector<Femtoseconds> starts_;       ///< of the moves done, for descriptor decoding
  std::vector<ledger::ActivityId> moved_;  ///< and their activities
  Femtoseconds engine_free_ = 0;
  ledger::ActivityId last_ = ledger::kOrigin;
};

}  // namespace cyclescope::kpu
