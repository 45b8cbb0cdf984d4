// Trees, edge devices, unknown sites.
#include "tests/noc/rig.h"

namespace cyclescope::noc {
namespace {

using ledger::Leaf;
using test::geometry;
using test::kClock;
using test::Rig;

TEST_CASE("a multicast crosses every link of its tree once and reaches every destination whole") {
  // 4 x 4, from 5 = (1,1). X first: 4 by 5.w; 6 by 5.e; 7 by 5.e 6.e; 13 by 5.s 9.s; 15 by 5.e 6.e 7.s 11.s; 5 itself.
  // Mesh links: 5.w 5.e 6.e 5.s 9.s 7.s 11.s = 7, with 1 injection and 6 ejection links 14 (unicasts would need 22).
  // 100 B = 1 + 7 = 8 flits. Delivered (distance + 2) x 2 + 8.
  Rig rig(geometry(4, 4));
  rig.send(0, 5, {15, 4, 6, 13, 7, 5}, 100, 1);
  rig.run();
  CHECK(rig.delivered(1, 5) == 12);
  CHECK(rig.delivered(1, 4) == 14);
  CHECK(rig.delivered(1, 6) == 14);
  CHECK(rig.delivered(1, 7) == 16);
  CHECK(rig.delivered(1, 13) == 16);
  CHECK(rig.delivered(1, 15) == 20);
  CHECK(rig.deliveries.size() == 6);
  for (const auto& delivery : rig.deliveries) CHECK(delivery.bytes == 100);
  CHECK(rig.flit_hops() == 14 * 8);
  for (const char* link :
       {"link.5.in", "link.5.w", "link.5.e", "link.6.e", "link.5.s", "link.9.s", "link.7.s", "link.11.s", "link.15.out",
        "link.4.out", "link.6.out", "link.13.out", "link.7.out", "link.5.out"}) {
    INFO(link);
    CHECK(rig.clocks(link, Leaf::useful_transfer) == 8);
  }
  CHECK(rig.ledger.traffic().front().sent == 100);
  CHECK(rig.ledger.traffic().front().expected == 600);
  CHECK(rig.ledger.traffic().front().received == 600);
  rig.check_lanes_close();
}

TEST_CASE("one branch that waits does not hold the others up") {
  // Row of three, from 1 to both ends at 2, at router 1 at 4; 0 -> 2 was there at 4, too, and by a lower link has
  // 1.e during [4, 9). 5 flits: to 0 as if alone 2 + 3 x 2 + 5 = 13; to 2 five later.
  Rig rig(geometry(3, 1));
  rig.send(0, 0, {2}, 64, 1);
  rig.send(2, 1, {0, 2}, 64, 2);
  rig.run();
  CHECK(rig.delivered(1, 2) == 13);
  CHECK(rig.delivered(2, 0) == 13);
  CHECK(rig.delivered(2, 2) == 18);
}

/// The same, and a packet from 1 to 0 behind the multicast; `rival`: the one from 0 is there.
void send_fork(Rig& rig, bool rival) {
  if (rival) rig.send(0, 0, {2}, 64, 1);
  rig.send(2, 1, {0, 2}, 64, 2);
  rig.send(2, 1, {0}, 64, 3);
  rig.injector.start();
}

TEST_CASE("a multicast packet keeps its buffer until its last branch has left") {
  // Without the rival both branches leave router 1 during [4, 9): token 3 is there at 7 + 2 and delivered 9 + 4 + 5.
  // With it the east branch leaves during [9, 14). The west link is free from 9 on, but token 3 is behind the multicast
  // until 14: delivered 14 + 4 + 5.
  Rig free(geometry(3, 1), "free");
  Rig held(geometry(3, 1), "held");
  // A buffer of 7 flits has 2 left for token 3; the other 3 come back at 10, 11 and 12, when the east branch has read
  // three flits of the multicast: the injection link is free from 7 on and waits 5 clocks. Token 3 is at router 1 at
  // 14.
  Rig tight(geometry(3, 1, {}, 7), "tight");
  send_fork(free, false);
  send_fork(held, true);
  send_fork(tight, true);
  kernel::run_until_quiescent();
  for (Rig* rig : {&free, &held, &tight}) rig->finish();
  CHECK(free.delivered(3, 0) == 18);
  for (const Rig* rig : {&held, &tight}) {
    CHECK(rig->delivered(2, 0) == 13);
    CHECK(rig->delivered(2, 2) == 18);
    CHECK(rig->delivered(3, 0) == 23);
  }
  CHECK(held.taken[2].told == 7);
  CHECK(held.clocks("link.1.in", Leaf::waiting_output_space) == 0);
  CHECK(tight.taken[2].told == 12);
  CHECK(tight.clocks("link.1.in", Leaf::waiting_output_space) == 5);
  // token 3: ejection, 1.w, injection [12, 14), the east branch from 9 on, behind token 1 on 1.e, which came from 0.
  const auto path = tight.path(tight.deliveries.back());
  const std::vector<std::pair<std::string, int>> expected{{"link.0.out", 16}, {"link.1.w", 14}, {"link.1.in", 12},
                                                          {"link.1.e", 9},    {"link.1.e", 4},  {"link.0.e", 2},
                                                          {"link.0.in", 0}};
  REQUIRE(path.size() == expected.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    CHECK(tight.ledger.lane_name(path[i].lane) == expected[i].first);
    CHECK(path[i].from == expected[i].second * kClock);
  }
}

TEST_CASE("edge devices have links of their own at their router") {
  // 2 x 2; sites 4 and 6 at router 0, 5 at router 3.
  Rig rig(geometry(2, 2, {0, 3, 0}));
  CHECK(rig.mesh.sites() == 7);
  rig.send(0, 4, {5}, 16, 1);    // in, 0.e, 1.s, out: 4 x 2 + 2 = 10
  rig.send(100, 4, {6}, 16, 2);  // in, out: 2 x 2 + 2 = 6
  rig.send(200, 5, {2}, 16, 3);  // in, 3.w, out: 3 x 2 + 2 = 8
  rig.send(300, 0, {1}, 16, 4);  // node 0 and device 4 inject together and share nothing: 8 each
  rig.send(300, 4, {2}, 16, 5);
  rig.send(400, 0, {4, 6, 0}, 16, 6);  // a tree of ejection links only: 6 each
  rig.run();
  CHECK(rig.delivered(1, 5) == 10);
  CHECK(rig.delivered(2, 6) == 106);
  CHECK(rig.delivered(3, 2) == 208);
  CHECK(rig.delivered(4, 1) == 308);
  CHECK(rig.delivered(5, 2) == 308);
  CHECK(rig.delivered(6, 4) == 406);
  CHECK(rig.delivered(6, 6) == 406);
  CHECK(rig.delivered(6, 0) == 406);
  CHECK(rig.clocks("link.0.in", Leaf::useful_transfer) == 2 + 2);      // tokens 4 and 6
  CHECK(rig.clocks("link.4.in", Leaf::useful_transfer) == 2 + 2 + 2);  // tokens 1, 2 and 5
  rig.check_lanes_close();
  rig.check_bytes_conserved();
}

TEST_CASE("a byte that is dropped turns conservation red, once per copy, and nothing else") {
  Rig rig(geometry(2, 2));
  rig.mesh.drop_byte_of(1);
  rig.send(0, 0, {3}, 64, 0);
  rig.send(0, 1, {0, 2, 3}, 64, 1);
  rig.send(0, 2, {1}, 64, 2);
  rig.run();
  CHECK(rig.ledger.traffic().front().expected == 5 * 64);
  CHECK(rig.ledger.traffic().front().received == 5 * 64 - 3);
  for (const auto& delivery : rig.deliveries) CHECK(delivery.bytes == (delivery.token == 1 ? 63 : 64));
  rig.check_lanes_close();
}

TEST_CASE("unknown sites are internal errors") {
  Rig rig(geometry(2, 2, {1}));
  CHECK_THROWS_AS(rig.mesh.add_route(0, {5}), InternalError);
  CHECK_THROWS_AS(rig.mesh.add_route(0, {-1}), InternalError);
  CHECK_THROWS_AS(rig.mesh.add_route(5, {0}), InternalError);
  CHECK_THROWS_AS(rig.mesh.add_route(-1, {0}), InternalError);
  CHECK_THROWS_AS(rig.mesh.add_route(0, {}), InternalError);
  CHECK_THROWS_AS(rig.mesh.set_sink(5, rig), InternalError);
  CHECK_THROWS_AS(rig.mesh.set_source(-1, rig), InternalError);
  CHECK_NOTHROW(rig.mesh.add_route(4, {0, 4}));
}

/// Injects a packet of token 2 whenever it is woken.
class Again : public kernel::Module {
 public:
  Again(Mesh& mesh, RouteId route) : Module("again"), mesh_(&mesh), route_(route) {}
  using Module::wake_at;

 protected:
  void step() override {
    mesh_->inject(route_, {2, 64, 0, 2}, {ledger::kOrigin, kernel::now(), ledger::Reason::issue});
  }

 private:
  Mesh* mesh_;
  RouteId route_;
};

TEST_CASE("a packet injected between two clocks is an internal error") {
  // The mesh keeps its events by clock: such a packet would be granted its next link half a clock early.
  Rig rig(geometry(2, 1));
  Again again(rig.mesh, rig.mesh.add_route(0, {1}));
  again.wake_at(kClock / 2);
  CHECK_THROWS_AS(kernel::run_until_quiescent(), InternalError);
}

TEST_CASE("a packet larger than a buffer is an internal error") {
  Rig rig(geometry(2, 1, {}, 5));
  rig.send(0, 0, {1}, 64, 1);  // 5 flits
  rig.send(1, 0, {1}, 65, 1);  // 6 flits
  rig.injector.start();
  CHECK_THROWS_AS(kernel::run_until_quiescent(), InternalError);
}

TEST_CASE("a second frame on the same mesh is timed and booked as the first") {
  Rig rig(geometry(3, 1));
  rig.send(0, 0, {2}, 64, 1);
  Again again(rig.mesh, rig.mesh.add_route(0, {2}));
  rig.run();
  CHECK(rig.delivered(1, 2) == 13);  // 4 links, 5 flits
  rig.ledger.restart(rig.end);
  rig.mesh.restart(rig.end);
  again.wake_at(rig.end);
  kernel::run_until_quiescent();
  rig.finish();
  CHECK(rig.delivered(2, 2) == 13 + 13);
  CHECK(rig.flit_hops() == 4 * 5);
  CHECK(rig.clocks("link.2.out", Leaf::idle_before_first_work) == 6);
  CHECK(rig.clocks("link.2.out", Leaf::useful_transfer) == 5);
  CHECK(rig.clocks("link.2.out", Leaf::idle_after_last_work) == 2);
  CHECK(rig.path(rig.deliveries.back()).size() == 4);
  rig.check_lanes_close();
  rig.check_bytes_conserved();
}

}  // namespace
}  // namespace cyclescope::noc
