// The credits of one link, in the order in which they can be used: one per flit of the buffer at its end.
//
// Timing: credits come back in runs, one per clock, as the flits of a packet leave the buffer; runs of a first-in
// first-out buffer follow one another. The n-th credit from now is the n-th to come back, so when a packet of n flits
// has its credits is one look-up.
// Errors: taking credits whose return is not known yet is an InternalError.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/error.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::noc {

class CreditLine {
 public:
  static constexpr std::int64_t kUnknown = INT64_MAX;

  /// A credit that can be used from `clock` on, given back by an activity.
  struct Credit {
    std::int64_t clock = 0;
    ledger::ActivityId by = ledger::kOrigin;
  };

  /// `credits` can be used at once, none is under way.
  void reset(std::int32_t credits) {
    near_[0] = {-credits, credits, ledger::kOrigin};
    first_ = 0;
    count_ = 1;
    more_.clear();
  }

  /// `flits` credits return, the first at `clock`, one per clock, not before those that were given back earlier.
  void give_back(std::int64_t clock, std::int32_t flits, ledger::ActivityId by) {
    const Run run{clock, flits, by};
    if (count_ < kNear) {
      near_[(first_ + count_++) % kNear] = run;
    } else {
      more_.push_back(run);
    }
  }

  /// Clock from which `flits` credits can be used, kUnknown while so many have not been given back.
  [[nodiscard]] std::int64_t clock_of(std::int32_t flits) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
      const Run& run = near_[(first_ + i) % kNear];
      if (flits <= run.left) return run.last_of(flits);
      flits -= run.left;
    }
    for (const Run& run : more_) {
      if (flits <= run.left) return run.last_of(flits);
      flits -= run.left;
    }
    return kUnknown;
  }

  /// Takes `flits` credits; returns the last of them.
  Credit take(std::int32_t flits) {
    for (; count_ > 0; drop_first()) {
      Run& run = near_[first_];
      if (flits <= run.left) {
        const Credit last{run.last_of(flits), run.by};
        run.clock += flits;
        run.left -= flits;
        return last;
      }
      flits -= run.left;
    }
    throw InternalError("a packet took credits that nobody gave back");
  }

 private:
  static constexpr std::uint32_t kNear = 4;

  struct Run {
    std::int64_t clock;  ///< of the first one left
    std::int32_t left;
    ledger::ActivityId by;
    [[nodiscard]] std::int64_t last_of(std::int32_t flits) const { return clock + flits - 1; }
  };

  void drop_first() {
    if (more_.empty()) {
      --count_;
    } else {
      near_[first_] = more_.front();
      more_.erase(more_.begin());
    }
    first_ = (first_ + 1) % kNear;
  }

  // The oldest runs lie in a ring beside the link, what does not fit there behind them.
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  std::array<Run, kNear> near_;
  std::vector<Run> more_;
};

}  // namespace cyclescope::noc
