// The event-driven stationary array against the register-accurate one: every event at the same clock, every leaf of time
// and of capacity of the same size, the same actions, on random arrays, folds, operand runs and egress windows.
#include <catch2/catch.hpp>

#include "sim/compute/register_stationary_array.h"
#include "sim/compute/stationary_array.h"
#include "tests/compute/random_folds.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

struct Pair {
  Pair(ledger::Ledger& exact_ledger, ledger::Ledger& reference_ledger, const std::string& name,
       const RandomCase& random)
      : exact(exact_ledger, "x" + name, random.geometry, random.plan),
        reference(reference_ledger, "r" + name, random.geometry, random.plan) {}
  Rig<StationaryArray> exact;
  Rig<RegisterStationaryArray> reference;
};

void compare(std::uint32_t first, std::uint32_t cases, Style style) {
  kernel::initialise();
  ledger::Ledger exact_ledger;
  ledger::Ledger reference_ledger;
  std::vector<ArrayGeometry> geometries;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::uint32_t seed = first; seed < first + cases; ++seed) {
    const RandomCase random = random_folds(seed, style);
    geometries.push_back(random.geometry);
    pairs.push_back(std::make_unique<Pair>(exact_ledger, reference_ledger, std::to_string(seed), random));
  }
  kernel::run_until_quiescent();
  std::uint32_t waits = 0;
  std::uint32_t stalls = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Rig<StationaryArray>& exact = pairs[i]->exact;
    Rig<RegisterStationaryArray>& reference = pairs[i]->reference;
    const ArrayGeometry& geometry = geometries[i];
    INFO("seed " << first + i << ": " << geometry.rows << " x " << geometry.columns << ", "
                 << geometry.stationary_buffers << " buffers");
    REQUIRE(exact.feeder.heard() == reference.feeder.heard());
    const std::int64_t end = exact.feeder.last_clock() + 3;
    exact.finish(end);
    reference.finish(end);
    for (std::size_t index = 0; index < ledger::kLeafCount; ++index) {
      const auto leaf = static_cast<ledger::Leaf>(index);
      INFO(ledger::name(leaf));
      REQUIRE(exact.time(leaf) == reference.time(leaf));
      REQUIRE(exact.slots(leaf) == reference.slots(leaf));
      if (ledger::is_waiting(leaf) && exact.time(leaf) != 0) ++waits;
    }
    stalls += exact.time(ledger::Leaf::waiting_output_space) != 0 ? 1 : 0;
    REQUIRE(exact.time(ledger::Leaf::unknown) == 0);
    REQUIRE(exact.path_of_last().count(ledger::Leaf::unknown) == 0);
    REQUIRE(reference.path_of_last().count(ledger::Leaf::unknown) == 0);
    const std::int64_t per_clock = static_cast<std::int64_t>(geometry.rows) * geometry.columns * geometry.quarter_macs;
    REQUIRE(exact.all_slots() == per_clock * end);
    REQUIRE(exact.slots(ledger::Leaf::useful_mac) == 4 * exact.count(exact.actions.mac));
    REQUIRE(exact.count(exact.actions.mac) == reference.count(reference.actions.mac));
    REQUIRE(exact.count(exact.actions.pe_hop) == reference.count(reference.actions.pe_hop));
    REQUIRE(exact.count(exact.actions.drain_hop) == reference.count(reference.actions.drain_hop));
  }
  CHECK(waits > cases / 2);    // the stimuli do starve
  CHECK(stalls > cases / 20);  // and stall
}

TEST_CASE("exact and register-accurate stationary array agree on regular runs") { compare(0, 2000, Style::regular); }
TEST_CASE("exact and register-accurate stationary array agree when lanes starve and columns stall") {
  compare(0, 800, Style::per_item);
}

}  // namespace
}  // namespace cyclescope::compute::test
