// On-chip scratchpad: B banks of one line per clock, interleaved by line. Decides when a transfer may start.
//
// Timing: a transfer of L lines starting on bank b at clock c uses bank (b + i) mod B at clock c + i, so it keeps the
// phase (b - c) mod B for all its life, and two transfers collide iff they overlap in time and have the same phase. A
// transfer that would collide waits, clock by clock, for a free phase; earlier calls go first. With single-port banks
// (1RW) reads and writes share the phases; with 1R1W banks each kind has its own.
// Causes: none posted here. The caller books [asked, start) as waiting.arbitration and may name the blocker.
// Actions: lines_read and lines_written, priced by the caller. Ports: none; a pure class.
// Errors: InternalError for time running backwards, a bank out of range or a transfer without lines.
// Not modelled: bank conflicts within a transfer (strided access), access latency (the caller adds it).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/ledger/ledger.h"

namespace cyclescope::memory {

enum class Access : std::uint8_t { read, write };
enum class BankPorts : std::uint8_t { one_rw, one_r_one_w };

struct Grant {
  std::int64_t start = 0;  ///< clock of the first line
  std::uint64_t ticket = 0;  ///< names this transfer for attach()
  bool waited = false;
  ledger::ActivityId blocker = ledger::kOrigin;  ///< activity of the transfer in the way one clock before `start`
};

class Scratchpad {
 public:
  Scratchpad(int banks, BankPorts ports);

  /// Reserves the banks for `lines` lines from the first possible clock >= now. Calls must not go back in time.
  Grant reserve(std::int64_t now, int first_bank, std::int64_t lines, Access access);

  /// Tells which activity a granted transfer is, so that later grants can name it as their blocker.
  void attach(const Grant& grant, ledger::ActivityId activity);

  [[nodiscard]] int banks() const { return banks_; }
  [[nodiscard]] std::int64_t lines_read() const { return lines_[0]; }
  [[nodiscard]] std::int64_t lines_written() const { return lines_[1]; }
  /// Forgets the counts (a new frame); reservations stay.
  void restart() { lines_[0] = lines_[1] = 0; }

 private:
  struct Transfer {
    std::int64_t from;
    std::int64_t to;
    std::uint64_t ticket;
    ledger::ActivityId activity;
  };

  /// Transfers of one phase that are not over, in order of grant.
  std::vector<Transfer>& phase(int first_bank, std::int64_t clock, Access access);

  int banks_;
  BankPorts ports_;
  std::int64_t now_ = 0;
  std::uint64_t next_ticket_ = 1;
  std::int64_t lines_[2] = {0, 0};
  std::vector<std::vector<Transfer>> phases_;
};

}  // namespace cyclescope::memory
