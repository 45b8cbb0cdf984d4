// Random weight- and input-stationary geometries and plans of folds for the comparison of the two models. Same seed,
// same plan.
#pragma once

#include "tests/compute/random_calls.h"

namespace cyclescope::compute::test {

RandomCase random_folds(std::uint32_t seed, Style style);

}  // namespace cyclescope::compute::test
