// The cut of a network into contexts.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/hailo/placement.h"
#include "arch/hailo/plan.h"

namespace cyclescope::hailo {

/// Ends of the contexts, ascending; the last one is the number of layers. The fewest contexts whose layers fit, and among
/// these the least bytes written for later contexts and read from earlier ones. Throws NotModelled naming a layer that
/// fits no context of its own, its need and the budget.
std::vector<int> cut_into_contexts(const Network& network, const Footprints& footprints, const HailoConfig& config);

}  // namespace cyclescope::hailo
