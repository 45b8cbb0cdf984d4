// One tile's L3: single-port banks interleaved by line. Every access is a full-rate burst of lines; bursts that would
// meet on a bank wait, clock by clock.
//
// Timing: a burst granted at clock c occupies one bank per clock for `lines` clocks; data are there `latency` later.
// Causes: waiting.arbitration while another client holds the phase.
// Actions: l3_read, l3_write per byte.
#pragma once

#include "arch/kpu/tile_context.h"
#include "sim/memory/scratchpad.h"

namespace cyclescope::kpu {

class L3 {
 public:
  explicit L3(const ChipContext& chip) : chip_(chip), banks_(chip.config.l3_banks, memory::BankPorts::one_rw) {}

  /// When a burst runs and what it had to wait for.
  struct Burst {
    Femtoseconds start = 0;
    Femtoseconds end = 0;            ///< the last line has been accessed
    ledger::Release release;         ///< the caller's, or the end of an arbitration
  };

  /// Reserves `bytes` from now (a clock edge) on, for the lane of the caller.
  Burst access(memory::Access kind, std::int64_t bytes, ledger::LaneId lane, std::int32_t op,
               const ledger::Release& release) {
    const std::int64_t lines = ceil_div(bytes, chip_.config.line_bytes);
    const std::int64_t start = banks_.reserve(chip_.cycle(), next_bank_, lines, kind).start;
    next_bank_ = static_cast<int>((next_bank_ + lines) % chip_.config.l3_banks);
    chip_.ledger.count(kind == memory::Access::read ? chip_.actions.l3_read : chip_.actions.l3_write, bytes);
    Burst burst{chip_.clocks(start), chip_.clocks(start + lines), release};
    if (burst.start > kernel::now()) {
      const ledger::ActivityId wait =
          chip_.ledger.record(lane, op, ledger::Leaf::waiting_arbitration, kernel::now(), burst.start, release);
      burst.release = {wait, burst.start, ledger::Reason::resource};
    }
    return burst;
  }

 private:
  const ChipContext& chip_;
  memory::Scratchpad banks_;
  int next_bank_ = 0;
};

}  // namespace cyclescope::kpu
