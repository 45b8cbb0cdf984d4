// Patterns on a 4 x 4 mesh: permutations and a hot spot. Every packet has 64 B = 5 flits.
#include <cstdlib>
#include <tuple>

#include "tests/noc/rig.h"

namespace cyclescope::noc {
namespace {

using ledger::Leaf;
using test::Delivery;
using test::geometry;
using test::kClock;
using test::Rig;

/// `packets` packets from every site to its partner, all injected at 0; token = 100 x source + number.
void send_permutation(Rig& rig, int packets, Site (*partner)(Site)) {
  for (Site site = 0; site < 16; ++site) {
    for (int i = 0; i < packets; ++i) rig.send(0, site, {partner(site)}, 64, 100 * site + i);
  }
}

Site next_in_row(Site site) { return site / 4 * 4 + (site + 1) % 4; }
Site transposed(Site site) { return site % 4 * 4 + site / 4; }

/// What holds for any pattern: each packet once, in order per pair, no byte lost, all lanes closed, all paths whole.
void check_complete(const Rig& rig, std::size_t packets) {
  REQUIRE(rig.deliveries.size() == packets);
  std::vector<std::int32_t> last(1600, -1);
  for (const Delivery& d : rig.deliveries) {
    const auto source = static_cast<std::size_t>(d.token / 100);
    CHECK(d.bytes == 64);
    CHECK(d.token % 100 == last[source] + 1);  // every source has one destination here
    last[source] = d.token % 100;
    Femtoseconds sum = 0;
    for (const ledger::PathSegment& segment : rig.path(d)) sum += segment.to - segment.from;
    CHECK(sum == d.at * kClock);
  }
  CHECK(rig.ledger.traffic().front().sent == static_cast<std::int64_t>(packets) * 64);
  rig.check_bytes_conserved();
  rig.check_lanes_close();
}

TEST_CASE("a permutation without a shared link runs every link back to back") {
  // In each row 0 -> 1 -> 2 -> 3 go one hop east, 3 -> 0 three hops west: no link is used by two pairs. Packet i is
  // 5 i clocks behind packet 0, which takes (1 + 2) x 2 + 5 = 11 clocks or (3 + 2) x 2 + 5 = 15.
  Rig rig(geometry(4, 4));
  send_permutation(rig, 6, next_in_row);
  rig.run();
  check_complete(rig, 16 * 6);
  for (Site site = 0; site < 16; ++site) {
    for (int i = 0; i < 6; ++i) {
      CHECK(rig.delivered(100 * site + i, next_in_row(site)) == (site % 4 == 3 ? 15 : 11) + 5 * i);
    }
  }
  // Links: 12 pairs over 3 links and 4 pairs over 5.
  CHECK(rig.flit_hops() == (12 * 3 + 4 * 5) * 6 * 5);
  CHECK(rig.clocks("link.0.e", Leaf::useful_transfer) == 30);
  CHECK(rig.clocks("link.0.e", Leaf::idle_no_demand) == 0);
}

TEST_CASE("the transpose loses no byte and crosses as many links as it must") {
  Rig rig(geometry(4, 4));
  send_permutation(rig, 6, transposed);
  rig.run();
  check_complete(rig, 16 * 6);
  // (x, y) -> (y, x): |x - y| hops on either axis. Differences over the 16 sites: 0 x4, 1 x6, 2 x4, 3 x2 = 20 hops on
  // each axis, 40 in all, and 2 links per pair at the ends.
  CHECK(rig.flit_hops() == (40 + 16 * 2) * 6 * 5);
  // No packet before its distance allows; those of the diagonal share no link with others and are back to back.
  for (Site site = 0; site < 16; ++site) {
    const int distance = 2 * std::abs(site % 4 - site / 4);
    CHECK(rig.delivered(100 * site, transposed(site)) >= (distance + 2) * 2 + 5);
    if (distance == 0) CHECK(rig.delivered(100 * site + 5, site) == 2 * 2 + 5 + 5 * 5);
  }
}

TEST_CASE("at a hot spot the ejection link takes a packet every five clocks, without a pause") {
  // 15 sites send 4 packets each to site 5. The four neighbours' first packets are at router 5 at clock 4: the ejection
  // link starts then and always has a queue. Packet n of all is delivered at 4 + 2 + 5 + 5 n.
  Rig rig(geometry(4, 4));
  for (Site site = 0; site < 16; ++site) {
    for (int i = 0; i < 4 && site != 5; ++i) rig.send(0, site, {5}, 64, 100 * site + i);
  }
  rig.run();
  check_complete(rig, 60);
  for (std::size_t n = 0; n < rig.deliveries.size(); ++n) {
    CHECK(rig.deliveries[n].at == 11 + static_cast<std::int64_t>(5 * n));
  }
  CHECK(rig.clocks("link.5.out", Leaf::idle_before_first_work) == 4);
  CHECK(rig.clocks("link.5.out", Leaf::useful_transfer) == 60 * 5);
  CHECK(rig.clocks("link.5.out", Leaf::idle_no_demand) == 0);
  CHECK(rig.clocks("link.5.out", Leaf::idle_after_last_work) == 2);
}

/// Random traffic from every site, one injector per site, built and woken in the given order of sites. A buffer holds
/// one of the largest packets (100 B = 8 flits).
struct ManyInjectors {
  ManyInjectors(const std::string& name, const std::vector<Site>& order) : rig(geometry(4, 4, {}, 8), name) {
    for (const Site site : order) {
      auto injector = std::make_unique<test::Injector>(name + "_site" + std::to_string(site), rig.mesh);
      // From the site's own seed: the same whatever the order. Bursts at few instants make many ties.
      std::uint32_t state = 77U + 13U * static_cast<std::uint32_t>(site);
      const auto below = [&state](std::uint32_t n) {
        state = state * 1664525U + 1013904223U;
        return static_cast<std::int32_t>((state >> 16) % n);
      };
      for (int i = 0; i < 30; ++i) {
        const std::int64_t at = 4 * below(20);
        const std::int32_t bytes = 1 + below(100);
        const Site to = below(16);
        const Site also = (to + 1 + below(15)) % 16;
        const std::vector<Site> destinations = i % 5 == 0 ? std::vector<Site>{to, also} : std::vector<Site>{to};
        injector->add({at, rig.mesh.add_route(site, destinations), {100 * site + i, bytes, 0, i}});
      }
      injectors.push_back(std::move(injector));
    }
    for (auto& injector : injectors) injector->start();
  }

  /// Deliveries in an order that does not depend on the order of calls within an instant.
  [[nodiscard]] std::vector<Delivery> sorted() const {
    std::vector<Delivery> all = rig.deliveries;
    std::sort(all.begin(), all.end(), [](const Delivery& a, const Delivery& b) {
      return std::tie(a.at, a.site, a.token) < std::tie(b.at, b.site, b.token);
    });
    return all;
  }

  Rig rig;
  std::vector<std::unique_ptr<test::Injector>> injectors;
};

TEST_CASE("the order in which sites inject at one instant changes nothing") {
  std::vector<Site> up;
  std::vector<Site> shuffled;
  for (Site site = 0; site < 16; ++site) {
    up.push_back(site);
    shuffled.push_back(site * 7 % 16);
  }
  const std::vector<Site> down(up.rbegin(), up.rend());
  ManyInjectors a("ascending", up);
  ManyInjectors b("descending", down);
  ManyInjectors c("shuffled", shuffled);
  kernel::run_until_quiescent();
  for (ManyInjectors* each : {&a, &b, &c}) {
    each->rig.finish();
    each->rig.check_lanes_close();
    each->rig.check_bytes_conserved();
  }
  REQUIRE(a.sorted().size() == 16 * (30 + 6));  // 30 packets, six of them to two sites
  CHECK(a.sorted() == b.sorted());
  CHECK(a.sorted() == c.sorted());
  for (ledger::LaneId lane = 0; lane < a.rig.ledger.lane_count(); ++lane) {
    CHECK(a.rig.ledger.time(lane) == b.rig.ledger.time(lane));
    CHECK(a.rig.ledger.time(lane) == c.rig.ledger.time(lane));
  }
}

}  // namespace
}  // namespace cyclescope::noc
