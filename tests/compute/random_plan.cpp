#include "tests/compute/random_plan.h"

namespace cyclescope::compute::test {

RandomCase random_case(std::uint32_t seed, bool interleave, Style style) {
  RandomCalls random(seed * 4 + (interleave ? 2 : 0) + (style == Style::per_item ? 1 : 0), style);
  RandomCase result;
  ArrayGeometry& geometry = result.geometry;
  const std::int64_t largest = random.one_in(4) ? 32 : 12;
  geometry.rows = static_cast<int>(random.between(1, largest));
  geometry.columns = static_cast<int>(random.between(1, largest));
  geometry.quarter_macs = 1 << random.between(0, 3);
  geometry.interleave_drain = interleave;
  geometry.ingress_depth = static_cast<int>(random.between(1, 40));
  geometry.egress_depth = static_cast<int>(random.between(2, 20));

  const std::int64_t blocks = random.between(1, 7);
  const std::int64_t longest = random.one_in(3) ? 8 : 70;
  std::int64_t clocks[2] = {random.between(0, 20), random.between(0, 20)};
  std::int64_t calls[2] = {0, 0};
  std::int64_t pushed = 0;
  for (std::int64_t id = 0; id < blocks; ++id) {
    if (random.one_in(3)) pushed += random.between(0, 80);
    const int m = random.part_of(geometry.rows);
    const int n = random.part_of(geometry.columns);
    const std::int64_t steps = random.between(1, longest);
    const std::int64_t depth = steps * geometry.quarter_macs / 4;  // K of which T = steps may be the rounded form
    Call push = push_at(pushed, id, m, n, steps, std::max<std::int64_t>(depth, 1) * m * n);
    result.plan.push_back(push);
    for (const Side side : {Side::a, Side::b}) {
      const auto index = static_cast<std::size_t>(side);
      calls[index] = std::max(calls[index], pushed);
      random.runs(result.plan, side, id, side == Side::a ? m : n, steps, clocks[index], calls[index]);
    }
    result.plan.push_back(random.window(push.block, m, std::max(clocks[0], clocks[1]), pushed));
    if (random.one_in(5)) clocks[0] = clocks[1] = std::max(clocks[0], clocks[1]) + random.between(0, 200);
  }
  return result;
}

}  // namespace cyclescope::compute::test
