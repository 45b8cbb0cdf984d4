// What an operator costs on any machine: MACs, other operations, compulsory bytes. Pure functions of the graph.
#pragma once

#include <cstdint>

#include "sim/base/precision.h"
#include "workloads/graph.h"

namespace cyclescope::workloads {

/// Counts of one operator (or sums over a graph).
struct Cost {
  std::int64_t macs = 0;             ///< multiply-accumulates; padding counted
  std::int64_t other_ops = 0;        ///< operations that are no MAC, counted as operator_definition.h lists
  std::int64_t parameters = 0;       ///< elements of role parameter read by it
  std::int64_t input_elements = 0;   ///< activation and constant elements read, each tensor once
  std::int64_t output_elements = 0;  ///< activation elements written
  bool view = false;                 ///< moves and computes nothing (reshape): reads and writes 0 elements
};

/// Cost of one operator. Throws NotModelled for a type without a definition.
Cost cost(const Graph& graph, const Operator& op);

/// Sum over all operators; `input_elements` and `output_elements` are those of the graph's own inputs and outputs.
Cost total_cost(const Graph& graph);

/// Least bytes that must cross the memory boundary for `frames` inferences of the whole graph together: every parameter
/// once, graph inputs and outputs once each, at `precision`. Statistics are folded into the batch norm's scale and shift and cost nothing of their own; a
/// batch norm that can be folded into the conv2d or gemm before it costs its shift alone, and nothing if there is a
/// bias.
std::int64_t compulsory_bytes(const Graph& graph, Precision precision, std::int64_t frames = 1);

}  // namespace cyclescope::workloads
