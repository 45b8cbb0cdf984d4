// Slots of deliveries in L3, as the DMA engines know them: a slot is free once every tile that holds a copy of the
// delivery has moved it out, and the engines hear of it `signal` clocks later.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "arch/kpu/tile_context.h"

namespace cyclescope::kpu {

class CreditBoard {
 public:
  explicit CreditBoard(const ChipContext& chip)
      : chip_(chip),
        lane_(chip.ledger, "credits.0", chip.clock.period()),
        left_(chip.program.stream_tiles),
        known_(left_.size()) {}

  /// Called with the token and the instant at which its slot is known to the DMA engines to be free.
  void notify(std::function<void(std::int32_t, Femtoseconds)> on_credit) { on_credit_ = std::move(on_credit); }

  /// A tile has moved its copy of a delivery out of L3 at release.at.
  void moved_out(std::int32_t token, std::int32_t op, const ledger::Release& release) {
    const std::size_t index = at(token);
    if (left_[index] <= 0) throw InternalError("a delivery was moved out more often than there are copies");
    known_[index] = ledger::latest({known_[index], release});
    if (--left_[index] > 0) return;
    const ledger::Release last = known_[index];
    const Femtoseconds heard = last.at + chip_.clocks(chip_.config.signal_latency);
    const ledger::ActivityId signal =
        chip_.ledger.record(lane_.id(), op, ledger::Leaf::overhead_synchronisation, last.at, heard, last);
    known_[index] = {signal, heard, ledger::Reason::credit};
    on_credit_(token, heard);
  }

  /// What freed the slot, or null while it is not known to be free at now.
  [[nodiscard]] const ledger::Release* free(std::int32_t token) const {
    const std::size_t index = at(token);
    return left_[index] == 0 && known_[index].at <= kernel::now() ? &known_[index] : nullptr;
  }

  /// When the slot will be known to be free, kNever while that is not decided.
  [[nodiscard]] Femtoseconds known_at(std::int32_t token) const {
    return left_[at(token)] == 0 ? known_[at(token)].at : kNever;
  }

  void restart(Femtoseconds t0) {
    left_ = chip_.program.stream_tiles;
    known_.assign(left_.size(), {ledger::kOrigin, t0, ledger::Reason::credit});
    lane_.restart(t0);
  }
  /// Signals are wires of their own: the lane exists to name them on the path and is never busy.
  void finish(Femtoseconds end) { lane_.finish(end); }

 private:
  [[nodiscard]] std::size_t at(std::int32_t token) const {
    return static_cast<std::size_t>(token - chip_.program.edge_tokens);
  }

  const ChipContext& chip_;
  ledger::Lane lane_;
  std::vector<std::int32_t> left_;  ///< copies still in L3
  std::vector<ledger::Release> known_;
  std::function<void(std::int32_t, Femtoseconds)> on_credit_;
};

}  // namespace cyclescope::kpu
