// Fusion: which operators a machine executes as one. Each family states what its egress path can absorb.
#pragma once

#include <vector>

#include "workloads/graph.h"

namespace cyclescope::workloads {

/// What may be folded into the operator before it.
struct FusionRules {
  /// Scale and shift of a batch norm into the preceding conv2d or gemm.
  bool fold_batch_norm = false;
  /// A unary pointwise operator after conv2d or gemm (with what they absorbed), matmul, batch_norm, a 2-D pool, or a
  /// binary pointwise operator.
  bool activation = false;
  /// An add into the preceding conv2d or gemm (after its batch norm) whose other operand is an activation of the same
  /// shape, given or produced by an earlier group.
  bool residual = false;
};

/// Operators executed as one, in graph order. `members.front()` is the primary operator that names the group.
struct FusedGroup {
  std::vector<OperatorId> members;
  std::vector<TensorId> inputs;  ///< activations read from outside, each once: the primary's, then the residual operand
  TensorId output = 0;           ///< the one activation that leaves the group
  bool has_bias = false;         ///< a bias or a folded shift is added per output channel
  bool has_activation = false;
  bool has_residual = false;
};

/// Partitions the graph: every operator is in exactly one group, groups are in an executable order. An intermediate
/// result that is read elsewhere, or is a graph output, is never swallowed.
std::vector<FusedGroup> fuse(const Graph& graph, const FusionRules& rules);

}  // namespace cyclescope::workloads
