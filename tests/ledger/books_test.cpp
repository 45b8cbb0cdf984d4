// Capacity, actions and bytes; frames; the ledger that is switched off; the posting that is lost.
#include <algorithm>

#include "sim/ledger/lane.h"
#include "tests/ledger/support.h"

namespace cyclescope::ledger {
namespace {

using test::check_path;
using test::kPeriod;
using test::path;
using test::slots;
using test::spent;
using test::total;

TEST_CASE("time that is not work becomes MAC slots by itself, in whole clocks that telescope") {
  Ledger ledger;
  const LaneId array = ledger.add_lane("array.0", 10, 8);
  const LaneId plain = ledger.add_lane("dma.0", 10);
  ledger.post(array, Leaf::waiting_operand_l1, 0, 15);  // ceil(15/10) - 0 = 2 clocks = 16 slots
  ledger.post(array, Leaf::idle_no_demand, 15, 19);     // ceil(19/10) - 2 = 0 clocks
  ledger.post(array, Leaf::overhead_launch, 19, 41);    // ceil(41/10) - 2 = 3 clocks = 24 slots
  ledger.post(array, Leaf::useful_mac, 41, 62);         // ceil(62/10) - 5 = 2 clocks: the array says which
  ledger.post(array, Leaf::structural_drain, 62, 80);   // ceil(80/10) - 7 = 1 clock: likewise
  ledger.post_slots(array, Leaf::useful_mac, 11);
  ledger.post_slots(array, Leaf::structural_padding, 5);
  ledger.post_slots(array, Leaf::structural_drain, 8);
  // Whatever else is work: the array splits it itself.
  Femtoseconds t = 80;
  for (const Leaf leaf : {Leaf::useful_vector, Leaf::useful_transfer, Leaf::structural_fill, Leaf::structural_issue}) {
    ledger.post(array, leaf, t, t + 10);
    t += 10;
  }
  ledger.post_slots(array, Leaf::structural_fill, 4 * 8);
  ledger.post(plain, Leaf::waiting_operand_l1, 0, 120);
  ledger.finish(120);
  CHECK(slots(ledger, array, Leaf::waiting_operand_l1) == 16);
  CHECK(slots(ledger, array, Leaf::idle_no_demand) == 0);
  CHECK(slots(ledger, array, Leaf::overhead_launch) == 24);
  CHECK(slots(ledger, array, Leaf::useful_mac) == 11);
  CHECK(slots(ledger, array, Leaf::structural_padding) == 5);
  CHECK(slots(ledger, array, Leaf::structural_drain) == 8);
  CHECK(slots(ledger, array, Leaf::structural_fill) == 32);
  CHECK(total(ledger.slots(array)) == 12 * 8);  // 12 clocks of 8 slots
  CHECK(total(ledger.slots(plain)) == 0);
  CHECK(ledger.slots_per_cycle(array) == 8);
  CHECK(ledger.lane_period(array) == 10);
}

TEST_CASE("a hole costs capacity too") {
  Ledger ledger;
  const LaneId array = ledger.add_lane("array.0", 10, 8);
  ledger.post(array, Leaf::waiting_weights, 20, 30);
  ledger.finish(50);
  CHECK(slots(ledger, array, Leaf::unknown) == (2 + 2) * 8);
  CHECK(slots(ledger, array, Leaf::waiting_weights) == 8);
}

TEST_CASE("however a wait is cut, its clocks add up") {
  for (Femtoseconds step = 1; step < 40; ++step) {
    Ledger ledger;
    const LaneId array = ledger.add_lane("array.0", 10, 4);
    for (Femtoseconds t = 0; t < 333; t += step) {
      const Leaf leaf = t % 2 == 0 ? Leaf::waiting_weights : Leaf::idle_no_demand;
      ledger.post(array, leaf, t, std::min<Femtoseconds>(t + step, 333));
    }
    CHECK(total(ledger.slots(array)) == 34 * 4);  // ceil(333/10) clocks
  }
}

TEST_CASE("clocks of capacity are counted from the start of the frame") {
  Ledger ledger;
  const LaneId array = ledger.add_lane("array.0", 10, 8);
  ledger.restart(13);
  ledger.post(array, Leaf::waiting_weights, 13, 28);  // ceil(15/10) = 2 clocks; from zero it would be 3 - 2 = 1
  CHECK(slots(ledger, array, Leaf::waiting_weights) == 16);
}

TEST_CASE("actions are counted at their price, powers are kept, links add up") {
  Ledger ledger;
  const std::size_t mac = ledger.add_action("array", "mac_int8", 250);
  const std::size_t hop = ledger.add_action("noc", "flit_hop", 90);
  ledger.add_power("array", 1500);
  ledger.count(mac, 1000);
  ledger.count(mac, 24, 1);
  ledger.count(mac, 6, 1);
  REQUIRE(ledger.actions().size() == 2);
  CHECK(ledger.actions()[mac].component == "array");
  CHECK(ledger.actions()[mac].name == "mac_int8");
  CHECK(ledger.actions()[mac].attojoules == 250);
  CHECK(ledger.actions()[mac].count == 1030);
  CHECK(ledger.actions()[mac].by_operator == std::vector<std::int64_t>{0, 30});
  CHECK(ledger.actions()[hop].by_operator.empty());
  CHECK(ledger.actions()[hop].count == 0);
  REQUIRE(ledger.powers().size() == 1);
  CHECK(ledger.powers()[0].component == "array");
  CHECK(ledger.powers()[0].microwatts == 1500);

  const std::size_t link = ledger.add_traffic("noc");
  ledger.sent(link, 100);
  ledger.sent(link, 64, 3);
  ledger.received(link, 100);
  ledger.received(link, 64);
  CHECK(ledger.traffic()[link].name == "noc");
  CHECK(ledger.traffic()[link].sent == 164);
  CHECK(ledger.traffic()[link].expected == 100 + 3 * 64);
  CHECK(ledger.traffic()[link].received == 164);
}

TEST_CASE("a restart forgets the bookings, keeps the declarations and clips to the new frame") {
  Ledger ledger;
  const LaneId array = ledger.add_lane("array.0", kPeriod, 8);
  const std::size_t action = ledger.add_action("array", "mac", 1);
  const std::size_t link = ledger.add_traffic("noc");
  ledger.post(array, Leaf::waiting_weights, 0, 100);
  ledger.post_slots(array, Leaf::useful_mac, 5);
  ledger.count(action, 7, 0);
  ledger.sent(link, 10, 2);
  ledger.received(link, 20);
  ledger.finish(100);
  ledger.restart(100);
  CHECK(ledger.origin() == 100);
  CHECK(total(ledger.time(array)) == 0);
  CHECK(total(ledger.slots(array)) == 0);
  CHECK(ledger.actions()[action].count == 0);
  CHECK(ledger.actions()[action].by_operator.empty());
  CHECK(ledger.traffic()[link].sent + ledger.traffic()[link].expected + ledger.traffic()[link].received == 0);
  CHECK(ledger.lane_name(array) == "array.0");
  CHECK(ledger.activity_count() == 0);

  ledger.post(array, Leaf::waiting_weights, 60, 100);  // the frame before
  ledger.post(array, Leaf::waiting_weights, 100, 110);
  ledger.finish(130);
  CHECK(ledger.end() == 130);
  CHECK(spent(ledger, array, Leaf::waiting_weights) == 10);
  CHECK(spent(ledger, array, Leaf::unknown) == 20);
}

TEST_CASE("a posting that reaches back before the frame counts from its start") {
  Ledger ledger;
  const LaneId lane = ledger.add_lane("dma.0", kPeriod);
  ledger.restart(100);
  ledger.post(lane, Leaf::useful_transfer, 80, 130);
  CHECK(spent(ledger, lane, Leaf::useful_transfer) == 30);
}

TEST_CASE("activities of an earlier frame are the origin of the next") {
  Ledger ledger;
  const LaneId lane = ledger.add_lane("dma.0", kPeriod);
  const ActivityId old = ledger.record(lane, 0, Leaf::useful_transfer, 0, 100, {});
  ledger.finish(100);
  ledger.restart(100);
  const ActivityId fresh = ledger.record(lane, 1, Leaf::useful_vector, 104, 150, {old, 100, Reason::data});
  CHECK(fresh != old);
  // Down to the start of the frame and no further, even when asked for more.
  check_path(path(ledger, {fresh, 150, Reason::data}),
             {{Leaf::useful_vector, lane, 1, 104, 150}, {Leaf::overhead_clock_crossing, lane, 1, 100, 104}});
  CHECK(path(ledger, {old, 100, Reason::data}).empty());
  check_path(path(ledger, {old, 120, Reason::data}), {{Leaf::unknown, 0, -1, 100, 120}});
  ledger.close(old, 170);  // a late closing must not touch the activity that has its place now
  check_path(path(ledger, {fresh, 150, Reason::data}, 104), {{Leaf::useful_vector, lane, 1, 104, 150}});
}

TEST_CASE("a ledger that is switched off books nothing and never complains") {
  Ledger ledger(false);
  const LaneId array = ledger.add_lane("array.0", kPeriod, 8);
  const std::size_t action = ledger.add_action("array", "mac", 1);
  const std::size_t link = ledger.add_traffic("noc");
  ledger.post(array, Leaf::useful_mac, 0, 50);
  ledger.post(array, Leaf::useful_mac, 20, 50);                                                  // overlaps
  const ActivityId a = ledger.open(array, 0, Leaf::useful_mac, 0, {kOrigin, 10, Reason::data});  // before its release
  ledger.close(a, 50);
  ledger.post_wait(array, 50, 80, {a, 80, Reason::data});
  ledger.post_slots(array, Leaf::useful_mac, 9);
  ledger.count(action, 5);
  ledger.sent(link, 10);
  ledger.received(link, 10);
  ledger.finish(80);
  CHECK_FALSE(ledger.enabled());
  CHECK(a == kOrigin);
  CHECK(ledger.activity_count() == 0);
  CHECK(total(ledger.time(array)) == 0);
  CHECK(total(ledger.slots(array)) == 0);
  CHECK(ledger.actions()[action].count == 0);
  CHECK(ledger.traffic()[link].sent + ledger.traffic()[link].expected + ledger.traffic()[link].received == 0);
  CHECK(ledger.end() == 80);
}

TEST_CASE("without activities the other books are as ever") {
  Ledger ledger;
  ledger.keep_activities(false);
  const LaneId lane = ledger.add_lane("dram.0", kPeriod);
  const std::size_t action = ledger.add_action("dram", "read", 7);
  const ActivityId opened = ledger.open(lane, 0, Leaf::useful_transfer, 10, {kOrigin, 10, Reason::data});
  ledger.close(opened, 30);
  const ActivityId recorded = ledger.record(lane, 0, Leaf::useful_transfer, 30, 40, {opened, 30, Reason::data});
  ledger.post(lane, Leaf::useful_transfer, 0, 40);
  ledger.count(action, 3);
  ledger.finish(50);
  CHECK(opened == kOrigin);
  CHECK(recorded == kOrigin);
  CHECK(ledger.activity_count() == 0);
  CHECK(spent(ledger, lane, Leaf::useful_transfer) == 40);
  CHECK(spent(ledger, lane, Leaf::unknown) == 10);
  CHECK(ledger.actions()[action].count == 3);
  ledger.keep_activities(true);
  CHECK(ledger.record(lane, 0, Leaf::useful_transfer, 50, 60, {kOrigin, 50, Reason::data}) != kOrigin);
}

TEST_CASE("losing any one posting turns closure red by exactly its length") {
  const std::vector<Femtoseconds> ends{12, 30, 35, 50, 64};
  for (std::size_t lost = 0; lost < ends.size(); ++lost) {
    Ledger ledger;
    ledger.inject({static_cast<std::int64_t>(lost)});
    Lane lane(ledger, "array.0", kPeriod, 4);
    lane.idle_until(ends[0]);
    lane.busy_until(ends[1], Leaf::waiting_weights);
    lane.idle_until(ends[2]);
    lane.busy_until(ends[3], Leaf::waiting_operand_l2);
    lane.finish(ends[4]);
    ledger.finish(64);
    INFO("posting " << lost << " lost");
    CHECK(spent(ledger, lane.id(), Leaf::unknown) == ends[lost] - (lost == 0 ? 0 : ends[lost - 1]));
    CHECK(total(ledger.time(lane.id())) == 64);
    CHECK(total(ledger.slots(lane.id())) == 7 * 4);
  }
}

}  // namespace
}  // namespace cyclescope::ledger
