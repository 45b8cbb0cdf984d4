// One tile's L3: single-port banks, interleaved by line, shared by four clients in fixed turns.
//
// Timing: sim/memory/sram_turns.h with four clients on one port: a burst starts at most three clocks late, whatever the
// others do. A client's buffers are used one after the other: a burst goes on at the bank after its last line.
// Data are there `latency` clocks after the last line was accessed.
// Causes: waiting.arbitration for the clocks until the client's turn.
// Actions: l3_read, l3_write per byte.
// Source: bank count and line of the platform; the turns are assumed.
#pragma once

#include "arch/kpu/tile_context.h"
#include "sim/memory/sram_turns.h"

namespace cyclescope::kpu {

enum class L3Client : std::uint8_t { network_in, mover_in, mover_out, sender };

class L3 {
 public:
  explicit L3(const ChipContext& chip)
      : chip_(chip),
        banks_({chip.config.l3_banks, 1, chip.config.line_bytes, memory::SramPorts::rw1, chip.config.l3_latency},
               {kWrite, kRead, kWrite, kRead}) {}

  /// When a burst runs and what it had to wait for.
  struct Burst {
    Femtoseconds start = 0;
    Femtoseconds end = 0;     ///< the last line has been accessed
    ledger::Release release;  ///< the caller's, or the end of the wait for its turn
  };

  /// A burst of `bytes` from now (a clock edge) on, for the lane of the caller.
  Burst access(L3Client client, std::int64_t bytes, ledger::LaneId lane, std::int32_t op,
               const ledger::Release& release) {
    const auto number = static_cast<std::size_t>(client);
    const memory::SramBurst lines =
        banks_.burst(number, banks_.next_bank(number), banks_.geometry().lines(bytes), chip_.cycle());
    const bool write = client == L3Client::network_in || client == L3Client::mover_out;
    chip_.ledger.count(write ? chip_.actions.l3_write : chip_.actions.l3_read, bytes, op);
    Burst burst{chip_.clocks(lines.start), chip_.clocks(lines.end), release};
    if (burst.start > kernel::now()) {
      const ledger::ActivityId wait =
          chip_.ledger.record(lane, op, ledger::Leaf::waiting_arbitration, kernel::now(), burst.start, release);
      burst.release = {wait, burst.start, ledger::Reason::resource};
    }
    return burst;
  }

 private:
  static constexpr auto kRead = memory::Direction::read;
  static constexpr auto kWrite = memory::Direction::write;

  const ChipContext& chip_;
  memory::SramTurns banks_;
};

}  // namespace cyclescope::kpu
