// SRAM shared in fixed turns: a client's bursts depend on nothing but the client.
//
// Timing: the clients of a port own its phases (sram.h) in turns: with n clients on a port, client number i owns the
// phases p with p mod n = i. Its bursts never meet those of others; a burst starts at the first clock at or after
// `now` and the end of the client's burst before at which the bank of its first line is in a phase of the client: at
// most n - 1 clocks late (an empty one too, though it accesses nothing). No other request matters, hence the order of
// calls within an instant is free.
// Causes: the caller books waiting.arbitration for the clocks until the start.
// Errors: InternalError when the banks of a group are not a multiple of the clients of a port, for an unknown bank.
#pragma once

#include <vector>

#include "sim/memory/sram.h"

namespace cyclescope::memory {

class SramTurns {
 public:
  /// One entry per client: whether it reads or writes (all the same with one port for both).
  SramTurns(const SramGeometry& geometry, const std::vector<Direction>& clients);

  /// A burst of `lines` from `now` (a clock) on whose first line lies in `bank` of its group.
  SramBurst burst(std::size_t client, std::int64_t bank, std::int64_t lines, std::int64_t now);

  /// Bank after the last line of the client's burst before: where a buffer used in a ring goes on.
  [[nodiscard]] std::int64_t next_bank(std::size_t client) const { return clients_[client].next_bank; }

  [[nodiscard]] const SramGeometry& geometry() const { return geometry_; }

 private:
  struct Client {
    std::int64_t turn = 0;
    std::int64_t turns = 1;
    std::int64_t free_at = 0;  ///< clock at which its burst before is over
    std::int64_t next_bank = 0;
  };

  SramGeometry geometry_;
  std::vector<Client> clients_;
};

}  // namespace cyclescope::memory
