// The event-driven array against the register-accurate one: every event at the same clock, every leaf of time of the same
// length, the same actions, on random arrays, blocks, operand runs and egress windows.
#include <catch2/catch.hpp>

#include "sim/compute/exact_array.h"
#include "sim/compute/register_array.h"
#include "tests/compute/random_plan.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

struct Pair {
  Pair(const std::string& name, const RandomCase& random)
      : exact("x" + name, random.geometry, random.plan), reference("r" + name, random.geometry, random.plan) {}
  Rig<ExactArray> exact;
  Rig<RegisterArray> reference;
};

void compare(int cases, bool interleave, Style style) {
  kernel::initialise();
  std::vector<RandomCase> randoms;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < cases; ++i) {
    randoms.push_back(random_case(static_cast<std::uint32_t>(i), interleave, style));
    pairs.push_back(std::make_unique<Pair>(std::to_string(i), randoms.back()));
  }
  kernel::run_until_quiescent();
  int waited = 0;
  for (int i = 0; i < cases; ++i) {
    Pair& pair = *pairs[static_cast<std::size_t>(i)];
    const ArrayGeometry& geometry = randoms[static_cast<std::size_t>(i)].geometry;
    INFO("case " << i << ": " << geometry.rows << " x " << geometry.columns);
    REQUIRE(pair.exact.feeder.heard() == pair.reference.feeder.heard());
    const std::int64_t end = pair.exact.feeder.last_clock() + 3;
    pair.exact.finish(end);
    pair.reference.finish(end);
    for (std::size_t leaf = 0; leaf < ledger::kLeafCount; ++leaf) {
      INFO(ledger::name(static_cast<ledger::Leaf>(leaf)));
      REQUIRE(pair.exact.ledger.time(0)[leaf] == pair.reference.ledger.time(0)[leaf]);
      if (ledger::is_waiting(static_cast<ledger::Leaf>(leaf)) && pair.exact.ledger.time(0)[leaf] != 0) ++waited;
    }
    REQUIRE(pair.exact.ledger.time(0)[static_cast<std::size_t>(ledger::Leaf::unknown)] == 0);
    const std::int64_t capacity = static_cast<std::int64_t>(geometry.rows) * geometry.columns * geometry.quarter_macs * end;
    REQUIRE(pair.exact.all_slots() == capacity);
    REQUIRE(pair.reference.all_slots() == capacity);
    REQUIRE(pair.exact.slots(ledger::Leaf::useful_mac) == pair.reference.slots(ledger::Leaf::useful_mac));
    REQUIRE(pair.exact.path_of_last().count(ledger::Leaf::unknown) == 0);
    REQUIRE(pair.reference.path_of_last().count(ledger::Leaf::unknown) == 0);
    for (std::size_t action = 0; action < 3; ++action) {
      REQUIRE(pair.exact.ledger.actions()[action].count == pair.reference.ledger.actions()[action].count);
    }
  }
  CHECK(waited > cases / 2);  // the stimuli do starve and stall
}

TEST_CASE("exact and register-accurate array agree on regular runs with drains apart") { compare(1500, false, Style::regular); }
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
