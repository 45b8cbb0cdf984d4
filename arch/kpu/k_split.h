// K-split: of a product with fewer output blocks than tiles, several tiles share an output block, each with a part of the
// input channels (and all taps of these). They give partial sums of 4 B, which vector work adds before it does the
// epilogue of the product: two operators, launched one after the other. Pure.
#pragma once

#include <vector>

#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {

struct SplitProduct {
  LoweredOp partial;  ///< a product for every part; their columns lie beside each other in its output plane
  LoweredOp sum;      ///< adds these column ranges, then bias, residual operand, activation and requantisation
};

/// A shaped product with weights, not yet on tiles, in parts of `part_channels` input channels (the last may have fewer).
/// `index` is that of the first operator in the program.
SplitProduct split_product(const LoweredOp& op, std::int64_t part_channels, std::int32_t index);

/// Puts a shaped group on the tiles as one operator or, as lowering.k_split says, as two.
/// Only products of one group with weights are split, on output-stationary tiles. `before`: the program so far.
std::vector<LoweredOp> map_whole_or_split(const workloads::Graph& graph, const workloads::Operator& primary,
                                          LoweredOp op, const KpuConfig& config, Precision used,
                                          const std::vector<LoweredOp>& before);

}  // namespace cyclescope::kpu
