// Small cases timed by hand, on both models.
#include <catch2/catch.hpp>

#include "sim/compute/exact_array.h"
#include "sim/compute/register_array.h"
#include "tests/compute/rig.h"

namespace cyclescope::compute::test {
namespace {

using ledger::Leaf;

ArrayGeometry square(int side) {
  ArrayGeometry geometry;
  geometry.rows = geometry.columns = side;
  return geometry;
}

/// A 2x2 block of two steps whose operands come at clock 5, one per lane and clock, and whose results leave at once.
//   clock  5: PE(0,0) k=0
//   clock  6: PE(0,0) k=1, PE(0,1) k=0, PE(1,0) k=0
//   clock  7: PE(0,1) k=1, PE(1,0) k=1, PE(1,1) k=0; result (0,0) on the edge
//   clock  8: PE(1,1) k=1; result (0,1) on the edge, (1,0) on its own link
//   clock  9: result (1,0) on the edge, (1,1) on its own link
//   clock 10: result (1,1) on the edge; it leaves in clock 11
std::vector<Call> two_by_two() {
  return {push_at(0, 0, 2, 2, 2), supply_at(1, Side::a, 0, 0, 2, 5), supply_at(2, Side::b, 0, 0, 2, 5),
          open_at(3, 0, 3)};
}

template <class Model>
void check_two_by_two() {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<Model> rig(ledger, "hand", square(2), two_by_two());
  kernel::run_until_quiescent();
  rig.finish(13);
  CHECK(rig.feeder.heard() == std::vector<Heard>{{"entered a", 0, 0, 7},  // lane 1, token 1: 5 + 1 + 1
                                                 {"entered b", 0, 0, 7},
                                                 {"first", 0, 0, 7},
                                                 {"last", 0, 0, 11}});
  CHECK(rig.time(Leaf::waiting_operand_l2) == 5);
  CHECK(rig.time(Leaf::structural_fill) == 2);  // 5, 6: the far corner starts at 7, after the last issue
  CHECK(rig.time(Leaf::useful_mac) == 0);
  CHECK(rig.time(Leaf::structural_drain) == 4);  // 7 to 10
  CHECK(rig.time(Leaf::idle_after_last_work) == 2);
  CHECK(rig.slots(Leaf::useful_mac) == 4 * 2 * 4);  // 4 PEs, 2 steps, 4 quarter-MACs
  CHECK(rig.all_slots() == 4 * 4 * 13);
  CHECK(rig.count(rig.actions.mac) == 8);
  CHECK(rig.count(rig.actions.pe_hop) == 2 * (2 * 1 + 2 * 1));
  CHECK(rig.count(rig.actions.drain_hop) == 2);  // (1,0) and (1,1), one hop each
}

TEST_CASE("2x2 block clock by clock on the exact array") { check_two_by_two<ExactArray>(); }
TEST_CASE("2x2 block clock by clock on the register-accurate array") { check_two_by_two<RegisterArray>(); }

/// Blocks of 2x2 with T = 1 whose operands are all there at `clock`.
std::vector<Call> short_blocks(int count, std::int64_t clock) {
  std::vector<Call> plan;
  for (int block = 0; block < count; ++block) {
    plan.push_back(push_at(0, block, 2, 2, 1));
    plan.push_back(supply_at(0, Side::a, block, 0, 1, clock));
    plan.push_back(supply_at(0, Side::b, block, 0, 1, clock));
    plan.push_back(open_at(0, block, 0));
  }
  return plan;
}

// Three blocks with operands at 5: a block may start 2m - 1 = 3 clocks after the one before, at 5, 8 and 11; in the two clocks between, the next block is ready and the drain holds it back. After 11 nothing is.
template <class Model>
void check_short_blocks() {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<Model> rig(ledger, "short", square(2), short_blocks(3, 5));
  kernel::run_until_quiescent();
  rig.finish(20);
  CHECK(rig.feeder.clock_of("last", 2) == 11 + 1 + 2 * 2 + 2 - 2);  // T + 2m + n - 2
  CHECK(rig.time(Leaf::structural_issue) == 2 * 2);                 // 6, 7 and 9, 10
  CHECK(rig.time(Leaf::structural_fill) + rig.time(Leaf::useful_mac) == 3);
  CHECK(rig.time(Leaf::structural_drain) == 4);  // 12 to 15
  CHECK(rig.all_slots() == 4 * 4 * 20);
}

TEST_CASE("blocks shorter than the drain wait for it: exact") { check_short_blocks<ExactArray>(); }
TEST_CASE("blocks shorter than the drain wait for it: register") { check_short_blocks<RegisterArray>(); }

TEST_CASE("blocks shorter than the drain: the slots of the wait are apart from those of the tail") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<ExactArray> rig(ledger, "slots", square(2), short_blocks(2, 0));
  kernel::run_until_quiescent();
  rig.finish(8);
  // Starts at 0 and 3; PE(i,j) sees everything i + j clocks late.
  CHECK(rig.slots(Leaf::useful_mac) == 2 * 4 * 4);
  CHECK(rig.slots(Leaf::structural_issue) == 4 * 2 * 4);  // two steps of every PE
  CHECK(rig.slots(Leaf::structural_fill) == (0 + 1 + 1 + 2) * 4);
}

TEST_CASE("2x2 block: the exact array tells idle PEs of fill from idle PEs of drain") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<ExactArray> rig(ledger, "slots", square(2), two_by_two());
  kernel::run_until_quiescent();
  rig.finish(13);
  CHECK(rig.slots(Leaf::structural_fill) == (0 + 1 + 1 + 2) * 4);   // i + j clocks per PE
  CHECK(rig.slots(Leaf::structural_drain) == (4 + 3 + 3 + 2) * 4);  // the rest of 6 clocks
  CHECK(rig.slots(Leaf::structural_padding) == 0);
}

TEST_CASE("the path of a starved block is drain then MACs then fill then the operand") {
  kernel::initialise();
  ledger::Ledger ledger;
  Rig<ExactArray> rig(ledger, "path", square(2),
                      {push_at(0, 0, 2, 2, 10), supply_at(0, Side::a, 0, 0, 10, 5), supply_at(0, Side::b, 0, 0, 10, 4),
                       open_at(0, 0, 0)});
  kernel::run_until_quiescent();
  const std::int64_t end = 5 + 10 + 2 * 2 + 2 - 2;  // first operand, then T + 2m + n - 2
  REQUIRE(rig.feeder.last_clock() == end);
  std::vector<Leaf> causes;
  rig.ledger.walk({rig.feeder.last_by(), end * kPeriod, ledger::Reason::data}, 0,
                  [&](const ledger::PathSegment& part) { causes.push_back(part.cause); });
  CHECK(causes ==
        std::vector<Leaf>{Leaf::structural_drain, Leaf::useful_mac, Leaf::structural_fill, Leaf::waiting_operand_l2});
}

template <class Model>
void check_shallow_ingress() {
  kernel::initialise();
  ArrayGeometry geometry = square(2);
  geometry.ingress_depth = 1;
  std::vector<Call> plan = two_by_two();
  plan[1].run.clocks_num = plan[2].run.clocks_num = 0;  // both tokens of lane i at 5 + i
  ledger::Ledger ledger;
  Rig<Model> rig(ledger, "ingress", geometry, plan);
  kernel::run_until_quiescent();
  CHECK(rig.feeder.clock_of("entered a", 0) == 7);  // lane 1 uses token 0 in clock 6, its slot is free from 7
  CHECK(rig.feeder.clock_of("last", 0) == 11);
}

TEST_CASE("a full ingress FIFO takes the next token one clock after a token was used: exact") {
  check_shallow_ingress<ExactArray>();
}
TEST_CASE("a full ingress FIFO takes the next token one clock after a token was used: register") {
  check_shallow_ingress<RegisterArray>();
}

template <class Model>
void check_slow_egress() {
  kernel::initialise();
  ArrayGeometry geometry = square(4);
  geometry.egress_depth = 2;
  // One column, four rows, T = 1, start at 0: results due at steps 1, 3, 5, 7. They may leave from clock 10 on, one
  // every 3 clocks.
  Call open = open_at(0, 0, 10, 3);
  open.cause = Leaf::useful_vector;
  ledger::Ledger ledger;
  Rig<Model> rig(ledger, "egress", geometry,
                 {push_at(0, 0, 4, 1, 1), supply_at(0, Side::a, 0, 0, 1, 0), supply_at(0, Side::b, 0, 0, 1, 0), open});
  kernel::run_until_quiescent();
  rig.finish(20);
  // Result 2 needs the slot of result 0, which leaves at 10: step 5 goes at 11. Result 3 needs the slot of result 1,
  // which leaves at 13: step 7 goes at 14 instead of 13. Result 3 leaves at 10 + 3 * 3 = 19.
  CHECK(rig.feeder.clock_of("first", 0) == 1);
  CHECK(rig.feeder.clock_of("last", 0) == 19);
  CHECK(rig.time(Leaf::waiting_output_space) == (11 - 5) + (14 - 13));
  CHECK(rig.time(Leaf::structural_fill) == 1);
  CHECK(rig.time(Leaf::structural_drain) == 7);  // steps 1 to 7
}

TEST_CASE("a full egress FIFO freezes the array until a slot is free: exact") { check_slow_egress<ExactArray>(); }
TEST_CASE("a full egress FIFO freezes the array until a slot is free: register") { check_slow_egress<RegisterArray>(); }

/// Supplies the second half of side A only when the first has entered, from inside the listener's call.
class ClosedLoop : public ArrayListener {
 public:
  void run_entered(Side side, std::int64_t block, std::int64_t first_step, ledger::ActivityId) override {
    if (side != Side::a || first_step != 0) return;
    Call next = supply_at(0, side, block, 4, 4, kernel::now() / kPeriod);
    array->supply(side, next.run);
  }
  void first_result(std::int64_t, ledger::ActivityId) override {}
  void last_result(std::int64_t, ledger::ActivityId) override { last = kernel::now() / kPeriod; }

  Array* array = nullptr;
  std::int64_t last = -1;
};

template <class Model>
void check_closed_loop() {
  kernel::initialise();
  ledger::Ledger ledger;
  const ArrayActions actions = declare_actions(ledger);
  ClosedLoop loop;
  Model array("array", square(3), Clock(kPeriod), ledger, "array.0", actions, loop);
  loop.array = &array;
  array.push_block(push_at(0, 7, 3, 3, 8).block, {});
  array.supply(Side::b, supply_at(0, Side::b, 7, 0, 8, 0).run);
  array.supply(Side::a, supply_at(0, Side::a, 7, 0, 4, 0).run);
  array.open_egress(open_at(0, 7, 0).window);
  kernel::run_until_quiescent();
  // Lane 2 gets token 3 at clock 2 + 3 = 5; token 4 of lane 0 is there at 5 instead of 4: one clock late.
  CHECK(loop.last == 1 + 8 + 2 * 3 + 3 - 2);
}

TEST_CASE("a listener may supply from inside its call: exact") { check_closed_loop<ExactArray>(); }
TEST_CASE("a listener may supply from inside its call: register") { check_closed_loop<RegisterArray>(); }

}  // namespace
}  // namespace cyclescope::compute::test
