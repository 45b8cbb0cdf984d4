// Laws of the stationary array: capacity closes, delays appear once and under their own cause, the ledger decides
// nothing, frames are independent, long folds cost no time, broken calls are refused, one clock more is noticed.
#include <catch2/catch.hpp>

#include "sim/compute/register_stationary_array.h"
#include "sim/compute/stationary_array.h"
#include "tests/compute/random_folds.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

using ledger::Leaf;

ArrayGeometry eight_by_eight() {
  ArrayGeometry geometry;
  geometry.rows = geometry.columns = 8;
  geometry.dataflow = Dataflow::weight_stationary;
  return geometry;
}

/// Two folds of 40 steps fed without slack from clock 3 on; the second half of fold 0's stream and all streamed tokens
/// behind it come `late` clocks late.
std::vector<Call> tight_plan(std::int64_t late) {
  std::vector<Call> plan;
  for (std::int64_t fold = 0; fold < 2; ++fold) {
    plan.push_back(push_at(0, fold, 8, 8, 40));
    plan.push_back(supply_at(0, Side::b, fold, 0, 8, 3 + 40 * fold));
    for (const std::int64_t first : {0, 20}) {
      const std::int64_t clock = 3 + 8 + 40 * fold + first + (fold == 0 && first == 0 ? 0 : late);
      plan.push_back(supply_at(clock, Side::a, fold, first, 20, clock));
      if (fold == 0 && first == 20) plan.back().cause = Leaf::waiting_operand_dram_row;
    }
    plan.push_back(open_at(0, fold, 0));
  }
  return plan;
}

constexpr std::int64_t kTightEnd = 3 + 8 + 2 * 40 + 8 + 8 - 1;  // S = 11, two streams, R + C - 1

TEST_CASE("streamed tokens k clocks late cost k clocks of their own cause and nothing else") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<StationaryArray> punctual(ledger, "punctual", eight_by_eight(), tight_plan(0));
  std::vector<std::unique_ptr<Rig<StationaryArray>>> late;
  for (std::int64_t k = 1; k <= 30; ++k) {
    const std::string name = "late" + std::to_string(k);
    late.push_back(std::make_unique<Rig<StationaryArray>>(ledger, name, eight_by_eight(), tight_plan(k)));
  }
  kernel::run_until_quiescent();
  REQUIRE(punctual.feeder.last_clock() == kTightEnd);
  punctual.finish(kTightEnd);
  CHECK(punctual.time(Leaf::waiting_operand_dram_row) == 0);
  for (std::int64_t k = 1; k <= 30; ++k) {
    Rig<StationaryArray>& rig = *late[static_cast<std::size_t>(k - 1)];
    REQUIRE(rig.feeder.last_clock() == kTightEnd + k);
    rig.finish(kTightEnd + k);
    for (std::size_t index = 0; index < ledger::kLeafCount; ++index) {
      const auto leaf = static_cast<Leaf>(index);
      CHECK(rig.time(leaf) == punctual.time(leaf) + (leaf == Leaf::waiting_operand_dram_row ? k : 0));
    }
  }
}

TEST_CASE("capacity of a stationary array closes and a lost posting opens it") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<StationaryArray> whole(ledger, "whole", eight_by_eight(), tight_plan(5));
  ledger::Ledger faulty;
  faulty.inject({2});  // the third time posting of the frame
  Rig<StationaryArray> broken(faulty, "broken", eight_by_eight(), tight_plan(5));
  kernel::run_until_quiescent();
  const std::int64_t end = whole.feeder.last_clock() + 4;
  whole.finish(end);
  broken.finish(end);
  CHECK(whole.all_slots() == 8 * 8 * 4 * end);
  CHECK(whole.slots(Leaf::useful_mac) == 2 * 40 * 8 * 8 * 4);
  CHECK(whole.slots(Leaf::structural_fill) == 8 * 8 * (8 + 7) * 4);  // eight rows; mean of i + j is 7
  CHECK(whole.time(Leaf::unknown) == 0);
  CHECK(broken.time(Leaf::unknown) > 0);
  CHECK(broken.all_slots() != 8 * 8 * 4 * end);
}

TEST_CASE("switching the ledger off changes no clock of a stationary array") {
  kernel::initialise();
  ledger::Ledger on;
  ledger::Ledger off(false);
  std::vector<std::unique_ptr<Rig<StationaryArray>>> booked;
  std::vector<std::unique_ptr<Rig<StationaryArray>>> silent;
  for (std::uint32_t i = 0; i < 200; ++i) {
    const RandomCase random = random_folds(i, i % 2 == 0 ? Style::regular : Style::per_item);
    booked.push_back(std::make_unique<Rig<StationaryArray>>(on, "b" + std::to_string(i), random.geometry, random.plan));
    silent.push_back(
        std::make_unique<Rig<StationaryArray>>(off, "s" + std::to_string(i), random.geometry, random.plan));
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < booked.size(); ++i) {
    REQUIRE(booked[i]->feeder.heard() == silent[i]->feeder.heard());
  }
  CHECK(on.activity_count() > 0);
  CHECK(off.activity_count() == 0);
}

/// The tight plan's first fold with a clock for every token; one lane is `late` clocks late.
template <class Model>
std::unique_ptr<Rig<Model>> with_late_lane(ledger::Ledger& ledger, const std::string& name, Side side,
                                           std::int64_t late) {
  const auto clocks = [&](bool mutant, std::int64_t tokens, std::int64_t from) {
    auto items = std::make_shared<std::vector<std::int64_t>>();
    for (int lane = 0; lane < 8; ++lane) {
      for (std::int64_t k = 0; k < tokens; ++k) items->push_back(from + k + lane + (mutant && lane == 5 ? late : 0));
    }
    return items;
  };
  std::vector<Call> plan{push_at(0, 0, 8, 8, 30), supply_at(0, Side::a, 0, 0, 30, 0), supply_at(0, Side::b, 0, 0, 8, 0),
                         open_at(0, 0, 0)};
  plan[1].run.lane_clocks = clocks(side == Side::a, 30, 8);
  plan[2].run.lane_clocks = clocks(side == Side::b, 8, 0);
  return std::make_unique<Rig<Model>>(ledger, name, eight_by_eight(), plan);
}

TEMPLATE_TEST_CASE("mutant: one lane one clock late makes every later event exactly one clock late", "",
                   StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  const auto right = with_late_lane<TestType>(ledger, "right", Side::a, 0);
  const auto streamed = with_late_lane<TestType>(ledger, "streamed", Side::a, 1);
  const auto stationary = with_late_lane<TestType>(ledger, "stationary", Side::b, 1);
  kernel::run_until_quiescent();
  CHECK(right->feeder.last_clock() == 8 + 30 + 8 + 8 - 1);
  for (const auto* mutant : {&streamed, &stationary}) {
    CHECK((*mutant)->feeder.clock_of("first", 0) == right->feeder.clock_of("first", 0) + 1);
    CHECK((*mutant)->feeder.last_clock() == right->feeder.last_clock() + 1);
  }
}

TEMPLATE_TEST_CASE("two frames on one stationary array book alike", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  const ArrayActions actions = declare_actions(ledger);
  const std::vector<Call> plan = tight_plan(3);
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
  for (const Leaf leaf :
       {Leaf::useful_mac, Leaf::structural_fill, Leaf::structural_drain, Leaf::idle_after_last_work}) {
    CHECK(ledger.time(0)[static_cast<std::size_t>(leaf)] == time[static_cast<std::size_t>(leaf)]);
    CHECK(ledger.slots(0)[static_cast<std::size_t>(leaf)] == slots[static_cast<std::size_t>(leaf)]);
  }
  std::int64_t sum = 0;
  for (const std::int64_t part : ledger.slots(0)) sum += part;
  CHECK(sum == 8 * 8 * 4 * kSecond);
}

TEST_CASE("a fold of a milliard steps takes no longer than one of ten") {
  kernel::initialise();
  ledger::Ledger ledger;
  constexpr std::int64_t kSteps = 1'000'000'000;
  std::vector<Call> plan;
  for (std::int64_t id = 0; id < 3; ++id) {
    plan.push_back(push_at(0, id, 8, 8, kSteps));
    plan.push_back(supply_at(0, Side::b, id, 0, 8, 0));
    plan.push_back(supply_at(0, Side::a, id, 0, kSteps, 0));
    plan.push_back(open_at(0, id, 0));
  }
  Rig<StationaryArray> rig(ledger, "long", eight_by_eight(), plan);
  kernel::run_until_quiescent();
  CHECK(rig.feeder.last_clock() == 8 + 3 * kSteps + 8 + 8 - 1);
  CHECK(ledger.activity_count() < 40);
}

TEMPLATE_TEST_CASE("calls that break the protocol of a stationary array are internal errors", "", StationaryArray,
                   RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  const ArrayActions actions = declare_actions(ledger);
  Feeder feeder("feeder", {});
  ArrayGeometry other = eight_by_eight();
  other.dataflow = Dataflow::output_stationary;
  CHECK_THROWS_AS(TestType("other", other, Clock(kPeriod), ledger, "array.1", actions, feeder), InternalError);
  other = eight_by_eight();
  other.stationary_buffers = 3;
  CHECK_THROWS_AS(TestType("three", other, Clock(kPeriod), ledger, "array.2", actions, feeder), InternalError);
  TestType array("array", eight_by_eight(), Clock(kPeriod), ledger, "array.0", actions, feeder);
  CHECK_THROWS_AS(array.supply(Side::a, supply_at(0, Side::a, 0, 0, 4, 0).run), InternalError);  // no such fold
  CHECK_THROWS_AS(array.push_block(push_at(0, 0, 9, 8, 4).block, {}), InternalError);            // too many rows
  CHECK_THROWS_AS(array.push_block(push_at(0, 0, 8, 8, 0).block, {}), InternalError);            // nothing to do
  CHECK_THROWS_AS(array.push_block(push_at(0, 0, 8, 8, 4, 257).block, {}), InternalError);       // 256 MACs at most
  array.push_block(push_at(0, 4, 6, 8, 10).block, {});
  CHECK_THROWS_AS(array.push_block(push_at(0, 4, 8, 8, 10).block, {}), InternalError);           // not increasing
  CHECK_THROWS_AS(array.supply(Side::b, supply_at(0, Side::b, 4, 0, 7, 0).run), InternalError);  // six rows only
  CHECK_THROWS_AS(array.supply(Side::a, supply_at(0, Side::a, 4, 2, 4, 0).run), InternalError);  // steps 0, 1 left out
  CHECK_THROWS_AS(array.finish(100), InternalError);                                             // with a fold on it
}

}  // namespace
}  // namespace cyclescope::compute::test
