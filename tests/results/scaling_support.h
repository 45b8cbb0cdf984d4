// Hand-made results with array lanes.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/results/result.h"

namespace cyclescope::results::testing {

constexpr Femtoseconds kPeriod = 1000;

/// An array lane whose time is in one leaf and whose slots are given.
inline LaneResult array(std::int64_t cycles, const std::map<ledger::Leaf, std::int64_t>& slots) {
  LaneResult lane;
  lane.name = "array.0";
  lane.time[static_cast<std::size_t>(ledger::Leaf::useful_mac)] = cycles * kPeriod;
  for (const auto& [leaf, count] : slots) lane.slots[static_cast<std::size_t>(leaf)] = count;
  return lane;
}

/// A result of these lanes at a clock of 1 ps.
inline RunResult machine(std::int64_t cycles, std::int64_t batch, std::int64_t macs, std::vector<LaneResult> lanes) {
  RunResult result;
  result.platform = "test";
  result.model = "hand";
  result.batch = batch;
  result.clock_period = kPeriod;
  result.clock_hz = 1'000'000'000'000;
  result.cycles = cycles;
  result.makespan = cycles * kPeriod;
  result.macs = result.macs_executed = macs;
  result.lanes = std::move(lanes);
  return result;
}

}  // namespace cyclescope::results::testing
