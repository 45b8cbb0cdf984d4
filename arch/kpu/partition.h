// How the blocks of an operator are divided among tiles: by output, in rectangles of blocks. Pure.
//
// Every number of rows of tiles is tried that changes how many blocks the busiest tile gets; what fits L3 wins over what
// does not, then the least sum of array (or vector) time of the busiest tile, of what passes its router, and of the mean
// load of a link. The estimate decides the mapping only; the machine finds the time.
#pragma once

#include <cstdint>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

struct PartitionCost {
  std::int64_t beyond_l3 = 0;       ///< bytes by which the operands of the fullest tile exceed L3
  std::int64_t busy_clocks = 0;     ///< of the busiest array or vector engine
  std::int64_t traffic_clocks = 0;  ///< router of the busiest tile, and mean load of a link
  bool operator<(const PartitionCost& other) const {
    return beyond_l3 != other.beyond_l3 ? beyond_l3 < other.beyond_l3
                                        : busy_clocks + traffic_clocks < other.busy_clocks + other.traffic_clocks;
  }
};

/// Clocks of the array or vector engine of the busiest tile.
std::int64_t busy_clocks(const LoweredOp& op, const KpuConfig& config);

/// Chooses tiles_m, tiles_n and sites among op.sites (ascending) for the grid that op has. With ideal operands nothing
/// moves: blocks are dealt in row-major runs to as many tiles as there are blocks for.
PartitionCost partition(LoweredOp& op, const KpuConfig& config);

/// Fills in tile_at from the sites.
void number_tiles(LoweredOp& op, const KpuConfig& config);

/// Numbers the tiles of an operator whose grid and sites are given, and gives the estimate for it without the links of
/// the mesh: for results that stay near where they are made.
PartitionCost partition_as_given(LoweredOp& op, const KpuConfig& config);

}  // namespace cyclescope::kpu
