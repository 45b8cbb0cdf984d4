// One tile's L3: single-port banks, interleaved by line, shared by four clients in fixed turns.
//
// Timing: a burst of lines uses one bank per clock, so at any clock a burst has a phase (bank - clock) mod banks that it
// keeps. Every client owns each fourth phase, so bursts of different clients never meet on a bank, whatever their order;
// a burst starts at the first clock, after the client's burst before it, at which the bank of its first line is in one of
// its client's phases: at most three clocks late.
// Data are there `latency` clocks after the last line was accessed.
// Causes: waiting.arbitration for the clocks until the client's turn.
// Actions: l3_read, l3_write per byte.
// Source: bank count and line of the platform; the turns are assumed.
#pragma once

#include <algorithm>
#include <array>

#include "arch/kpu/tile_context.h"

namespace cyclescope::kpu {

enum class L3Client : std::uint8_t { network_in, mover_in, mover_out, sender };

class L3 {
 public:
  static constexpr int kClients = 4;

  explicit L3(const ChipContext& chip) : chip_(chip) {}

  /// When a burst runs and what it had to wait for.
  struct Burst {
    Femtoseconds start = 0;
    Femtoseconds end = 0;     ///< the last line has been accessed
    ledger::Release release;  ///< the caller's, or the end of the wait for its turn
  };

  /// A burst of `bytes` from now (a clock edge) on, for the lane of the caller.
  Burst access(L3Client client, std::int64_t bytes, ledger::LaneId lane, std::int32_t op,
               const ledger::Release& release) {
    const std::int64_t banks = chip_.config.l3_banks;
    const std::int64_t lines = ceil_div(bytes, chip_.config.line_bytes);
    const auto phase = static_cast<std::int64_t>(client);
    Turn& turn = turns_[static_cast<std::size_t>(client)];
    const std::int64_t now = chip_.cycle();
    const std::int64_t ready = std::max(now, turn.free_at);
    const std::int64_t late = ready - now + ((turn.bank - ready - phase) % kClients + kClients) % kClients;
    turn.free_at = now + late + lines;
    turn.bank = (turn.bank + lines) % banks;
    const bool write = client == L3Client::network_in || client == L3Client::mover_out;
    chip_.ledger.count(write ? chip_.actions.l3_write : chip_.actions.l3_read, bytes);
    Burst burst{chip_.clocks(now + late), chip_.clocks(turn.free_at), release};
    if (late > 0) {
      const ledger::ActivityId wait =
          chip_.ledger.record(lane, op, ledger::Leaf::waiting_arbitration, kernel::now(), burst.start, release);
      burst.release = {wait, burst.start, ledger::Reason::resource};
    }
    return burst;
  }

 private:
  struct Turn {
    std::int64_t free_at = 0;  ///< clock at which the last burst is over
    std::int64_t bank = 0;     ///< of the next line: buffers are used one after the other
  };

  const ChipContext& chip_;
  std::array<Turn, kClients> turns_;
};

}  // namespace cyclescope::kpu
