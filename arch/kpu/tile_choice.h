// Which tiles execute an operator: groups of alike tiles, the blocks that each group may be given, and the estimate by
// which they are compared. It decides the mapping only; the machine finds the time.
#pragma once

#include <string>
#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

constexpr std::int64_t kSumBytes = 4;  ///< of a result before the epilogue: INT32 or FP32

/// Tiles with one array at the precision used.
struct TileGroup {
  TileArray array;
  std::vector<std::int32_t> sites;
};

/// Groups that execute `used`, as lowering.matrix allows: output-stationary ones first, as their rate needs no wide port,
/// then those that together execute most.
std::vector<TileGroup> groups_for(const KpuConfig& config, Precision used);

/// Why there is no such group.
std::string no_tiles(const KpuConfig& config, Precision used);

/// Output rows that a block may have on an array: its rows or, where weights stay, any power of two up to 256 that is
/// less than twice the rows of the product (of a frame when blocks stay within one).
std::vector<std::int64_t> block_rows(const LoweredOp& op, const TileArray& array);

/// K steps that fill an integral number of array steps.
std::int64_t whole_steps(const TileArray& array);

/// Passes of the vector engine over the results of fold `index` of `folds`: one to put them into or add them to the sums
/// in L2; the last fold goes through the epilogue instead, and the sums are one operand more.
int fold_passes(const LoweredOp& op, std::size_t index, std::size_t folds);

/// Clocks of a full block by an estimate: the array, the ports of the streamers and, where weights stay, the drain and the
/// way out of L2, each at its pace. Folds are those of op.slices, or full ones while these are not known.
std::int64_t block_clocks(const LoweredOp& op, const KpuConfig& config);

}  // namespace cyclescope::kpu
