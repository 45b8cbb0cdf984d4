#include "tests/compute/random_folds.h"

namespace cyclescope::compute::test {

RandomCase random_folds(std::uint32_t seed, Style style) {
  RandomCalls random(seed * 2 + (style == Style::per_item ? 1 : 0), style);
  RandomCase result;
  ArrayGeometry& geometry = result.geometry;
  geometry.dataflow = random.one_in(2) ? Dataflow::weight_stationary : Dataflow::input_stationary;
  geometry.stationary_buffers = random.one_in(3) ? 1 : 2;
  const std::int64_t largest = random.one_in(5) ? 24 : 9;
  geometry.rows = static_cast<int>(random.between(1, largest));
  geometry.columns = static_cast<int>(random.between(1, largest));
  geometry.cell_m = 1 << random.between(0, 2);
  geometry.cell_n = 1 << random.between(0, 2);
  geometry.cell_k = 1 << random.between(0, 2);
  geometry.quarter_macs = 4 * geometry.cell_m * geometry.cell_n * geometry.cell_k;
  geometry.ingress_depth = static_cast<int>(random.between(1, 30));
  geometry.egress_depth = static_cast<int>(random.between(2, 20));

  const std::int64_t folds = random.between(1, 7);
  const std::int64_t longest = random.one_in(3) ? 4 : 60;
  std::int64_t clocks[2] = {random.between(0, 20), random.between(0, 30)};
  std::int64_t calls[2] = {0, 0};
  std::int64_t pushed = 0;
  for (std::int64_t id = 0; id < folds; ++id) {
    if (random.one_in(3)) pushed += random.between(0, 80);
    const int m = random.part_of(geometry.rows);
    const int n = random.part_of(geometry.columns);
    const std::int64_t steps = random.between(1, longest);
    // Any part of the cells may be useful.
    const std::int64_t executed = steps * m * n * geometry.cell_m * geometry.cell_n * geometry.cell_k;
    Call push = push_at(pushed, id, m, n, steps, random.one_in(2) ? executed : random.between(executed / 2, executed));
    result.plan.push_back(push);
    for (const bool stationary : {true, false}) {
      const std::size_t index = stationary ? 0 : 1;
      calls[index] = std::max(calls[index], pushed);
      const Side side = stationary ? stationary_side(geometry.dataflow) : streaming_side(geometry.dataflow);
      random.runs(result.plan, side, id, stationary ? n : m, stationary ? m : steps, clocks[index], calls[index]);
    }
    result.plan.push_back(random.window(push.block, steps, std::max(clocks[0], clocks[1]), pushed));
    if (random.one_in(5)) clocks[0] = clocks[1] = std::max(clocks[0], clocks[1]) + random.between(0, 200);
  }
  return result;
}

}  // namespace cyclescope::compute::test
