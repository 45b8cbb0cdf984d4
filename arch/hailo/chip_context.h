// What the timed parts of one chip share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/hailo/config.h"
#include "arch/hailo/network.h"
#include "arch/hailo/plan.h"
#include "sim/kernel/module.h"
#include "sim/ledger/lane.h"

namespace cyclescope::hailo {

/// Indices of the priced actions of a chip.
struct Actions {
  std::size_t mac = 0, l2 = 0, l3 = 0, aligner = 0, ring_hop = 0, apu = 0, control = 0, configure = 0;
};

/// Lanes that only name signals and crossings on the path: never busy, because each row has wires of its own.
struct SignalLanes {
  ledger::LaneId credits = 0, portal = 0;
};

struct ChipContext {
  const HailoConfig& config;
  const Network& network;
  const Plan& plan;
  PrecisionUse use;
  ledger::Ledger& ledger;
  Clock clock;
  Actions actions;
  std::size_t ring_traffic = 0;  ///< between clusters, per message
  std::size_t row_traffic = 0;   ///< per row and reader
  SignalLanes lanes;

  [[nodiscard]] Femtoseconds clocks(std::int64_t n) const { return clock.cycles(n); }
};

/// Frames of the run: those that are wanted may grow fewer while it runs, but not below those that were begun.
struct Frames {
  std::int64_t wanted = 1;
  std::int64_t begun = 0;

  /// A row of frame n is about to be read.
  [[nodiscard]] bool may_begin(std::int64_t n) {
    if (n >= wanted) return false;
    begun = std::max(begun, n + 1);
    return true;
  }
  void stop() { wanted = begun; }
};

/// The later of two; of one instant and reason the first.
inline ledger::Release later(const ledger::Release& first, const ledger::Release& second) {
  const bool tie = first.at == second.at && first.reason == second.reason;
  return tie ? first : ledger::latest({first, second});
}

}  // namespace cyclescope::hailo
