// Walking the critical path back, and choosing among releases.
#include <algorithm>

#include "tests/ledger/support.h"

namespace cyclescope::ledger {
namespace {

using test::check_path;
using test::kPeriod;
using test::path;

struct Lanes {
  Ledger ledger;
  LaneId a = ledger.add_lane("lane.a", kPeriod);
  LaneId b = ledger.add_lane("lane.b", kPeriod);
  LaneId c = ledger.add_lane("lane.c", kPeriod);
};

TEST_CASE("the path goes through what released each start, cutting activities at the instant of release") {
  Lanes l;
  // a: 0 ------------ 100        c starts at 93, 3 after b's release at 90, which was before b's end
  // b:        60 ---------- 95
  const ActivityId a = l.ledger.record(l.a, 0, Leaf::waiting_operand_dram_latency, 0, 100, {});
  const ActivityId b = l.ledger.record(l.b, 1, Leaf::useful_transfer, 60, 95, {a, 60, Reason::data});
  const ActivityId c = l.ledger.record(l.c, 2, Leaf::useful_mac, 93, 120, {b, 90, Reason::resource});
  check_path(path(l.ledger, {c, 120, Reason::data}), {{Leaf::useful_mac, l.c, 2, 93, 120},
                                                      {Leaf::overhead_clock_crossing, l.c, 2, 90, 93},
                                                      {Leaf::useful_transfer, l.b, 1, 60, 90},
                                                      {Leaf::waiting_operand_dram_latency, l.a, 0, 0, 60}});
}

TEST_CASE("the walk begins at its release, inside the activity") {
  Lanes l;
  const ActivityId a = l.ledger.record(l.a, 0, Leaf::useful_mac, 0, 100, {});
  check_path(path(l.ledger, {a, 37, Reason::data}), {{Leaf::useful_mac, l.a, 0, 0, 37}});
}

TEST_CASE("the walk stops at its limit, wherever that falls") {
  Lanes l;
  const ActivityId a = l.ledger.record(l.a, 0, Leaf::useful_mac, 0, 50, {});
  const ActivityId b = l.ledger.record(l.b, 1, Leaf::useful_vector, 58, 90, {a, 50, Reason::data});
  const Release end{b, 90, Reason::data};
  check_path(path(l.ledger, end, 70), {{Leaf::useful_vector, l.b, 1, 70, 90}});  // inside b
  check_path(path(l.ledger, end, 58), {{Leaf::useful_vector, l.b, 1, 58, 90}});  // at its start
  check_path(path(l.ledger, end, 53),
             {{Leaf::useful_vector, l.b, 1, 58, 90}, {Leaf::overhead_clock_crossing, l.b, 1, 53, 58}});
  check_path(path(l.ledger, end, 20), {{Leaf::useful_vector, l.b, 1, 58, 90},
                                       {Leaf::overhead_clock_crossing, l.b, 1, 50, 58},
                                       {Leaf::useful_mac, l.a, 0, 20, 50}});
  CHECK(path(l.ledger, end, 90).empty());
  CHECK(path(l.ledger, end, 95).empty());
}

TEST_CASE("what the origin released at time zero needs no explanation, what it released later does") {
  Lanes l;
  CHECK(path(l.ledger, {kOrigin, 0, Reason::issue}).empty());
  check_path(path(l.ledger, {kOrigin, 50, Reason::issue}), {{Leaf::unknown, 0, -1, 0, 50}});
}

TEST_CASE("a release outside the life of its activity is unknown down to the limit") {
  Lanes l;
  const ActivityId a = l.ledger.record(l.a, 0, Leaf::useful_mac, 20, 40, {kOrigin, 20, Reason::issue});
  check_path(path(l.ledger, {a, 41, Reason::data}, 5), {{Leaf::unknown, l.a, -1, 5, 41}});  // after its end
  check_path(path(l.ledger, {a, 19, Reason::data}, 5), {{Leaf::unknown, l.a, -1, 5, 19}});  // before its start
  // Between its release and its start it had not begun: 3 is no crossing of a's but somebody's mistake.
  const ActivityId late = l.ledger.record(l.c, 0, Leaf::useful_mac, 5, 40, {});
  check_path(path(l.ledger, {late, 3, Reason::data}), {{Leaf::unknown, l.c, -1, 0, 3}});
  // At its very end and its very start it is inside.
  check_path(path(l.ledger, {a, 40, Reason::data}, 20), {{Leaf::useful_mac, l.a, 0, 20, 40}});
  // The same in the middle of a path: b says a released it at 50, when a had ended.
  const ActivityId b = l.ledger.record(l.b, 1, Leaf::useful_vector, 50, 80, {a, 50, Reason::data});
  check_path(path(l.ledger, {b, 80, Reason::data}),
             {{Leaf::useful_vector, l.b, 1, 50, 80}, {Leaf::unknown, l.b, -1, 0, 50}});
}

TEST_CASE("a gap of a period or more before a start is unknown, and the walk goes on behind it") {
  for (const Femtoseconds gap : {9, 10}) {
    Lanes l;
    const ActivityId a = l.ledger.record(l.a, 0, Leaf::useful_mac, 0, 40, {});
    const ActivityId b = l.ledger.record(l.b, 1, Leaf::useful_vector, 40 + gap, 70, {a, 40, Reason::data});
    const Leaf expected = gap < 10 ? Leaf::overhead_clock_crossing : Leaf::unknown;
    check_path(path(l.ledger, {b, 70, Reason::data}), {{Leaf::useful_vector, l.b, 1, 40 + gap, 70},
                                                       {expected, l.b, 1, 40, 40 + gap},
                                                       {Leaf::useful_mac, l.a, 0, 0, 40}});
  }
}

TEST_CASE("activities without length pass the path on") {
  Lanes l;
  const ActivityId a = l.ledger.record(l.a, 0, Leaf::useful_mac, 0, 40, {});
  const ActivityId token = l.ledger.record(l.b, 1, Leaf::structural_issue, 40, 40, {a, 40, Reason::data});
  const ActivityId c = l.ledger.record(l.c, 2, Leaf::useful_vector, 40, 50, {token, 40, Reason::credit});
  check_path(path(l.ledger, {c, 50, Reason::data}),
             {{Leaf::useful_vector, l.c, 2, 40, 50}, {Leaf::useful_mac, l.a, 0, 0, 40}});
}

TEST_CASE("an activity can neither start before its release nor end before its start") {
  Lanes l;
  CHECK_THROWS_AS(l.ledger.open(l.a, 0, Leaf::useful_mac, 39, {kOrigin, 40, Reason::data}), InternalError);
  const ActivityId a = l.ledger.open(l.a, 0, Leaf::useful_mac, 40, {kOrigin, 40, Reason::data});
  CHECK_THROWS_AS(l.ledger.close(a, 39), InternalError);
  CHECK_NOTHROW(l.ledger.close(a, 40));
}

/// latest() of a, b and c in every order: must not depend on it.
Release latest_of(Release a, Release b, Release c) {
  const Release first = latest({a, b, c});
  for (const Release& other :
       {latest({a, c, b}), latest({b, a, c}), latest({b, c, a}), latest({c, a, b}), latest({c, b, a})}) {
    CHECK(other.by == first.by);
    CHECK(other.at == first.at);
    CHECK(other.reason == first.reason);
  }
  return first;
}

TEST_CASE("of several releases the latest counts, then the reason, then the older activity") {
  CHECK(latest_of({9, 30, Reason::issue}, {1, 20, Reason::data}, {2, 10, Reason::data}).by == 9);
  // At one instant: data before resource before credit before issue, whatever the ids.
  CHECK(latest_of({1, 30, Reason::issue}, {2, 30, Reason::credit}, {3, 30, Reason::resource}).by == 3);
  CHECK(latest_of({1, 30, Reason::issue}, {2, 30, Reason::credit}, {3, 20, Reason::data}).by == 2);
  CHECK(latest_of({1, 30, Reason::resource}, {2, 30, Reason::data}, {3, 30, Reason::credit}).by == 2);
  CHECK(latest_of({7, 30, Reason::data}, {5, 30, Reason::data}, {6, 30, Reason::data}).by == 5);
  CHECK(latest({{4, 11, Reason::credit}}).by == 4);
}

}  // namespace
}  // namespace cyclescope::ledger
