// Lost efficiency: hand-made results whose slots are written out, sums that must close, and faults that must show.
#include "sim/results/scaling.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "sim/base/error.h"
#include "tests/results/scaling_support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::results;
using ledger::Leaf;
using testing::array;
using testing::machine;

std::int64_t at(const CauseSlots& slots, ScalingCause cause) { return slots[static_cast<std::size_t>(cause)]; }

/// One tile of 16 quarter-MACs per clock (4 MAC/clock), 100 cycles: 1600 slots, of which 1000 useful (250 MACs).
RunResult one_tile() {
  return machine(100, 1, 250,
                 {array(100, {{Leaf::useful_mac, 1000},
                              {Leaf::structural_fill, 100},
                              {Leaf::structural_drain, 60},
                              {Leaf::waiting_operand_dram_bandwidth, 240},
                              {Leaf::overhead_launch, 200}})});
}

/// Two such tiles, 70 cycles: 2240 slots, of which 1000 useful.
RunResult two_tiles() {
  return machine(70, 1, 250,
                 {array(70, {{Leaf::useful_mac, 500},
                             {Leaf::structural_fill, 100},
                             {Leaf::structural_drain, 40},
                             {Leaf::waiting_operand_dram_bandwidth, 280},
                             {Leaf::overhead_launch, 200}}),
                  array(70, {{Leaf::useful_mac, 500},
                             {Leaf::structural_fill, 100},
                             {Leaf::waiting_operand_dram_bandwidth, 200},
                             {Leaf::overhead_launch, 200},
                             {Leaf::idle_unused, 80},
                             {Leaf::idle_no_demand, 40}})});
}

std::string broken(const RunResult& result) {
  try {
    array_slots(result);
  } catch (const CheckFailed& error) {
    CHECK(error.exit_code() == 4);
    return error.what();
  }
  return "closed";
}

}  // namespace

TEST_CASE("every leaf is useful, unaccounted or lost to one cause of the table") {
  std::set<ScalingCause> used;
  std::size_t useful = 0;
  std::size_t unaccounted = 0;
  for (std::size_t leaf = 0; leaf < ledger::kLeafCount; ++leaf) {
    const LeafRole role = role_of(static_cast<Leaf>(leaf));
    if (role.kind == LeafRole::Kind::lost) used.insert(role.cause);
    useful += role.kind == LeafRole::Kind::useful ? 1U : 0U;
    unaccounted += role.kind == LeafRole::Kind::unaccounted ? 1U : 0U;
  }
  CHECK(useful == 1);
  CHECK(unaccounted == 1);
  CHECK(used.size() == kScalingCauses - 2);  // all but heterogeneity and elsewhere, which are no leaves
  CHECK(used.count(ScalingCause::heterogeneity) + used.count(ScalingCause::elsewhere) == 0);
  CHECK_THROWS_AS(role_of(static_cast<Leaf>(ledger::kLeafCount)), InternalError);
}

TEST_CASE("every cause has a key and a title of its own") {
  std::set<std::string> keys;
  std::set<std::string> titles;
  for (std::size_t cause = 0; cause < kScalingCauses; ++cause) {
    keys.insert(key(static_cast<ScalingCause>(cause)));
    titles.insert(title(static_cast<ScalingCause>(cause)));
  }
  CHECK(keys.size() == kScalingCauses);
  CHECK(titles.size() == kScalingCauses);
}

TEST_CASE("the slots of one run add up by cause") {
  const ArraySlotSums sums = array_slots(two_tiles());
  CHECK(sums.arrays == 2);
  CHECK(sums.slots_per_cycle == 32);  // 2 x 16
  CHECK(sums.all == 2240);            // 32 x 70
  CHECK(sums.useful == 1000);
  CHECK(at(sums.lost, ScalingCause::fill_drain) == 240);      // 100 + 40 + 100
  CHECK(at(sums.lost, ScalingCause::dram_bandwidth) == 480);  // 280 + 200
  CHECK(at(sums.lost, ScalingCause::launch) == 400);
  CHECK(at(sums.lost, ScalingCause::quantisation) == 120);  // 80 + 40
}

TEST_CASE("lost efficiency of two tiles beside one, by hand") {
  const LostEfficiency lost = lost_efficiency(array_slots(one_tile()), 1, array_slots(two_tiles()), 1);
  // E = 1600 / 2240; 1 - E = 640 / 2240
  CHECK(lost.denominator == 2240);
  CHECK(lost.lost == 640);
  CHECK(at(lost.terms, ScalingCause::fill_drain) == 80);       // 240 - 160
  CHECK(at(lost.terms, ScalingCause::dram_bandwidth) == 240);  // 480 - 240
  CHECK(at(lost.terms, ScalingCause::launch) == 200);          // 400 - 200
  CHECK(at(lost.terms, ScalingCause::quantisation) == 120);    // 120 - 0
  CHECK(at(lost.terms, ScalingCause::elsewhere) == 0);         // 80 + 240 + 200 + 120 = 640
  CHECK(lost.efficiency() == Approx(1600.0 / 2240.0));
}

TEST_CASE("MACs that one machine does elsewhere are a term of their own") {
  RunResult fewer = two_tiles();
  fewer.macs_executed = 240;  // 10 MACs, 40 quarter-MACs, on vector units: the array waits for them
  fewer.lanes[0].slots[static_cast<std::size_t>(Leaf::useful_mac)] -= 40;
  fewer.lanes[0].slots[static_cast<std::size_t>(Leaf::waiting_dependency)] += 40;
  const LostEfficiency lost = lost_efficiency(array_slots(one_tile()), 1, array_slots(fewer), 1);
  CHECK(lost.lost == 640);
  CHECK(at(lost.terms, ScalingCause::serial_operators) == 40);
  CHECK(at(lost.terms, ScalingCause::elsewhere) == -40);  // 960 - 1000
}

TEST_CASE("weak scaling is held against as many times the base's work") {
  RunResult twice = two_tiles();  // 2 frames on 2 tiles in 120 cycles: 3840 slots
  twice = machine(120, 2, 500,
                  {array(120, {{Leaf::useful_mac, 1000}, {Leaf::structural_fill, 100}, {Leaf::overhead_launch, 820}}),
                   array(120, {{Leaf::useful_mac, 1000}, {Leaf::structural_fill, 120}, {Leaf::overhead_launch, 800}})});
  const LostEfficiency lost = lost_efficiency(array_slots(one_tile()), 1, array_slots(twice), 2);
  // E = 2 x 1600 / 3840; terms are L_2 - 2 L_1
  CHECK(lost.denominator == 3840);
  CHECK(lost.lost == 640);
  CHECK(at(lost.terms, ScalingCause::fill_drain) == -100);      // 220 - 2 x 160
  CHECK(at(lost.terms, ScalingCause::dram_bandwidth) == -480);  // 0 - 2 x 240
  CHECK(at(lost.terms, ScalingCause::launch) == 1220);          // 1620 - 2 x 200
  CHECK(at(lost.terms, ScalingCause::elsewhere) == 0);          // 2000 - 2 x 1000
  // A base of two frames and a point of three: E = (3 x S_1) / (2 x S_N).
  const LostEfficiency odd = lost_efficiency(array_slots(one_tile()), 4, array_slots(two_tiles()), 6);
  CHECK(odd.base_work == 2);
  CHECK(odd.work == 3);
  CHECK(odd.denominator == 2 * 2240);
  CHECK(odd.lost == 2 * 2240 - 3 * 1600);
}

TEST_CASE("tiles of a kind that did nothing are heterogeneity, idle ones of a kind that worked are not") {
  RunResult mixed = two_tiles();
  mixed.lanes.push_back(array(70, {{Leaf::idle_unused, 70 * 16}}));
  mixed.lanes.push_back(array(70, {{Leaf::idle_unused, 70 * 8}}));
  const ArraySlotSums sums = array_slots(mixed);
  CHECK(at(sums.lost, ScalingCause::heterogeneity) == 560);           // 70 x 8: no tile of 8 executed anything
  CHECK(at(sums.lost, ScalingCause::quantisation) == 120 + 70 * 16);  // tiles of 16 did
  CHECK(sums.all == 2240 + 1120 + 560);

  RunResult idle = machine(
      70, 1, 0, {array(70, {{Leaf::waiting_dependency, 70 * 16}}), array(70, {{Leaf::waiting_dependency, 70 * 8}})});
  CHECK(at(array_slots(idle).lost, ScalingCause::serial_operators) == 70 * 24);  // no kind worked: nothing to blame
}

TEST_CASE("lanes without slots take no part") {
  RunResult result = two_tiles();
  result.lanes.push_back({"dma.0", {}, {}});
  CHECK(array_slots(result).arrays == 2);
}

TEST_CASE("what does not close is a failed check with the numbers") {
  CHECK(broken(two_tiles()) == "closed");
  const auto slot = [](RunResult& result, Leaf leaf) -> std::int64_t& {
    return result.lanes[1].slots[static_cast<std::size_t>(leaf)];
  };
  RunResult one_more = two_tiles();
  ++slot(one_more, Leaf::structural_fill);  // 1121 slots in 70 cycles
  CHECK(broken(one_more).find("array.0 has 1121 quarter-MACs in 70 cycles") != std::string::npos);

  RunResult moved = two_tiles();
  ++slot(moved, Leaf::useful_mac);
  --slot(moved, Leaf::idle_unused);
  CHECK(broken(moved).find("1001 useful quarter-MACs, expected 4 for each of the 250") != std::string::npos);

  RunResult unknown = two_tiles();
  slot(unknown, Leaf::unknown) = 16;
  CHECK(broken(unknown).find("16 quarter-MACs and 0 fs in 'unknown'") != std::string::npos);

  RunResult time = two_tiles();
  time.lanes[0].time[0] -= 5;
  CHECK(broken(time).find("expected the makespan 70000 fs") != std::string::npos);

  ArraySlotSums tampered = array_slots(two_tiles());
  tampered.lost[0] += 1;
  CHECK_THROWS_AS(lost_efficiency(array_slots(one_tile()), 1, tampered, 1), CheckFailed);
}

TEST_CASE("arrays that take turns have more slots than the chip and are refused") {
  RunResult result = two_tiles();  // 8 MAC/clock
  result.clock_hz = 1'000'000'000;
  result.peak_macs_per_second = 8'000'000'000;
  CHECK(array_slots(result).all == 2240);
  result.peak_macs_per_second = 4'000'000'000;
  CHECK_THROWS_AS(array_slots(result), NotModelled);
  CHECK_THROWS_WITH(array_slots(result), Catch::Contains("take turns") && Catch::Contains("4000000000 MAC/s"));
}

TEST_CASE("runs without slots or work cannot be compared") {
  CHECK_THROWS_AS(lost_efficiency({}, 1, array_slots(one_tile()), 1), InputError);
  CHECK_THROWS_AS(lost_efficiency(array_slots(one_tile()), 0, array_slots(one_tile()), 1), InputError);
}
