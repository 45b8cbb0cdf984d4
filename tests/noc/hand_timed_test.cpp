// Packets on small meshes, timed by hand. A packet over L links (injection, mesh, ejection) whose head is never kept
// waiting is delivered L x 2 + f clocks after its injection: a hop is 2 clocks, and the f flits of the tail follow.
#include "tests/noc/rig.h"

namespace cyclescope::noc {
namespace {

using ledger::Leaf;
using test::geometry;
using test::kClock;
using test::Rig;

TEST_CASE("flits are a header and the payload, rounded up") {
  Rig rig(geometry(1, 2));
  CHECK(rig.mesh.flits(0) == 1);
  CHECK(rig.mesh.flits(1) == 2);
  CHECK(rig.mesh.flits(16) == 2);
  CHECK(rig.mesh.flits(17) == 3);
  CHECK(rig.mesh.flits(64) == 5);
}

TEST_CASE("one packet over every distance in both directions of both axes") {
  Rig rig(geometry(5, 4));
  struct Case {
    Site from, to;
    int links;
  };
  // Sites are numbered x + 5 y. Links: injection + |dx| + |dy| + ejection. One packet every 100 clocks, 64 B = 5 flits.
  const std::vector<Case> cases{{0, 0, 2},  {0, 1, 3},  {1, 0, 3},  {0, 4, 6},  {4, 0, 6},
                                {0, 5, 3},  {5, 0, 3},  {0, 15, 5}, {15, 0, 5}, {0, 19, 9},
                                {19, 0, 9}, {4, 15, 9}, {15, 4, 9}, {7, 13, 4}, {13, 6, 5}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    rig.send(static_cast<std::int64_t>(100 * i), cases[i].from, {cases[i].to}, 64, static_cast<std::int32_t>(i));
  }
  rig.run();
  std::int64_t hops = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO("from " << cases[i].from << " to " << cases[i].to);
    const auto start = static_cast<std::int64_t>(100 * i);
    CHECK(rig.delivered(static_cast<std::int32_t>(i), cases[i].to) == start + cases[i].links * 2 + 5);
    CHECK(rig.taken[i].told == start);
    CHECK(rig.taken[i].tail == start + 5);
    hops += cases[i].links * 5;
  }
  CHECK(rig.flit_hops() == hops);
  rig.check_lanes_close();
  rig.check_bytes_conserved();
}

TEST_CASE("a clock more of router or link is a clock more per link that is crossed") {
  MeshGeometry slow_router = geometry(4, 4);
  slow_router.router_latency = 2;
  MeshGeometry slow_link = geometry(4, 4);
  slow_link.link_latency = 4;
  Rig usual(geometry(4, 4), "usual");
  Rig router(slow_router, "router");
  Rig way(slow_link, "way");
  for (Rig* rig : {&usual, &router, &way}) {
    rig->send(0, 0, {15}, 64, 1);  // 3 + 3 hops, injection and ejection: 8 links
    rig->injector.start();
  }
  kernel::run_until_quiescent();
  CHECK(usual.delivered(1, 15) == 8 * 2 + 5);
  CHECK(router.delivered(1, 15) == 8 * 2 + 5 + 8);
  CHECK(way.delivered(1, 15) == 8 * 2 + 5 + 3 * 8);
}

TEST_CASE("X comes before Y") {
  Rig rig(geometry(3, 3));
  rig.send(0, 0, {8}, 64);  // 0 -> 1 -> 2 -> 5 -> 8
  rig.run();
  for (const char* used : {"link.0.in", "link.0.e", "link.1.e", "link.2.s", "link.5.s", "link.8.out"}) {
    INFO(used);
    CHECK(rig.clocks(used, Leaf::useful_transfer) == 5);
  }
  for (const char* unused : {"link.0.s", "link.3.s", "link.6.e", "link.7.e"}) {
    INFO(unused);
    CHECK(rig.clocks(unused, Leaf::idle_unused) == rig.end / kClock);
  }
}

TEST_CASE("the leaves of the links and the path of one packet") {
  // From 0 to 2 on a row of three, 64 B = 5 flits, injected at 0. Head granted: injection 0, 0.e 2, 1.e 4, ejection 6;
  // delivered 6 + 2 + 5 = 13.
  Rig rig(geometry(3, 1));
  rig.send(0, 0, {2}, 64, 9);
  rig.run();
  REQUIRE(rig.delivered(9, 2) == 13);
  struct Row {
    const char* link;
    int before, after;  // clocks: before the head is granted, after the fifth flit
  };
  const std::vector<Row> rows{{"link.0.in", 0, 8}, {"link.0.e", 2, 6}, {"link.1.e", 4, 4}, {"link.2.out", 6, 2}};
  for (const Row& row : rows) {
    INFO(row.link);
    CHECK(rig.clocks(row.link, Leaf::idle_before_first_work) == row.before);
    CHECK(rig.clocks(row.link, Leaf::useful_transfer) == 5);
    CHECK(rig.clocks(row.link, Leaf::idle_after_last_work) == row.after);
  }
  CHECK(rig.clocks("link.1.w", Leaf::idle_unused) == 13);
  rig.check_lanes_close();
  // The path: the ejection link [6, 13), the others one hop each.
  const auto path = rig.path(rig.deliveries.front());
  const std::vector<std::pair<std::string, int>> expected{
      {"link.2.out", 6}, {"link.1.e", 4}, {"link.0.e", 2}, {"link.0.in", 0}};
  REQUIRE(path.size() == expected.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    CHECK(rig.ledger.lane_name(path[i].lane) == expected[i].first);
    CHECK(path[i].from == expected[i].second * kClock);
    CHECK(path[i].op == 9);
  }
}

/// A: 0 -> 2 on a row of three, injected at 0: at router 1 at clock 4. B: 1 -> 2, 32 B = 3 flits, injected at `start`.
void send_a_and_b(Rig& rig, std::int32_t bytes_of_a, std::int64_t start) {
  rig.send(start, 1, {2}, 32, 2);
  rig.send(0, 0, {2}, bytes_of_a, 1);
}

TEST_CASE("two packets at one link at one instant: the second waits exactly for the first's flits") {
  // B is at router 1 at 4 as well. A came by the lower link, 0.e before 1.in, and has 1.e during [4, 9).
  Rig rig(geometry(3, 1));
  send_a_and_b(rig, 64, 2);
  rig.run();
  CHECK(rig.delivered(1, 2) == 4 * 2 + 5);
  CHECK(rig.delivered(2, 2) == 2 + 3 * 2 + 3 + 5);  // alone it would be 11
  // B's path goes back through A, which had the link that B waited for.
  const auto path = rig.path(rig.deliveries.back());
  // ejection [11, 16), 1.e as B [9, 11), 1.e as A [4, 9), 0.e [2, 4), injection of A [0, 2).
  REQUIRE(path.size() == 5);
  const std::vector<std::pair<std::string, int>> expected{
      {"link.2.out", 11}, {"link.1.e", 9}, {"link.1.e", 4}, {"link.0.e", 2}, {"link.0.in", 0}};
  for (std::size_t i = 0; i < path.size(); ++i) {
    CHECK(rig.ledger.lane_name(path[i].lane) == expected[i].first);
    CHECK(path[i].from == expected[i].second * kClock);
    CHECK(path[i].op == (i < 2 ? 2 : 1));
  }
  rig.check_lanes_close();
}

TEST_CASE("twice the flits, twice the wait") {
  // A has 9 flits and 1.e during [4, 13); its delivery is 8 + 9 = 17.
  Rig rig(geometry(3, 1));
  send_a_and_b(rig, 128, 2);
  rig.run();
  CHECK(rig.delivered(1, 2) == 17);
  CHECK(rig.delivered(2, 2) == 11 + 9);
}

TEST_CASE("a packet that comes while the link is taken waits for the rest") {
  // B is at router 1 at 8; A has 1.e until 9: 1 clock. Alone B would be delivered at 6 + 6 + 3 = 15.
  Rig rig(geometry(3, 1));
  send_a_and_b(rig, 64, 6);
  rig.run();
  CHECK(rig.delivered(2, 2) == 15 + 1);
}

TEST_CASE("a packet that comes as the tail leaves waits for nothing") {
  // B is at router 1 at 9, when A's last flit has left. Alone: 7 + 6 + 3 = 16.
  Rig rig(geometry(3, 1));
  send_a_and_b(rig, 64, 7);
  rig.run();
  CHECK(rig.delivered(2, 2) == 16);
  CHECK(rig.clocks("link.1.e", Leaf::idle_no_demand) == 0);
}

TEST_CASE("first come, first served: arriving earlier beats the lower link") {
  // B is at router 1 at 3 and has 1.e during [3, 6); A comes at 4 and waits 2. Alone A is delivered at 13, B at 10.
  Rig rig(geometry(3, 1));
  send_a_and_b(rig, 64, 1);
  rig.run();
  CHECK(rig.delivered(2, 2) == 10);
  CHECK(rig.delivered(1, 2) == 15);
}

TEST_CASE("packets injected together at one site leave one after the other") {
  // 5 flits each; 2 links: 0 -> 0 by way of the router: 4 + 5 = 9, then every 5 clocks. tail_taken: 5, 10, 15.
  Rig rig(geometry(2, 1));
  for (int i = 0; i < 3; ++i) rig.send(0, 0, {0}, 64, i);
  rig.run();
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.delivered(i, 0) == 9 + 5 * i);
    CHECK(rig.taken[static_cast<std::size_t>(i)].told == 5 * i);
    CHECK(rig.taken[static_cast<std::size_t>(i)].tail == 5 + 5 * i);
  }
  CHECK(rig.clocks("link.0.in", Leaf::useful_transfer) == 15);
}

TEST_CASE("ties at a router go by the link on which the packets came") {
  // All four neighbours of the centre of a 3 x 3 mesh inject at 0 for the centre and are at router 4 at clock 4; the
  // centre injects for itself at 2 and is there at 4 as well. Links are numbered router by router, the injection links
  // after them: 1.s, 3.e, 5.w, 7.n, 4.in. The ejection link takes 5 flits of each: delivered 4 + 2 + 5 = 11, 16, ...
  Rig rig(geometry(3, 3));
  rig.send(2, 4, {4}, 64, 4);
  for (const Site site : {7, 3, 5, 1}) rig.send(0, site, {4}, 64, site);
  rig.run();
  const std::vector<Site> order{1, 3, 5, 7, 4};
  for (std::size_t i = 0; i < order.size(); ++i) {
    INFO("from " << order[i]);
    CHECK(rig.delivered(order[i], 4) == 11 + static_cast<std::int64_t>(5 * i));
  }
}

TEST_CASE("a mesh of one column routes up and down") {
  // 0 -> 3 and 3 -> 0: 5 links, 2 flits: 12 clocks. No shared link.
  Rig rig(geometry(1, 4));
  rig.send(0, 0, {3}, 16, 1);
  rig.send(0, 3, {0}, 16, 2);
  rig.run();
  CHECK(rig.delivered(1, 3) == 12);
  CHECK(rig.delivered(2, 0) == 12);
  CHECK(rig.clocks("link.1.s", Leaf::useful_transfer) == 2);
  CHECK(rig.clocks("link.1.n", Leaf::useful_transfer) == 2);
}

}  // namespace
}  // namespace cyclescope::noc
