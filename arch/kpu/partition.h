// Which blocks of an operator's output go to which tile.
#pragma once

#include <cstdint>
#include <utility>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

/// Cost of a mapping by an estimate that decides the mapping only (the machine finds the time): bytes beyond L3, clocks.
using PartitionCost = std::pair<std::int64_t, std::int64_t>;

/// Clocks of the array or vector engine of the busiest tile by an estimate.
std::int64_t busy_clocks(const LoweredOp& op, const KpuConfig& config);

/// Deals the blocks of op.grid_m x op.grid_n to tiles on op.sites and numbers these. Returns the cost without busy_clocks.
PartitionCost partition(LoweredOp& op, const KpuConfig& config);

}  // namespace cyclescope::kpu
