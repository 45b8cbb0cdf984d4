// Shape of a banked on-chip SRAM and what its two arbiters (sram_turns.h, sram_arbiter.h) have in common.
//
// Timing: a bank serves one line per clock and port. A burst is consecutive lines on consecutive banks of a group, one
// per clock, and is not interrupted; so it keeps its phase, (bank - clock) mod banks, and two bursts meet on a bank
// exactly when they are under way at the same time in the same phase of the same group and port. What an arbiter
// decides is therefore when a burst starts, nothing else.
// Ports: one port for reads and writes (1RW), or one for each (1R1W).
#pragma once

#include <cstdint>

#include "sim/base/checked.h"
#include "sim/memory/port.h"

namespace cyclescope::memory {

enum class SramPorts : std::uint8_t { rw1, r1w1 };

struct SramGeometry {
  int banks = 1;   ///< of all groups
  int groups = 1;  ///< sets of banks; the user of a burst chooses the group
  std::int64_t line_bytes = 64;
  SramPorts ports = SramPorts::rw1;
  int latency = 1;  ///< clocks from the access of a line to its data

  /// Banks over which the lines of a group are interleaved.
  [[nodiscard]] int group_banks() const { return banks / groups; }
  [[nodiscard]] std::int64_t lines(std::int64_t bytes) const { return ceil_div(bytes, line_bytes); }
  [[nodiscard]] int port_count() const { return ports == SramPorts::r1w1 ? 2 : 1; }
  /// Port that an access in this direction uses.
  [[nodiscard]] int port(Direction direction) const {
    return ports == SramPorts::r1w1 && direction == Direction::write ? 1 : 0;
  }
};

/// Clocks of a burst.
struct SramBurst {
  std::int64_t start = 0;  ///< access of its first line
  std::int64_t end = 0;    ///< its last line has been accessed
  std::int64_t data = 0;   ///< the data of its last line are there (read)
};

}  // namespace cyclescope::memory
