// Finite buffers, timed by hand: credits, back-pressure, head-of-line blocking, lost credits.
#include "tests/noc/rig.h"

namespace cyclescope::noc {
namespace {

using ledger::Leaf;
using test::geometry;
using test::kClock;
using test::Rig;

/// Three packets of 5 flits from 0 to 1, all injected at 0.
void send_three(Rig& rig) {
  for (int i = 0; i < 3; ++i) rig.send(0, 0, {1}, 64, i);
  rig.injector.start();
}

TEST_CASE("a buffer of one packet costs the round trip of its credits, each flit more saves a clock of it") {
  // The first packet is granted the injection link at 0 and leaves router 0 during [2, 7): its credits can be used from
  // 3 to 7 on. With a buffer of 5 the second needs the one of 7, with 6 that of 6, with 7 that of 5, when the link is
  // free: gaps of 7, 6, 5. Alone: 3 x 2 + 5 = 11.
  Rig five(geometry(2, 1, {}, 5), "five");
  Rig six(geometry(2, 1, {}, 6), "six");
  Rig seven(geometry(2, 1, {}, 7), "seven");
  Rig large(geometry(2, 1, {}, 1000), "large");
  const std::vector<std::pair<Rig*, int>> gaps{{&five, 7}, {&six, 6}, {&seven, 5}, {&large, 5}};
  for (const auto& [rig, gap] : gaps) send_three(*rig);
  kernel::run_until_quiescent();
  for (const auto& [rig, gap] : gaps) {
    rig->finish();
    for (int i = 0; i < 3; ++i) {
      CHECK(rig->delivered(i, 1) == 11 + gap * i);
      CHECK(rig->taken[static_cast<std::size_t>(i)].tail == 5 + gap * i);
    }
    CHECK(rig->clocks("link.0.in", Leaf::useful_transfer) == 15);
    CHECK(rig->clocks("link.0.in", Leaf::waiting_output_space) == 2 * (gap - 5));
    CHECK(rig->clocks("link.0.in", Leaf::idle_no_demand) == 0);
    rig->check_lanes_close();
    rig->check_bytes_conserved();
  }
}

TEST_CASE("the latency of credits is part of the round trip") {
  // Buffer of 5: the last credit of a packet granted at 0 can be used at 2 + 4 + credit latency.
  MeshGeometry slow = geometry(2, 1, {}, 5);
  slow.credit_latency = 9;
  Rig rig(slow);
  send_three(rig);
  kernel::run_until_quiescent();
  rig.finish();
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.delivered(i, 1) == 11 + 15 * i);
    CHECK_FALSE(rig.path(rig.deliveries[static_cast<std::size_t>(i)]).empty());
  }
}

TEST_CASE("the path of a packet that waited for credits goes through the crossings that gave them back") {
  // Buffer of 5: grants of the injection link at 0, 7, 14, of 0.e at 2, 9, 16, of the ejection link at 4, 11, 18. The
  // third packet was injected when the second had left router 0, the second when the first had.
  Rig rig(geometry(2, 1, {}, 5));
  send_three(rig);
  kernel::run_until_quiescent();
  rig.finish();
  struct Row {
    const char* link;
    int from, op;
  };
  const std::vector<Row> rows{{"link.1.out", 18, 2}, {"link.0.e", 16, 2}, {"link.0.in", 14, 2}, {"link.0.e", 9, 1},
                              {"link.0.in", 7, 1},   {"link.0.e", 2, 0},  {"link.0.in", 0, 0}};
  const auto path = rig.path(rig.deliveries.back());
  REQUIRE(path.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO("segment " << i);
    CHECK(rig.ledger.lane_name(path[i].lane) == rows[i].link);
    CHECK(path[i].from == rows[i].from * kClock);
    CHECK(path[i].op == rows[i].op);
  }
}

TEST_CASE("a hot spot fills the buffers back to the source and they empty at full rate") {
  // Row of three, buffers of 30. Three devices at router 2 send 30 flits each to 2 and have the ejection link until 92.
  // Site 0 sends seven packets of 15 flits to 2: two are held at router 2, two at router 1, two at router 0, one in the
  // injection queue. Grants, at the links 0.in, 0.e, 1.e, ejection:
  //   0:  0   2   4  92     1: 15  17  19 107     2: 30  32 107 122     3: 45  47 122 137
  //   4: 60 122 137 152     5: 75 137 152 167     6: 137 152 167 182
  // 1.e: packet 2 needs the credits of packet 0, the last of them at 92 + 15; 0.e: packet 4 those of packet 2; 0.in:
  // packet 6 those of packet 4.
  Rig rig(geometry(3, 1, {2, 2, 2}, 30));
  for (const Site device : {3, 4, 5}) rig.send(0, device, {2}, 29 * 16, 100 + device);
  for (int i = 0; i < 7; ++i) rig.send(0, 0, {2}, 14 * 16, i);
  rig.run();
  for (const Site device : {3, 4, 5}) CHECK(rig.delivered(100 + device, 2) == 2 + 30 * (device - 3) + 2 + 30);
  const std::vector<std::int64_t> told{0, 15, 30, 45, 60, 75, 137};
  std::size_t next = 0;
  for (const test::Taken& taken : rig.taken) {
    if (taken.site != 0) continue;
    CHECK(taken.told == told[next]);
    CHECK(taken.tail == told[next] + 15);
    ++next;
  }
  CHECK(next == 7);
  for (int i = 0; i < 7; ++i) CHECK(rig.delivered(i, 2) == 92 + 15 * i + 2 + 15);
  // From the first packet that finds its link free and no room, to its grant.
  CHECK(rig.clocks("link.1.e", Leaf::waiting_output_space) == 107 - 34);
  CHECK(rig.clocks("link.0.e", Leaf::waiting_output_space) == 122 - 62);
  CHECK(rig.clocks("link.0.in", Leaf::waiting_output_space) == 137 - 90);
  CHECK(rig.clocks("link.2.out", Leaf::waiting_output_space) == 0);
  rig.check_lanes_close();
  rig.check_bytes_conserved();
  // When the last packet was taken: packet 4 left router 0, packet 2 left router 1, packet 0 left router 2, and before
  // it the three devices' packets.
  const test::Taken& last = rig.taken.back();
  const auto path = rig.path({last.by, last.tail * kClock, ledger::Reason::data});
  const std::vector<std::pair<std::string, int>> expected{{"link.0.in", 137}, {"link.0.e", 122},  {"link.1.e", 107},
                                                          {"link.2.out", 92}, {"link.2.out", 62}, {"link.2.out", 32},
                                                          {"link.2.out", 2},  {"link.3.in", 0}};
  REQUIRE(path.size() == expected.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    CHECK(rig.ledger.lane_name(path[i].lane) == expected[i].first);
    CHECK(path[i].from == expected[i].second * kClock);
  }
}

TEST_CASE("a packet waits behind the front of its buffer though its own link is free") {
  // Token 1 has 1.e during [3, 12). Token 2, 0 -> 2, is at router 1 at 4 and has 1.e during [12, 17). Token 3, 0 -> 1,
  // is there at 5 + 4 = 9 and would be delivered at 9 + 2 + 5; it comes to the front at 17. Token 4, 1 -> 1, is at
  // router 1 at 20 and waits for token 3's tail until 22.
  Rig rig(geometry(3, 1));
  rig.send(1, 1, {2}, 128, 1);
  rig.send(0, 0, {2}, 64, 2);
  rig.send(0, 0, {1}, 64, 3);
  rig.send(18, 1, {1}, 64, 4);
  rig.run();
  CHECK(rig.delivered(1, 2) == 1 + 3 * 2 + 9);
  CHECK(rig.delivered(2, 2) == 12 + 2 * 2 + 5);
  CHECK(rig.delivered(3, 1) == 17 + 2 + 5);
  CHECK(rig.delivered(4, 1) == 22 + 2 + 5);
  CHECK(rig.clocks("link.1.out", Leaf::idle_before_first_work) == 17);
}

TEST_CASE("age counts from the arrival at the router, also when the front is reached later") {
  // As above, token 3 is at router 1 at 9 and at the front at 17. Token 5, 17 flits from device 3 at router 1, has the
  // ejection link during [3, 20); token 4 is at router 1 at 10 and wants it from then on. Token 3 gets it at 20.
  Rig rig(geometry(3, 1, {1}));
  rig.send(1, 1, {2}, 128, 1);
  rig.send(0, 0, {2}, 64, 2);
  rig.send(0, 0, {1}, 64, 3);
  rig.send(8, 1, {1}, 64, 4);
  rig.send(1, 3, {1}, 256, 5);
  rig.run();
  CHECK(rig.delivered(5, 1) == 3 + 2 + 17);
  CHECK(rig.delivered(3, 1) == 20 + 2 + 5);
  CHECK(rig.delivered(4, 1) == 25 + 2 + 5);
}

TEST_CASE("a packet that lacks credits keeps younger ones waiting, also if they would find room") {
  // Buffers of 9; device 2 at router 1, devices 3 and 4 at router 0, all packets go to 1. Token 1, 9 flits from device
  // 2, has the ejection link during [2, 11). Token 2, 5 flits from 0, crosses 0.e during [3, 8) and waits for it: 4
  // credits of 0.e are left. Token 3, 9 flits from device 3, is at router 0 at 8 and needs all nine: token 2 leaves
  // router 1 during [11, 16), so at 16. Token 4, 2 flits from device 4, is there at 9 and waits for token 3.
  Rig rig(geometry(2, 1, {1, 0, 0}, 9));
  rig.send(0, 2, {1}, 128, 1);
  rig.send(1, 0, {1}, 64, 2);
  rig.send(6, 3, {1}, 128, 3);
  rig.send(7, 4, {1}, 16, 4);
  rig.run();
  CHECK(rig.delivered(1, 1) == 2 + 2 + 9);
  CHECK(rig.delivered(2, 1) == 11 + 2 + 5);
  CHECK(rig.delivered(3, 1) == 18 + 2 + 9);
  // Token 3 leaves router 1 during [18, 27), the credits of two flits can be used at 20: 0.e is free at 25.
  CHECK(rig.delivered(4, 1) == 27 + 2 + 2);
  CHECK(rig.clocks("link.0.e", Leaf::waiting_output_space) == 16 - 8);
  CHECK(rig.clocks("link.0.e", Leaf::useful_transfer) == 5 + 9 + 2);
  rig.check_lanes_close();
}

TEST_CASE("lost credits make the buffer smaller") {
  // 34 - 29 = 5 flits, as in the first test; in the second frame as well.
  Rig rig(geometry(2, 1));
  rig.mesh.lose_credits("link.0.in", 29);
  send_three(rig);
  kernel::run_until_quiescent();
  rig.finish();
  for (int i = 0; i < 3; ++i) CHECK(rig.delivered(i, 1) == 11 + 7 * i);
  rig.mesh.restart(rig.end);
  CHECK_THROWS_AS(rig.mesh.lose_credits("link.0.x", 1), InternalError);
  CHECK_THROWS_AS(rig.mesh.lose_credits("link.0.in", 6), InternalError);
}

TEST_CASE("a frame cannot end or start while packets lack credits for good") {
  Rig rig(geometry(3, 1));
  rig.mesh.lose_credits("link.1.e", 30);  // a packet of 5 flits does not fit the 4 that are left
  for (int i = 0; i < 3; ++i) rig.send(i, 0, {2}, 64, i);
  rig.send(0, 0, {0}, 64, 9);
  rig.injector.start();
  kernel::run_until_quiescent();
  CHECK(rig.deliveries.size() == 1);  // token 9
  using Catch::Contains;
  CHECK_THROWS_AS(rig.mesh.finish(0), InternalError);
  CHECK_THROWS_WITH(rig.mesh.finish(0), Contains("3 packets") && Contains("link.1.e") && Contains("ends"));
  CHECK_THROWS_WITH(rig.mesh.restart(0), Contains("3 packets") && Contains("link.1.e") && Contains("starts"));
}

}  // namespace
}  // namespace cyclescope::noc
