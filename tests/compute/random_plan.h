// Random geometries and plans for the comparison of the two array models. Same seed, same plan.
#pragma once

#include "tests/compute/random_calls.h"

namespace cyclescope::compute::test {

RandomCase random_case(std::uint32_t seed, bool interleave, Style style);

}  // namespace cyclescope::compute::test
