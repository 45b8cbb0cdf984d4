// Folds timed by hand, on both models of the stationary array.
#include <catch2/catch.hpp>

#include "sim/compute/register_stationary_array.h"
#include "sim/compute/stationary_array.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

using ledger::Leaf;

ArrayGeometry weights_stay(int rows, int columns, int buffers = 2) {
  ArrayGeometry geometry;
  geometry.rows = rows;
  geometry.columns = columns;
  geometry.dataflow = Dataflow::weight_stationary;
  geometry.stationary_buffers = buffers;
  return geometry;
}

/// Equal folds; all tokens are there from clock 0 on and all results leave at once.
std::vector<Call> folds(int count, int m, int n, std::int64_t steps) {
  std::vector<Call> plan;
  for (int id = 0; id < count; ++id) {
    plan.push_back(push_at(0, id, m, n, steps));
    plan.push_back(supply_at(0, Side::b, id, 0, m, 0));
    plan.back().run.clocks_num = 0;
    plan.push_back(supply_at(0, Side::a, id, 0, steps, 0));
    plan.back().run.clocks_num = 0;
    plan.push_back(open_at(0, id, 0, 1));
  }
  return plan;
}

TEMPLATE_TEST_CASE("one full fold clock by clock", "", StationaryArray, RegisterStationaryArray) {
  // 2x2 PEs, T = 3, rows of B from clock 5 on.
  //   clock  5: row 1 enters PE(0,0)
  //   clock  6: row 0 enters PE(0,0), row 1 moves on to PE(1,0); row 1 enters PE(0,1)
  //   clock  7: S; PE(0,0) t=0; row 0 enters PE(0,1), row 1 moves on to PE(1,1)
  //   clock  8: PE(0,0) t=1, PE(1,0) t=0, PE(0,1) t=0
  //   clock  9: PE(0,0) t=2, PE(1,0) t=1, PE(0,1) t=1, PE(1,1) t=0; sum (0, column 0) on the edge
  //   clock 10: PE(1,0) t=2, PE(0,1) t=2, PE(1,1) t=1; sums (1, 0) and (0, 1)
  //   clock 11: PE(1,1) t=2; sums (2, 0) and (1, 1)
  //   clock 12: sum (2, 1) on the edge, R + T + R + C - 1 = 8 clocks since clock 5; it leaves in clock 13
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<TestType> rig(
      ledger, "hand", weights_stay(2, 2),
      {push_at(0, 0, 2, 2, 3), supply_at(0, Side::b, 0, 0, 2, 5), supply_at(0, Side::a, 0, 0, 3, 0), open_at(0, 0, 0)});
  kernel::run_until_quiescent();
  rig.finish(15);
  CHECK(rig.feeder.heard() == std::vector<Heard>{{"entered a", 0, 0, 3},  // lane 1, token 2: 0 + 1 + 2
                                                 {"entered b", 0, 0, 7},  // lane 1, row 0: 5 + 1 + 1
                                                 {"first", 0, 0, 9},
                                                 {"last", 0, 0, 13}});
  CHECK(rig.time(Leaf::waiting_operand_l2) == 5);
  CHECK(rig.time(Leaf::structural_fill) == 2 + 2);  // two rows; 7 and 8, until the far corner starts
  CHECK(rig.time(Leaf::useful_mac) == 1);           // 9
  CHECK(rig.time(Leaf::structural_drain) == 3);     // 10 to 12
  CHECK(rig.time(Leaf::idle_after_last_work) == 2);
  CHECK(rig.slots(Leaf::useful_mac) == 4 * 3 * 4);                         // 4 PEs, 3 steps, 4 quarter-MACs
  CHECK(rig.slots(Leaf::structural_fill) == (2 * 4 + 0 + 1 + 1 + 2) * 4);  // two clocks of all; i + j per PE
  CHECK(rig.slots(Leaf::structural_drain) == (3 + 2 + 2 + 1) * 4);         // from 10 + i + j to 12
  CHECK(rig.slots(Leaf::structural_padding) == 0);
  CHECK(rig.all_slots() == 4 * 4 * 15);
  CHECK(rig.count(rig.actions.mac) == 12);
  CHECK(rig.count(rig.actions.pe_hop) == 3 * 2 * 1 + 2 * 1);  // streamed east; row 1 south in two columns
  CHECK(rig.count(rig.actions.drain_hop) == 3 * 2 * 1);       // each sum from PE row 0 to PE row 1
}

TEMPLATE_TEST_CASE("a fold in part of the array still passes all rows", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<TestType> rig(ledger, "part", weights_stay(4, 4), folds(1, 2, 3, 5));
  kernel::run_until_quiescent();
  rig.finish(14);
  // Two rows load in 0 and 1, S = 2, first sum on the edge at 2 + 4, last at 2 + 4 + 4 + 2 = 12.
  CHECK(rig.feeder.clock_of("first", 0) == 6);
  CHECK(rig.feeder.clock_of("last", 0) == 2 + 5 + 4 + 3 - 1);  // m + T + R + n - 1 = 13
  CHECK(rig.slots(Leaf::useful_mac) == 2 * 3 * 5 * 4);
  CHECK(rig.slots(Leaf::structural_padding) == (16 - 6) * 5 * 4);
  CHECK(rig.count(rig.actions.pe_hop) == 5 * 2 * 2 + 3 * 1);
  CHECK(rig.count(rig.actions.drain_hop) == 5 * 3 * 3);
}

TEMPLATE_TEST_CASE("every full fold takes R + T + R + C - 1 clocks", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  std::vector<std::unique_ptr<Rig<TestType>>> rigs;
  std::vector<std::int64_t> expected;
  for (const int rows : {1, 2, 3, 5, 8, 16}) {
    for (const int columns : {1, 2, 3, 5, 8, 16}) {
      for (const std::int64_t steps : {1, 2, 3, 7, 40}) {
        const std::string name = std::to_string(rigs.size());
        rigs.push_back(
            std::make_unique<Rig<TestType>>(ledger, name, weights_stay(rows, columns), folds(1, rows, columns, steps)));
        expected.push_back(2 * rows + steps + columns - 1);
      }
    }
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < rigs.size(); ++i) CHECK(rigs[i]->feeder.clock_of("last", 0) == expected[i]);
}

TEMPLATE_TEST_CASE("two folds follow each other by max(T, R), or by T + R with one buffer", "", StationaryArray,
                   RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<TestType> short_two(ledger, "short2", weights_stay(4, 4, 2), folds(2, 4, 4, 2));
  Rig<TestType> long_two(ledger, "long2", weights_stay(4, 4, 2), folds(2, 4, 4, 6));
  Rig<TestType> short_one(ledger, "short1", weights_stay(4, 4, 1), folds(2, 4, 4, 2));
  Rig<TestType> long_one(ledger, "long1", weights_stay(4, 4, 1), folds(2, 4, 4, 6));
  kernel::run_until_quiescent();
  // S = 4 after four rows; the last sum leaves at S + T + R + C - 1 = S + T + 7.
  CHECK(short_two.feeder.clock_of("last", 0) == 4 + 2 + 7);
  CHECK(short_two.feeder.clock_of("last", 1) == 8 + 2 + 7);  // rows of fold 1 in 4 to 7: S' = 8 = S + R
  CHECK(long_two.feeder.clock_of("last", 0) == 4 + 6 + 7);
  CHECK(long_two.feeder.clock_of("last", 1) == 10 + 6 + 7);   // S' = S + T
  CHECK(short_one.feeder.clock_of("last", 1) == 10 + 2 + 7);  // rows in 6 to 9: S' = S + T + R
  CHECK(long_one.feeder.clock_of("last", 1) == 14 + 6 + 7);   // rows in 10 to 13
}

TEMPLATE_TEST_CASE("a matrix-vector product is bound by the load", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<TestType> rig(ledger, "gemv", weights_stay(4, 4), folds(5, 4, 4, 1));
  kernel::run_until_quiescent();
  for (std::int64_t fold = 0; fold < 5; ++fold) {  // a fold every R = 4 clocks; each alone takes 2R + 1 + C - 1 = 12
    CHECK(rig.feeder.clock_of("first", fold) == 4 + 4 * fold + 4);
    CHECK(rig.feeder.clock_of("last", fold) == 12 + 4 * fold);
  }
}

TEMPLATE_TEST_CASE("when the inputs stay, the sides change places", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  std::vector<Call> plan{
      push_at(0, 0, 3, 2, 5), supply_at(0, Side::b, 0, 0, 3, 2), supply_at(0, Side::a, 0, 0, 5, 7), open_at(0, 0, 0),
      push_at(0, 1, 2, 4, 1), supply_at(0, Side::b, 1, 0, 2, 6), supply_at(0, Side::a, 1, 0, 1, 9), open_at(0, 1, 4)};
  std::vector<Call> mirrored = plan;
  for (Call& call : mirrored) call.side = call.side == Side::a ? Side::b : Side::a;
  ArrayGeometry inputs_stay = weights_stay(4, 4);
  inputs_stay.dataflow = Dataflow::input_stationary;
  Rig<TestType> weights(ledger, "ws", weights_stay(4, 4), plan);
  Rig<TestType> inputs(ledger, "is", inputs_stay, mirrored);
  kernel::run_until_quiescent();
  std::vector<Heard> swapped = inputs.feeder.heard();
  for (Heard& heard : swapped) {
    if (heard.what.substr(0, 7) == "entered") heard.what = heard.what == "entered a" ? "entered b" : "entered a";
  }
  std::sort(swapped.begin(), swapped.end());
  CHECK(weights.feeder.heard() == swapped);
  CHECK(weights.feeder.clock_of("last", 0) == 7 + 5 + 4 + 2 - 1);   // S = 7, the first streamed token
  CHECK(weights.feeder.clock_of("last", 1) == 12 + 1 + 4 + 4 - 1);  // S' = S + T
}

TEMPLATE_TEST_CASE("a late row delays the next fold and not the one that streams", "", StationaryArray,
                   RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  std::vector<Call> plan = folds(2, 4, 4, 6);
  plan[5].run.steps = 3;
  plan.insert(plan.begin() + 6, supply_at(0, Side::b, 1, 3, 1, 14));
  plan[6].cause = Leaf::waiting_operand_dram_row;
  Rig<TestType> rig(ledger, "late", weights_stay(4, 4), plan);
  kernel::run_until_quiescent();
  rig.finish(26);
  CHECK(rig.feeder.clock_of("last", 0) == 4 + 6 + 7);    // as without the late row
  CHECK(rig.feeder.clock_of("last", 1) == 15 + 6 + 7);   // S' is the clock behind the row
  CHECK(rig.time(Leaf::waiting_operand_dram_row) == 0);  // sums of fold 0 are on their way until 16
}

TEMPLATE_TEST_CASE("a row later than everything is waited for", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  std::vector<Call> plan = folds(2, 2, 2, 3);
  plan[5].run.steps = 1;
  plan.insert(plan.begin() + 6, supply_at(0, Side::b, 1, 1, 1, 20));
  plan[6].cause = Leaf::waiting_operand_dram_row;
  Rig<TestType> rig(ledger, "later", weights_stay(2, 2), plan);
  kernel::run_until_quiescent();
  rig.finish(30);
  // Fold 0: rows in 0 and 1, S = 2, last sum on the edge at 2 + 2 + 2 + 1 = 7. Fold 1: rows in 2 and 20, S' = 21.
  CHECK(rig.feeder.clock_of("last", 0) == 8);
  CHECK(rig.feeder.clock_of("last", 1) == 21 + 3 + 2 + 1);
  CHECK(rig.time(Leaf::waiting_operand_dram_row) == 20 - 8);
  CHECK(rig.time(Leaf::structural_fill) == (2 + 2) + (1 + 2));  // rows 0 and 1, then row 20, and each wavefront
  CHECK(rig.path_of_last()[Leaf::waiting_operand_dram_row] == 20);
}

TEMPLATE_TEST_CASE("a full egress FIFO freezes sums and load alike", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  ArrayGeometry geometry = weights_stay(1, 1);
  geometry.egress_depth = 2;
  Call open = open_at(0, 0, 10, 3);
  open.cause = Leaf::useful_vector;
  // Row in clock 0, S = 1, sums due at clocks 2, 3, 4, 5; they may leave from 10 on, one every 3 clocks.
  Call row = supply_at(0, Side::b, 1, 0, 1, 6);  // of the next fold: comes while everything is frozen
  Call next = open_at(0, 1, 0);
  Rig<TestType> rig(ledger, "egress", geometry,
                    {push_at(0, 0, 1, 1, 4), supply_at(0, Side::b, 0, 0, 1, 0), supply_at(0, Side::a, 0, 0, 4, 0), open,
                     push_at(0, 1, 1, 1, 1), row, supply_at(0, Side::a, 1, 0, 1, 0), next});
  kernel::run_until_quiescent();
  rig.finish(30);
  // Sum 2 needs the slot of sum 0, which leaves at 10: it arrives at 11 instead of 4. Sum 3 needs the slot of sum 1,
  // which leaves at 13: 14 instead of 12. The row enters at 11, at 14 step 4 of the array (S' = 5 in steps) goes on.
  CHECK(rig.feeder.clock_of("first", 0) == 2);
  CHECK(rig.feeder.clock_of("last", 0) == 10 + 3 * 3);
  CHECK(rig.time(Leaf::waiting_output_space) >= (11 - 4) + (14 - 12));
  // Fold 1 starts at 14, its sum is due at 15 and needs the slot of sum 2, which leaves at 16: 17. It leaves after sum
  // 3 has been taken, which lasts until 22.
  CHECK(rig.feeder.clock_of("first", 1) == 17);
  CHECK(rig.feeder.clock_of("last", 1) == 22);
  CHECK(rig.time(Leaf::waiting_output_space) == (11 - 4) + (14 - 12) + (17 - 15));
}

TEMPLATE_TEST_CASE("cells count their MACs and leave the clocks alone", "", StationaryArray, RegisterStationaryArray) {
  kernel::initialise();
  ledger::Ledger ledger;
  ArrayGeometry dot = weights_stay(8, 8);  // a 64-lane dot product per cell: K slice 512, N slice 8, a row per clock
  dot.cell_k = 64;
  dot.quarter_macs = 4 * 64;
  ArrayGeometry cube = weights_stay(8, 8);  // 4x4x4 per cell: K slice 32, N slice 32, four rows per clock
  cube.cell_m = cube.cell_n = cube.cell_k = 4;
  cube.quarter_macs = 4 * 64;
  std::vector<Call> five_rows = folds(1, 8, 8, 5);
  five_rows[0].block.macs = 5 * 500 * 8;  // K = 500 of 512
  std::vector<Call> ten_rows = folds(1, 8, 8, 3);
  ten_rows[0].block.macs = 10 * 32 * 32;  // T = ceil(10 / 4)
  Rig<TestType> a(ledger, "dot", dot, five_rows);
  Rig<TestType> b(ledger, "cube", cube, ten_rows);
  kernel::run_until_quiescent();
  a.finish(28);
  b.finish(26);
  CHECK(a.feeder.clock_of("last", 0) == 8 + 5 + 8 + 8 - 1);
  CHECK(b.feeder.clock_of("last", 0) == 8 + 3 + 8 + 8 - 1);
  CHECK(a.slots(Leaf::useful_mac) == 4 * 5 * 500 * 8);
  CHECK(a.slots(Leaf::structural_padding) == 4 * 5 * 12 * 8);  // 12 of 512 lanes
  CHECK(b.slots(Leaf::useful_mac) == 4 * 10 * 32 * 32);
  CHECK(b.slots(Leaf::structural_padding) == 4 * 2 * 32 * 32);  // 2 of 12 rows
  CHECK(a.all_slots() == 64 * 256 * 28);
  CHECK(b.all_slots() == 64 * 256 * 26);
}

}  // namespace
}  // namespace cyclescope::compute::test
