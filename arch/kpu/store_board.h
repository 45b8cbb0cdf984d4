// Which operators' results are in external memory: bytes counted per operator; the DMA engines hear `signal` clocks
// later that all results up to an operator's are there, and may read them back.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "arch/kpu/tile_context.h"

namespace cyclescope::kpu {

class StoreBoard {
 public:
  explicit StoreBoard(const ChipContext& chip)
      : chip_(chip), lane_(chip.ledger, "stores.0", chip.clock.period()), bytes_(chip.program.ops.size(), 0) {}

  /// Called when the results of all operators up to `op` are known to be in external memory from release.at on.
  void notify(std::function<void(std::int32_t op, const ledger::Release&)> on_stored) {
    on_stored_ = std::move(on_stored);
  }

  /// `bytes` of an operator's results are in external memory since release.at.
  void stored(std::int32_t op, std::int64_t bytes, const ledger::Release& release) {
    bytes_[static_cast<std::size_t>(op)] += bytes;
    total_ += bytes;
    last_ = ledger::latest({last_, release});
    bool more = false;
    while (next_ < bytes_.size() && bytes_[next_] == chip_.program.store_expected[next_]) {
      more = more || chip_.program.store_expected[next_] > 0;
      ++next_;
    }
    if (!more) return;
    const Femtoseconds heard = last_.at + chip_.clocks(chip_.config.signal_latency);
    const ledger::ActivityId signal =
        chip_.ledger.record(lane_.id(), op, ledger::Leaf::overhead_synchronisation, last_.at, heard, last_);
    on_stored_(static_cast<std::int32_t>(next_) - 1, {signal, heard, ledger::Reason::data});
  }

  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] const ledger::Release& last() const { return last_; }

  void restart(Femtoseconds t0) {
    bytes_.assign(bytes_.size(), 0);
    total_ = 0;
    next_ = 0;
    last_ = {ledger::kOrigin, t0, ledger::Reason::data};
    lane_.restart(t0);
  }
  /// As credits: the lane names signals on the path and is never busy.
  void finish(Femtoseconds end) { lane_.finish(end); }

 private:
  const ChipContext& chip_;
  ledger::Lane lane_;
  std::vector<std::int64_t> bytes_;  ///< [operator]
  std::size_t next_ = 0;             ///< first operator whose results are not all stored
  std::int64_t total_ = 0;
  ledger::Release last_;
  std::function<void(std::int32_t, const ledger::Release&)> on_stored_;
};

}  // namespace cyclescope::kpu
