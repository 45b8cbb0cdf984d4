// Slots of weight slices in L3, as the DMA engines know them: a slot is free once every tile that holds a copy of the
// slice has moved it out, and the engines hear of it `signal` clocks later.
#pragma once

#include <functional>
#include <vector>

#include "arch/kpu/tile_context.h"

namespace cyclescope::kpu {

class CreditBoard {
 public:
  explicit CreditBoard(const ChipContext& chip)
      : chip_(chip),
        lane_(chip.ledger, "credits.0", chip.clock.period()),
        left_(chip.program.credit_tiles),
        known_(left_.size()) {}

  /// Called with the instant at which a credit becomes known to the DMA engines.
  void notify(std::function<void(Femtoseconds)> on_credit) { on_credit_ = std::move(on_credit); }

  /// A tile has moved its copy of a slice out of L3 at release.at.
  void moved_out(std::int32_t credit, std::int32_t op, const ledger::Release& release) {
    const auto index = static_cast<std::size_t>(credit);
    if (left_[index] <= 0) throw InternalError("a weight slice was moved out more often than there are copies");
    known_[index] = ledger::latest({known_[index], release});
    if (--left_[index] > 0) return;
    const ledger::Release last = known_[index];
    const Femtoseconds heard = last.at + chip_.clocks(chip_.config.signal_latency);
    const ledger::ActivityId signal =
        chip_.ledger.record(lane_.id(), op, ledger::Leaf::overhead_synchronisation, last.at, heard, last);
    known_[index] = {signal, heard, ledger::Reason::credit};
    on_credit_(heard);
  }

  /// What freed the slot, or null while it is not known to be free at now.
  [[nodiscard]] const ledger::Release* free(std::int32_t credit) const {
    const auto index = static_cast<std::size_t>(credit);
    return left_[index] == 0 && known_[index].at <= kernel::now() ? &known_[index] : nullptr;
  }

  void restart(Femtoseconds t0) {
    left_ = chip_.program.credit_tiles;
    known_.assign(left_.size(), {ledger::kOrigin, t0, ledger::Reason::credit});
    lane_.restart(t0);
  }
  /// Signals are wires of their own: the lane exists to name them on the path and is never busy.
  void finish(Femtoseconds end) { lane_.finish(end); }

 private:
  const ChipContext& chip_;
  ledger::Lane lane_;
  std::vector<std::int32_t> left_;  ///< copies still in L3
  std::vector<ledger::Release> known_;
  std::function<void(Femtoseconds)> on_credit_;
};

}  // namespace cyclescope::kpu
