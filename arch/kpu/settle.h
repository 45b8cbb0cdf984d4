// Where the tiles of a mapped operator stand in the end: what the producers of its operands send, the
// partial sums that its tiles exchange and its weights are put on the links of the mesh for every arrangement; inputs of
// the graph and constants are not. The least sum of three loads is taken: of the link most used without the weights, of the
// link most used with them, and the mean. Pure.
#pragma once

#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

/// Gives `op`, which has a grid of tiles, its sites among `usable` (ascending). `before`: the operators of the program
/// so far, which pieces name by index.
void settle(LoweredOp& op, const std::vector<std::int32_t>& usable, const std::vector<const LoweredOp*>& before,
            const KpuConfig& config);

}  // namespace cyclescope::kpu
