// Hand-calculated vectors of the output-stationary array: clocks from the first operand pair to the last result on the north edge, with
// operands and result space always there.
#include <catch2/catch.hpp>

#include "sim/compute/exact_array.h"
#include "tests/compute/support.h"

namespace cyclescope::compute::test {
namespace {

/// Runs equal full blocks; returns clocks including the one in which the last result is on the edge.
std::int64_t clocks(int rows, int columns, int blocks, std::int64_t steps, bool interleave) {
  kernel::initialise();
  ledger::Ledger ledger;
  const ArrayActions actions = declare_actions(ledger);
  ArrayGeometry geometry;
  geometry.rows = rows;
  geometry.columns = columns;
  geometry.interleave_drain = interleave;
  Feeder feeder("feeder", perfect_plan(blocks, rows, columns, steps));
  ExactArray array("array", geometry, Clock(kPeriod), ledger, "array.0", actions, feeder);
  feeder.begin(array, ledger);
  kernel::run_until_quiescent();
  // The last result leaves in the clock after it arrived; clocks 0 to arrival are arrival + 1 of them.
  const std::int64_t elapsed = feeder.clock_of("last", blocks - 1);
  array.finish(elapsed * kPeriod);
  ledger.finish(elapsed * kPeriod);
  std::int64_t slots = 0;
  for (const std::int64_t leaf : ledger.slots(0)) slots += leaf;
  CHECK(slots == static_cast<std::int64_t>(rows) * columns * 4 * elapsed);
  CHECK(ledger.slots(0)[static_cast<std::size_t>(ledger::Leaf::useful_mac)] == blocks * steps * rows * columns * 4);
  return elapsed;
}

TEST_CASE("one block K=64 on 16x16 takes 110 clocks") {
  CHECK(clocks(16, 16, 1, 64, false) == 64 + 2 * 16 + 16 - 2);  // 110
}

TEST_CASE("64x64x64 on 16x16 takes 1070 clocks") {
  CHECK(clocks(16, 16, 16, 64, false) == 15 * 64 + 110);  // 1070
}

TEST_CASE("3 blocks K=16 on 16x16 are drain bound: 124 clocks") {
  CHECK(clocks(16, 16, 3, 16, false) == 2 * 31 + 16 + 46);  // 124
}

TEST_CASE("8 blocks K=17 on 16x16 with interleaved drain take 182 clocks") {
  CHECK(clocks(16, 16, 8, 17, true) == 7 * 17 + 17 + 46);  // 182
}

TEST_CASE("4 blocks K=128 on 32x32 take 606 clocks") {
  CHECK(clocks(32, 32, 4, 128, false) == 3 * 128 + 128 + 94);  // 606
}

TEST_CASE("2 blocks K=64 on 16x8 take 166 clocks") {
  CHECK(clocks(16, 8, 2, 64, false) == 64 + 64 + 38);  // 166
}

TEST_CASE("1024^3 on 32x32 takes 1048670 clocks") {
  CHECK(clocks(32, 32, 1024, 1024, false) == 1023 * 1024 + 1024 + 94);  // 1 048 670
}

TEST_CASE("short reductions on 32x32 start every 63 clocks") {
  CHECK(clocks(32, 32, 3, 32, false) == 2 * 63 + 32 + 94);
}

TEST_CASE("short reductions with interleaved drain on 16x16 start every 17 clocks") {
  CHECK(clocks(16, 16, 5, 4, true) == 4 * 17 + 4 + 46);
}

}  // namespace
}  // namespace cyclescope::compute::test
