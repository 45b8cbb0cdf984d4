#include "workloads/fusion.h"

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::workloads {
namespace {

bool is_linear(OperatorType type) { return type == OperatorType::conv2d || type == OperatorType::gemm; }

/// Whether an activation may be folded into `type` when it stands alone.
bool absorbs_activation(OperatorType type) {
  switch (type) {
    case OperatorType::conv2d:
    case OperatorType::gemm:
    case OperatorType::matmul:
    case OperatorType::batch_norm:
    case OperatorType::max_pool2d:
    case OperatorType::avg_pool2d:
    case OperatorType::global_avg_pool:
      return true;
    default:
      return is_binary_pointwise(type);
  }
}

/// Walks the graph once; every operator not yet in a group starts one and absorbs what the rules allow.
class Fuser {
 public:
  Fuser(const Graph& graph, const FusionRules& rules)
      : graph_(graph),
        rules_(rules),
        readers_(consumers(graph)),
        leaves_(graph.tensors.size(), false),
        available_(graph.tensors.size(), false),
        taken_(graph.operators.size(), false) {
    for (const TensorId tensor : graph.inputs) available_[tensor] = true;
    for (const TensorId tensor : graph.outputs) leaves_[tensor] = true;
  }

  std::vector<FusedGroup> run() {
    std::vector<FusedGroup> groups;
    for (OperatorId id = 0; id < graph_.operators.size(); ++id) {
      if (!taken_[id]) groups.push_back(group_of(id));
    }
    return groups;
  }

 private:
  FusedGroup group_of(OperatorId primary) {
    FusedGroup group;
    take(group, primary);
    const OperatorType type = graph_.operators[primary].type;
    if (is_linear(type)) {
      group.has_bias = graph_.operators[primary].inputs.size() == 3;
      if (rules_.fold_batch_norm) absorb_batch_norm(group);
      if (rules_.residual) absorb_residual(group);
    }
    if (rules_.activation && absorbs_activation(type)) absorb_activation(group);
    available_[group.output] = true;
    return group;
  }

  /// Adds an operator to the group: its result becomes the output, its activations from outside become inputs.
  void take(FusedGroup& group, OperatorId id) {
    const Operator& op = graph_.operators[id];
    if (op.outputs.size() != 1) throw InternalError("fusion of operator '" + op.name + "' without one output");
    for (const TensorId input : op.inputs) {
      const bool inside = !group.members.empty() && input == group.output;
      const bool known = std::find(group.inputs.begin(), group.inputs.end(), input) != group.inputs.end();
      if (graph_.tensors[input].role == TensorRole::activation && !inside && !known) group.inputs.push_back(input);
    }
    group.members.push_back(id);
    group.output = op.outputs[0];
    taken_[id] = true;
  }

  /// The one operator that reads the group's output; null if that is read elsewhere or leaves the graph.
  const Operator* only_reader(const FusedGroup& group) const {
    const std::vector<OperatorId>& readers = readers_[group.output];
    if (leaves_[group.output] || readers.size() != 1) return nullptr;
    return &graph_.operators[readers.front()];
  }

  void absorb_batch_norm(FusedGroup& group) {
    const Operator* next = only_reader(group);
    if (next == nullptr || next->type != OperatorType::batch_norm) return;
    const bool per_column = graph_.tensors[group.output].shape.size() == 2;  // a gemm's columns are then the channels
    if (graph_.operators[group.members.front()].type == OperatorType::gemm && !per_column) return;
    take(group, id_of(*next));
    group.has_bias = true;
  }

  void absorb_residual(FusedGroup& group) {
    const Operator* next = only_reader(group);
    if (next == nullptr || next->type != OperatorType::add) return;
    const TensorId other = next->inputs[next->inputs[0] == group.output ? 1 : 0];
    // A result added to itself is not available either.
    if (!available_[other] || graph_.tensors[other].shape != graph_.tensors[group.output].shape) return;
    take(group, id_of(*next));
    group.has_residual = true;
  }

  void absorb_activation(FusedGroup& group) {
    const Operator* next = only_reader(group);
    if (next == nullptr || !is_unary_pointwise(next->type)) return;
    take(group, id_of(*next));
    group.has_activation = true;
  }

  OperatorId id_of(const Operator& op) const { return static_cast<OperatorId>(&op - graph_.operators.data()); }

  const Graph& graph_;
  const FusionRules& rules_;
  const std::vector<std::vector<OperatorId>> readers_;
  std::vector<bool> leaves_;     ///< tensors that are graph outputs
  std::vector<bool> available_;  ///< activations given or produced by an earlier group
  std::vector<bool> taken_;      ///< operators that are in a group
};

}  // namespace

std::vector<FusedGroup> fuse(const Graph& graph, const FusionRules& rules) { return Fuser(graph, rules).run(); }

}  // namespace cyclescope::workloads
