// Random chains of activities: whatever is walked or waited for, the pieces abut, sum and carry the right cause.
#include <algorithm>
#include <random>

#include "tests/ledger/support.h"

namespace cyclescope::ledger {
namespace {

using test::path;
using test::spent;
using test::total;

/// What the test remembers of an activity; ids run from 1.
struct Known {
  Femtoseconds start = 0;
  Femtoseconds end = 0;
  Leaf cause = Leaf::unknown;
  Release release;
};

/// A random tree of activities whose gaps are all shorter than their lane's period, and the ledger that holds it.
class RandomChains {
 public:
  explicit RandomChains(std::uint64_t seed) : random_(seed) {
    for (int lane = 0; lane < 5; ++lane) ledger.add_lane("lane." + std::to_string(lane), 1 + below(20));
    known.push_back({});  // the origin
    ids.push_back(kOrigin);
    while (known.size() < 60) {
      // Mostly from the newest few, so that paths get long.
      const std::int64_t newest = static_cast<std::int64_t>(known.size()) - 1;
      const auto by = static_cast<std::size_t>(std::max<std::int64_t>(0, newest - below(4)));
      const Known& parent = known[by];
      const auto lane = static_cast<LaneId>(below(5));
      Known activity;
      activity.release = {ids[by], parent.start + below(parent.end - parent.start + 1), static_cast<Reason>(below(4))};
      activity.start = activity.release.at + below(ledger.lane_period(lane));
      activity.end = activity.start + below(30);
      activity.cause = static_cast<Leaf>(below(static_cast<std::int64_t>(kLeafCount) - 1));  // never unknown
      const auto op = static_cast<OperatorIndex>(known.size());
      ids.push_back(ledger.record(lane, op, activity.cause, activity.start, activity.end, activity.release));
      REQUIRE(ids.back() == activity_id(lane, static_cast<ActivityNumber>(known.size())));
      known.push_back(activity);
    }
  }

  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }

  /// A random instant within a random activity.
  Release any_release() {
    const auto by = static_cast<std::size_t>(1 + below(static_cast<std::int64_t>(known.size()) - 1));
    return {ids[by], known[by].start + below(known[by].end - known[by].start + 1), static_cast<Reason>(below(4))};
  }

  /// What the path from `release` was doing in the femtosecond that begins at t, from first principles.
  [[nodiscard]] Leaf cause_at(Release release, Femtoseconds t) const {
    for (;;) {
      const Known& activity = known[number_of(release.by)];
      if (t >= activity.start) return activity.cause;
      if (t >= activity.release.at) return Leaf::overhead_clock_crossing;
      release = activity.release;
    }
  }

  Ledger ledger;
  std::vector<Known> known;
  std::vector<ActivityId> ids;  ///< of these

 private:
  std::mt19937_64 random_;
};

TEST_CASE("segments of random chains abut, sum and name what went on at every instant") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomChains chains(seed);
    for (int trial = 0; trial < 20; ++trial) {
      const Release release = chains.any_release();
      const Femtoseconds until = chains.below(release.at + 1);
      INFO("seed " << seed << " trial " << trial);
      Femtoseconds t = release.at;
      for (const PathSegment& segment : path(chains.ledger, release, until)) {
        REQUIRE(segment.to == t);
        REQUIRE(segment.from < segment.to);
        for (Femtoseconds at = segment.from; at < segment.to; ++at) {
          REQUIRE(name(chains.cause_at(release, at)) == std::string(name(segment.cause)));
        }
        t = segment.from;
      }
      REQUIRE(t == until);
    }
  }
}

TEST_CASE("random waits are booked whole, without a femtosecond unknown") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomChains chains(seed);
    for (int trial = 0; trial < 20; ++trial) {
      const Release release = chains.any_release();
      const Femtoseconds from = chains.below(release.at + 1);
      const Femtoseconds period = 1 + chains.below(12);
      const Femtoseconds to = release.at + chains.below(period);
      const LaneId lane = chains.ledger.add_lane("waiter." + std::to_string(trial), period);
      chains.ledger.post(lane, Leaf::idle_before_first_work, 0, from);
      chains.ledger.post_wait(lane, from, to, release);
      INFO("seed " << seed << " trial " << trial);
      REQUIRE(total(chains.ledger.time(lane)) == to);
      REQUIRE(spent(chains.ledger, lane, Leaf::unknown) == 0);
      REQUIRE(spent(chains.ledger, lane, Leaf::idle_before_first_work) == from);
      // A waiting cause is carried over femtosecond by femtosecond.
      Femtoseconds row = 0;
      for (Femtoseconds at = from; at < release.at; ++at) {
        row += chains.cause_at(release, at) == Leaf::waiting_operand_dram_row ? 1 : 0;
      }
      REQUIRE(spent(chains.ledger, lane, Leaf::waiting_operand_dram_row) == row);
    }
  }
}

}  // namespace
}  // namespace cyclescope::ledger
