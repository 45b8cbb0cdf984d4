// The mesh against the flit-by-flit reference: random traffic on random meshes, every instant equal.
#include <memory>
#include <random>
#include <set>
#include <tuple>

#include "tests/noc/flit_reference.h"
#include "tests/noc/rig.h"

namespace cyclescope::noc {
namespace {

using ledger::Leaf;
using test::FlitResult;
using test::Rig;
using test::Sent;

enum class Pattern { unicast, multicast, hot_spot, permutation, columns };

/// A mesh, its traffic, and what both models made of it.
struct Trial {
  Trial(unsigned seed, Pattern pattern) : random(seed) {
    static const std::vector<std::tuple<int, int, std::vector<Site>>> shapes{
        {1, 1, {0}},    {2, 1, {}},        {5, 1, {4, 0}},        {1, 4, {}},
        {2, 2, {0, 3}}, {3, 3, {0, 3, 6}}, {4, 4, {0, 4, 8, 12}}, {6, 6, {0, 6, 12, 18, 24, 30}},
        {4, 3, {5, 5}}, {3, 6, {}}};
    const auto& [width, height, edges] = shapes[below(shapes.size())];
    const int largest = 1 + static_cast<int>(below(256));  // bytes
    geometry = test::geometry(width, height, edges);
    geometry.flit_bytes = below(2) == 0 ? 16 : 8;
    geometry.router_latency = static_cast<int>(below(4));
    geometry.link_latency = 1 + static_cast<int>(below(3));
    geometry.credit_latency = 1 + static_cast<int>(below(below(4) == 0 ? 30 : 4));
    geometry.buffer_flits = static_cast<int>(geometry.flits(largest)) + static_cast<int>(below(below(2) == 0 ? 4 : 40));
    rig = std::make_unique<Rig>(geometry, "mesh" + std::to_string(seed));
    const int sites = rig->mesh.sites();
    const int span = 1 + static_cast<int>(below(800));  // clocks: crowded to sparse
    const int spot = static_cast<int>(below(static_cast<std::size_t>(sites)));
    for (std::int32_t token = 0; token < kPackets; ++token) {
      Sent sent;
      sent.at = static_cast<std::int64_t>(below(static_cast<std::size_t>(span)));
      sent.from = static_cast<Site>(below(static_cast<std::size_t>(sites)));
      sent.bytes = below(3) == 0 ? largest : 1 + static_cast<int>(below(static_cast<std::size_t>(largest)));
      sent.token = token;
      sent.to = destinations(pattern, sent.from, sites, spot);
      plan.push_back(sent);
    }
    // The injector calls in the order of the plan within a clock, as the reference does.
    for (const Sent& sent : plan) rig->send(sent.at, sent.from, sent.to, sent.bytes, sent.token);
    rig->injector.start();
  }

  std::size_t below(std::size_t limit) { return random() % limit; }

  std::vector<Site> destinations(Pattern pattern, Site from, int sites, int spot) {
    const auto any = [&] { return static_cast<Site>(below(static_cast<std::size_t>(sites))); };
    std::set<Site> to;
    switch (pattern) {
      case Pattern::unicast:
        to.insert(any());
        break;
      case Pattern::multicast:
        for (std::size_t i = 0, n = 1 + below(6); i < n; ++i) to.insert(any());
        break;
      case Pattern::hot_spot:
        to.insert(below(4) == 0 ? any() : spot);
        break;
      case Pattern::permutation:
        to.insert((from * 7 + spot) % sites);
        break;
      case Pattern::columns:  // a whole column, or one of its nodes
        const Site node = any() % (geometry.width * geometry.height);
        to.insert(node);
        for (Site at = node % geometry.width; spot % 2 == 0 && at < geometry.width * geometry.height;) {
          to.insert(at);
          at += geometry.width;
        }
        break;
    }
    std::vector<Site> order(to.begin(), to.end());
    std::shuffle(order.begin(), order.end(), random);
    return order;
  }

  void compare() const {
    INFO(geometry.width << " x " << geometry.height << ", buffer " << geometry.buffer_flits << ", credit latency "
                        << geometry.credit_latency << ", hop " << geometry.router_latency + geometry.link_latency);
    const FlitResult expected = test::tick_flits(geometry, plan);
    std::vector<FlitResult::Arrival> arrivals;
    for (const test::Delivery& d : rig->deliveries) arrivals.push_back({d.at, d.site, d.token});
    std::sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) {
      return std::tie(a.at, a.site, a.token) < std::tie(b.at, b.site, b.token);
    });
    CHECK((arrivals == expected.arrivals));
    std::map<Site, std::vector<std::int64_t>> tails;
    for (const test::Taken& taken : rig->taken) tails[taken.site].push_back(taken.tail);
    CHECK((tails == expected.tail_at));
    for (ledger::LaneId lane = 0; lane < rig->ledger.lane_count(); ++lane) {
      const std::string& name = rig->ledger.lane_name(lane);
      const auto found = expected.links.find(name);
      const FlitResult::Usage usage = found == expected.links.end() ? FlitResult::Usage{} : found->second;
      INFO(name);
      CHECK(rig->clocks(name, Leaf::useful_transfer) == usage.transfer);
      CHECK(rig->clocks(name, Leaf::waiting_output_space) == usage.waiting);
    }
    rig->check_lanes_close();
    rig->check_bytes_conserved();
  }

  /// Every release is exact: walked back, each delivery reaches an injection that the origin released, without a gap.
  void check_paths() const {
    for (const test::Delivery& delivery : rig->deliveries) {
      Femtoseconds t = delivery.by.at;
      bool injected = false;
      rig->ledger.walk(delivery.by, 0, [&](const ledger::PathSegment& segment) {
        if (segment.cause == Leaf::unknown || segment.cause == Leaf::overhead_clock_crossing) {
          injected = true;  // from here on it waited for its clock of injection
          return;
        }
        CHECK_FALSE(injected);
        CHECK(segment.to == t);
        t = segment.from;
      });
      CHECK(std::any_of(plan.begin(), plan.end(), [&](const Sent& sent) { return sent.at * test::kClock == t; }));
    }
  }

  static constexpr std::int32_t kPackets = 150;
  std::mt19937 random;
  MeshGeometry geometry;
  std::vector<Sent> plan;
  std::unique_ptr<Rig> rig;
};

void check_trials(Pattern pattern, unsigned first_seed) {
  constexpr unsigned kTrials = 40;
  std::vector<std::unique_ptr<Trial>> trials;
  for (unsigned i = 0; i < kTrials; ++i) trials.push_back(std::make_unique<Trial>(first_seed + i, pattern));
  kernel::run_until_quiescent();
  Femtoseconds waiting = 0;
  for (const auto& trial : trials) {
    trial->rig->finish();
    trial->compare();
    trial->check_paths();
    for (ledger::LaneId lane = 0; lane < trial->rig->ledger.lane_count(); ++lane) {
      waiting += trial->rig->ledger.time(lane)[static_cast<std::size_t>(Leaf::waiting_output_space)];
    }
  }
  CHECK(waiting > 1000 * test::kClock);  // buffers did fill
}

TEST_CASE("equal to the flit reference: unicast") { check_trials(Pattern::unicast, 100); }

TEST_CASE("equal to the flit reference: multicast") { check_trials(Pattern::multicast, 200); }

TEST_CASE("equal to the flit reference: hot spot") { check_trials(Pattern::hot_spot, 300); }

TEST_CASE("equal to the flit reference: permutations") { check_trials(Pattern::permutation, 400); }

TEST_CASE("equal to the flit reference: columns") { check_trials(Pattern::columns, 500); }

}  // namespace
}  // namespace cyclescope::noc
