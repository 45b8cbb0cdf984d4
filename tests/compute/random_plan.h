// Random geometries and plans for the comparison of the two array models. Same seed, same plan.
#pragma once

#include <random>
#include <vector>

#include "tests/compute/support.h"

namespace cyclescope::compute::test {

enum class Style { regular, per_item };  ///< per_item: every lane and column has its own availability clocks

struct RandomCase {
  ArrayGeometry geometry;
  std::vector<Call> plan;
};

RandomCase random_case(std::uint32_t seed, bool interleave, Style style);

}  // namespace cyclescope::compute::test
