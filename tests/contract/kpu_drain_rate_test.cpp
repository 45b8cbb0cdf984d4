// KPU: the vector engine on the drain is one engine of finite width, whatever number of blocks is leaving.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

/// Cycles between launch and completion of the only operator.
std::int64_t span(const results::RunResult& result) {
  return result.operators.front().end_cycle - result.operators.front().start_cycle;
}

}  // namespace

TEST_CASE("kpu: the drain never delivers more elements per clock than the vector engine has lanes") {
  // [64, 4] x [4, 32] on one 8x8 tile: 8 x 4 blocks of 64 results, 2,048 results in all, each one pass. With w lanes a
  // row of 8 results takes ceil(8 / w) clocks and never less than the two of the drain: 256 rows.
  for (const std::int64_t lanes : {1, 2, 4, 8}) {
    INFO(lanes << " lanes");
    const std::int64_t clocks_per_row = std::max<std::int64_t>(2, 8 / lanes);
    const results::RunResult result =
        simulate(one_kpu_tile(), product(64, 4, 32), {"vector.lanes=" + std::to_string(lanes) + " elements"}, cold());
    CHECK(span(result) >= 256 * clocks_per_row);
  }
  // The engine sets the pace without a break from the first row to the last: 255 rows of 8 clocks, or of 4.
  const auto run = [](int lanes) {
    return span(
        simulate(one_kpu_tile(), product(64, 4, 32), {"vector.lanes=" + std::to_string(lanes) + " elements"}, cold()));
  };
  CHECK(run(1) - run(2) == 255 * (8 - 4));
}
