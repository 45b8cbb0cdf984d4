// Shorthand for asking a ledger what it booked.
#pragma once

#include <catch2/catch.hpp>
#include <vector>

#include "sim/ledger/ledger.h"

namespace cyclescope::ledger::test {

constexpr Femtoseconds kPeriod = 10;  ///< of every lane unless a test says otherwise

inline Femtoseconds spent(const Ledger& ledger, LaneId lane, Leaf leaf) {
  return ledger.time(lane)[static_cast<std::size_t>(leaf)];
}

inline std::int64_t slots(const Ledger& ledger, LaneId lane, Leaf leaf) {
  return ledger.slots(lane)[static_cast<std::size_t>(leaf)];
}

inline std::int64_t total(const LeafSums& sums) {
  std::int64_t sum = 0;
  for (const std::int64_t value : sums) sum += value;
  return sum;
}

/// The segments of a walk, newest first.
inline std::vector<PathSegment> path(const Ledger& ledger, const Release& release, Femtoseconds until = 0) {
  std::vector<PathSegment> segments;
  ledger.walk(release, until, [&segments](const PathSegment& segment) { segments.push_back(segment); });
  return segments;
}

/// Compares a walk with the segments written out in the test.
inline void check_path(const std::vector<PathSegment>& found, const std::vector<PathSegment>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("segment " << i);
    CHECK(name(found[i].cause) == std::string(name(expected[i].cause)));
    CHECK(found[i].lane == expected[i].lane);
    CHECK(found[i].op == expected[i].op);
    CHECK(found[i].from == expected[i].from);
    CHECK(found[i].to == expected[i].to);
  }
}

}  // namespace cyclescope::ledger::test
