// Operators that only change how a plane is looked at, and how operands are found.
#pragma once

#include <optional>
#include <string>

#include "arch/kpu/planes.h"
#include "workloads/graph.h"

namespace cyclescope::kpu {

/// Throws NotModelled naming operator type, node and model.
[[noreturn]] void refuse(const workloads::Graph& graph, const workloads::Operator& op, const std::string& why);

/// The view that a reshape, transpose, slice, expand or concat makes of its operands; nothing for other operators.
std::optional<TensorView> view_of(const workloads::Graph& graph, const workloads::Operator& op, PlaneMap& planes);

/// An operand as a view; parameters and constants become planes of their own.
const TensorView& operand_view(const workloads::Graph& graph, const workloads::Operator& op, std::size_t input,
                               PlaneMap& planes);

/// Whether both views go through their rectangles in the same order.
bool same_walk(const TensorView& a, const TensorView& b);

}  // namespace cyclescope::kpu
