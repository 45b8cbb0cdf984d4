// The credits of one link, in the order in which they can be used: one per flit of the buffer at its end.
//
// Timing: credits come back in runs, one per clock, as the flits of a packet leave the buffer; runs of a first-in
// first-out buffer follow one another. The n-th credit from now is the n-th to come back, so when a packet of n flits
// has its credits is one look-up.
// Errors: taking credits whose return is not known yet is an InternalError.
#pragma once

#include <cstddef>
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
  void reset(std::int64_t credits) {
    runs_.assign(1, {-credits, credits, ledger::kOrigin});
    first_ = 0;
  }

  /// `flits` credits return, the first at `clock`, one per clock, not before those that were given back earlier.
  void give_back(std::int64_t clock, std::int64_t flits, ledger::ActivityId by) {
    if (first_ >= kCompact) {
      runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    runs_.push_back({clock, flits, by});
  }

  /// Clock from which `flits` credits can be used, kUnknown while so many have not been given back.
  [[nodiscard]] std::int64_t clock_of(std::int64_t flits) const {
    for (std::size_t run = first_; run < runs_.size(); ++run) {
      if (flits <= runs_[run].left) return runs_[run].last_of(flits);
      flits -= runs_[run].left;
    }
    return kUnknown;
  }

  /// Takes `flits` credits; returns the last of them.
  Credit take(std::int64_t flits) {
    for (; first_ < runs_.size(); ++first_) {
      Run& run = runs_[first_];
      if (flits <= run.left) {
        const Credit last{run.last_of(flits), run.by};
        run.clock += flits;
        run.left -= flits;
        return last;
      }
      flits -= run.left;
      run.left = 0;
    }
    throw InternalError("a packet took credits that nobody gave back");
  }

 private:
  static constexpr std::size_t kCompact = 16;

  struct Run {
    std::int64_t clock;  ///< of the first one left
    std::int64_t left;
    ledger::ActivityId by;
    [[nodiscard]] std::int64_t last_of(std::int64_t flits) const { return clock + flits - 1; }
  };

  std::vector<Run> runs_;  ///< runs_[first_...] may have credits left
  std::size_t first_ = 0;
};

}  // namespace cyclescope::noc
