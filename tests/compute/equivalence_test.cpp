// The event-driven array against the register-accurate one: every event at the same clock, every leaf of time of the
// same length, the same actions, on random arrays, blocks, operand runs and egress windows.
#include <catch2/catch.hpp>

#include "sim/compute/exact_array.h"
#include "sim/compute/register_array.h"
#include "tests/compute/random_plan.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

struct Pair {
  Pair(ledger::Ledger& exact_ledger, ledger::Ledger& reference_ledger, const std::string& name,
       const RandomCase& random)
      : exact(exact_ledger, "x" + name, random.geometry, random.plan),
        reference(reference_ledger, "r" + name, random.geometry, random.plan) {}
  Rig<ExactArray> exact;
  Rig<RegisterArray> reference;
};

void compare(int cases, bool interleave, Style style) {
  kernel::initialise();
  ledger::Ledger exact_ledger;
  ledger::Ledger reference_ledger;
  std::vector<ArrayGeometry> geometries;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < cases; ++i) {
    const RandomCase random = random_case(static_cast<std::uint32_t>(i), interleave, style);
    geometries.push_back(random.geometry);
    pairs.push_back(std::make_unique<Pair>(exact_ledger, reference_ledger, std::to_string(i), random));
  }
  kernel::run_until_quiescent();
  int waits = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Rig<ExactArray>& exact = pairs[i]->exact;
    Rig<RegisterArray>& reference = pairs[i]->reference;
    const ArrayGeometry& geometry = geometries[i];
    INFO("case " << i << ": " << geometry.rows << " x " << geometry.columns);
    REQUIRE(exact.feeder.heard() == reference.feeder.heard());
    const std::int64_t end = exact.feeder.last_clock() + 3;
    exact.finish(end);
    reference.finish(end);
    for (std::size_t index = 0; index < ledger::kLeafCount; ++index) {
      const auto leaf = static_cast<ledger::Leaf>(index);
      INFO(ledger::name(leaf));
      REQUIRE(exact.time(leaf) == reference.time(leaf));
      if (ledger::is_waiting(leaf) && exact.time(leaf) != 0) ++waits;
    }
    REQUIRE(exact.time(ledger::Leaf::unknown) == 0);
    REQUIRE(exact.path_of_last().count(ledger::Leaf::unknown) == 0);
    REQUIRE(reference.path_of_last().count(ledger::Leaf::unknown) == 0);
    const std::int64_t per_clock = static_cast<std::int64_t>(geometry.rows) * geometry.columns * geometry.quarter_macs;
    REQUIRE(exact.all_slots() == per_clock * end);
    REQUIRE(reference.all_slots() == per_clock * end);
    REQUIRE(exact.slots(ledger::Leaf::useful_mac) == reference.slots(ledger::Leaf::useful_mac));
    REQUIRE(exact.count(exact.actions.mac) == reference.count(reference.actions.mac));
    REQUIRE(exact.count(exact.actions.pe_hop) == reference.count(reference.actions.pe_hop));
    REQUIRE(exact.count(exact.actions.drain_hop) == reference.count(reference.actions.drain_hop));
  }
  CHECK(waits > cases / 2);  // the stimuli do starve and stall
}

TEST_CASE("exact and register-accurate array agree on regular runs with drains apart") {
  compare(1500, false, Style::regular);
}
TEST_CASE("exact and register-accurate array agree on regular runs with drains interleaved") {
  compare(1500, true, Style::regular);
}
TEST_CASE("exact and register-accurate array agree when lanes starve and columns stall with drains apart") {
  compare(750, false, Style::per_item);
}
TEST_CASE("exact and register-accurate array agree when lanes starve and columns stall with drains interleaved") {
  compare(750, true, Style::per_item);
}

}  // namespace
}  // namespace cyclescope::compute::test
