// Laws of the array's books: capacity closes and a lost posting opens it, injected delays appear in full and only once,
// the ledger decides nothing, late tokens are noticed, frames are independent.
#include <catch2/catch.hpp>

#include "sim/compute/exact_array.h"
#include "sim/compute/register_array.h"
#include "tests/compute/random_plan.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

using ledger::Leaf;

ArrayGeometry eight_by_eight() {
  ArrayGeometry geometry;
  geometry.rows = geometry.columns = 8;
  return geometry;
}

/// Two blocks of 40 steps fed without slack from clock 3 on; the second run of block 0's side B and all behind it
/// on that side come `late` clocks late.
std::vector<Call> tight_plan(std::int64_t late) {
  std::vector<Call> plan{push_at(0, 0, 8, 8, 40), push_at(0, 1, 8, 8, 40)};
  const auto run = [&](Side side, std::int64_t block, std::int64_t first, std::int64_t delay) {
    const std::int64_t clock = 3 + 40 * block + first + delay;
    plan.push_back(supply_at(clock, side, block, first, 20, clock));
  };
  for (std::int64_t block = 0; block < 2; ++block) {
    for (const std::int64_t first : {0, 20}) {
      run(Side::a, block, first, 0);
      run(Side::b, block, first, block == 0 && first == 0 ? 0 : late);
      if (block == 0 && first == 20) plan.back().cause = Leaf::waiting_operand_dram_row;
    }
  }
  plan.push_back(open_at(0, 0, 0));
  plan.push_back(open_at(0, 1, 0));
  return plan;
}

TEST_CASE("a run that comes k clocks late costs k clocks of its own cause and nothing else") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<ExactArray> punctual(ledger, "punctual", eight_by_eight(), tight_plan(0));
  std::vector<std::unique_ptr<Rig<ExactArray>>> late;
  for (std::int64_t k = 1; k <= 30; ++k) {
    const std::string name = "late" + std::to_string(k);
    late.push_back(std::make_unique<Rig<ExactArray>>(ledger, name, eight_by_eight(), tight_plan(k)));
  }
  kernel::run_until_quiescent();
  const std::int64_t end = 3 + 2 * 40 + 2 * 8 + 8 - 2;
  REQUIRE(punctual.feeder.last_clock() == end);
  punctual.finish(end);
  CHECK(punctual.time(Leaf::waiting_operand_dram_row) == 0);
  for (std::int64_t k = 1; k <= 30; ++k) {
    Rig<ExactArray>& rig = *late[static_cast<std::size_t>(k - 1)];
    REQUIRE(rig.feeder.last_clock() == end + k);
    rig.finish(end + k);
    for (std::size_t index = 0; index < ledger::kLeafCount; ++index) {
      const auto leaf = static_cast<Leaf>(index);
      CHECK(rig.time(leaf) == punctual.time(leaf) + (leaf == Leaf::waiting_operand_dram_row ? k : 0));
    }
  }
}

TEST_CASE("capacity closes over the frame and a lost posting opens it") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<ExactArray> whole(ledger, "whole", eight_by_eight(), tight_plan(5));
  ledger::Ledger faulty;
  faulty.inject({2});  // the third time posting of the frame
  Rig<ExactArray> broken(faulty, "broken", eight_by_eight(), tight_plan(5));
  kernel::run_until_quiescent();
  const std::int64_t end = whole.feeder.last_clock() + 4;
  whole.finish(end);
  broken.finish(end);
  CHECK(whole.all_slots() == 8 * 8 * 4 * end);
  CHECK(whole.slots(Leaf::useful_mac) == 2 * 40 * 8 * 8 * 4);
  CHECK(whole.slots(Leaf::structural_fill) == 8 * 8 * 7 * 4);  // mean of i + j is 7
  CHECK(whole.time(Leaf::unknown) == 0);
  CHECK(broken.time(Leaf::unknown) > 0);
  CHECK(broken.all_slots() != 8 * 8 * 4 * end);
}

TEST_CASE("switching the ledger off changes no clock") {
  kernel::initialise();
  ledger::Ledger on;
  ledger::Ledger off(false);
  std::vector<std::unique_ptr<Rig<ExactArray>>> booked;
  std::vector<std::unique_ptr<Rig<ExactArray>>> silent;
  for (std::uint32_t i = 0; i < 200; ++i) {
    const RandomCase random = random_case(i, i % 2 == 0, i % 4 < 2 ? Style::regular : Style::per_item);
    booked.push_back(std::make_unique<Rig<ExactArray>>(on, "b" + std::to_string(i), random.geometry, random.plan));
    silent.push_back(std::make_unique<Rig<ExactArray>>(off, "s" + std::to_string(i), random.geometry, random.plan));
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < booked.size(); ++i) {
    REQUIRE(booked[i]->feeder.heard() == silent[i]->feeder.heard());
  }
  CHECK(on.activity_count() > 0);
  CHECK(off.activity_count() == 0);
}

/// One 8x8 block of 30 steps with a clock for every token; lane 5 of side A is `late` clocks late.
template <class Model>
std::unique_ptr<Rig<Model>> with_late_lane(ledger::Ledger& ledger, const std::string& name, std::int64_t late) {
  const auto clocks = [](int late_lane, std::int64_t delay) {
    auto items = std::make_shared<std::vector<std::int64_t>>();
    for (int lane = 0; lane < 8; ++lane) {
      for (std::int64_t k = 0; k < 30; ++k) items->push_back(k + lane + (lane == late_lane ? delay : 0));
    }
    return items;
  };
  std::vector<Call> plan{push_at(0, 0, 8, 8, 30), supply_at(0, Side::a, 0, 0, 30, 0),
                         supply_at(0, Side::b, 0, 0, 30, 0), open_at(0, 0, 0)};
  plan[1].run.lane_clocks = clocks(5, late);
  plan[2].run.lane_clocks = clocks(-1, 0);
  return std::make_unique<Rig<Model>>(ledger, name, eight_by_eight(), plan);
}

TEMPLATE_TEST_CASE("mutant: one lane's tokens one clock late make every later event exactly one clock late", "",
                   ExactArray, RegisterArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  const auto right = with_late_lane<TestType>(ledger, "right", 0);
  const auto mutant = with_late_lane<TestType>(ledger, "mutant", 1);
  kernel::run_until_quiescent();
  CHECK(right->feeder.last_clock() == 30 + 2 * 8 + 8 - 2);
  CHECK(mutant->feeder.last_clock() == right->feeder.last_clock() + 1);
  CHECK(mutant->feeder.clock_of("first", 0) == right->feeder.clock_of("first", 0) + 1);
  CHECK_FALSE(mutant->feeder.heard() == right->feeder.heard());
}

TEMPLATE_TEST_CASE("two frames on one array book alike", "", ExactArray, RegisterArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  const ArrayActions actions = declare_actions(ledger);
  std::vector<Call> plan = tight_plan(3);
  std::vector<Call> both = plan;
  constexpr std::int64_t kSecond = 200;
  for (Call call : plan) {
    call.clock += kSecond;
    call.block.id += 2;
    call.run.block += 2;
    call.run.first_clock += kSecond;
    call.window.block += 2;
    call.window.from_clock += kSecond;
    both.push_back(call);
  }
  Feeder feeder("feeder", both);
  TestType array("array", eight_by_eight(), Clock(kPeriod), ledger, "array.0", actions, feeder);
  feeder.begin(array, ledger);
  sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(kSecond * kPeriod - 1)));
  array.finish(kSecond * kPeriod);
  ledger.finish(kSecond * kPeriod);
  const ledger::LeafSums time = ledger.time(0);
  const ledger::LeafSums slots = ledger.slots(0);
  ledger.restart(kSecond * kPeriod);
  array.restart(kSecond * kPeriod);
  kernel::run_until_quiescent();
  array.finish(2 * kSecond * kPeriod);
  ledger.finish(2 * kSecond * kPeriod);
  for (const Leaf leaf : {Leaf::useful_mac, Leaf::structural_fill, Leaf::structural_drain,
                          Leaf::idle_after_last_work}) {
    CHECK(ledger.time(0)[static_cast<std::size_t>(leaf)] == time[static_cast<std::size_t>(leaf)]);
    CHECK(ledger.slots(0)[static_cast<std::size_t>(leaf)] == slots[static_cast<std::size_t>(leaf)]);
  }
  std::int64_t sum = 0;
  for (const std::int64_t part : ledger.slots(0)) sum += part;
  CHECK(sum == 8 * 8 * 4 * kSecond);
}

TEMPLATE_TEST_CASE("calls that break the protocol are internal errors", "", ExactArray, RegisterArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  const ArrayActions actions = declare_actions(ledger);
  Feeder feeder("feeder", {});
  TestType array("array", eight_by_eight(), Clock(kPeriod), ledger, "array.0", actions, feeder);
  CHECK_THROWS_AS(array.supply(Side::a, supply_at(0, Side::a, 0, 0, 4, 0).run), InternalError);  // no such block
  CHECK_THROWS_AS(array.push_block(push_at(0, 0, 9, 8, 4).block, {}), InternalError);            // too many rows
  CHECK_THROWS_AS(array.push_block(push_at(0, 0, 8, 8, 0).block, {}), InternalError);            // nothing to do
  array.push_block(push_at(0, 4, 8, 8, 10).block, {});
  CHECK_THROWS_AS(array.push_block(push_at(0, 4, 8, 8, 10).block, {}), InternalError);           // not increasing
  CHECK_THROWS_AS(array.supply(Side::a, supply_at(0, Side::a, 4, 2, 4, 0).run), InternalError);  // steps 0, 1 left out
  CHECK_THROWS_AS(array.supply(Side::a, supply_at(0, Side::a, 4, 0, 11, 0).run), InternalError); // more than T
  array.open_egress(open_at(0, 4, 0).window);
  CHECK_THROWS_AS(array.open_egress(open_at(0, 4, 0).window), InternalError);                    // twice
  CHECK_THROWS_AS(array.finish(kPeriod), InternalError);                                         // block on the array
  CHECK_THROWS_AS(array.restart(kPeriod), InternalError);
  ArrayGeometry shallow = eight_by_eight();
  shallow.egress_depth = 1;
  CHECK_THROWS_AS(TestType("shallow", shallow, Clock(kPeriod), ledger, "array.1", actions, feeder), InternalError);
}

}  // namespace
}  // namespace cyclescope::compute::test
