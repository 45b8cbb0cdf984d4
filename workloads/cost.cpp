#include "workloads/cost.h"

#include <algorithm>

#include "sim/base/checked.h"
#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

std::int64_t sum_elements(const Graph& graph, const std::vector<TensorId>& tensors) {
  std::int64_t sum = 0;
  for (const TensorId tensor : tensors) sum = checked_add(sum, graph.tensors[tensor].elements());
  return sum;
}

/// Parameters of the graph's batch norms that vanish when folded: the scale goes into the weights of a conv2d (or a
/// gemm of rank 2) that nothing else reads, the shift into its bias if it has one.
std::int64_t foldable_parameters(const Graph& graph) {
  const auto readers = consumers(graph);
  const auto producer = producers(graph);
  std::int64_t sum = 0;
  for (const Operator& op : graph.operators) {
    if (op.type != OperatorType::batch_norm || producer[op.inputs[0]] < 0) continue;
    const Operator& before = graph.operators[static_cast<std::size_t>(producer[op.inputs[0]])];
    const bool linear = before.type == OperatorType::conv2d ||
                        (before.type == OperatorType::gemm && graph.output(before).shape.size() == 2);
    const bool leaves = std::count(graph.outputs.begin(), graph.outputs.end(), op.inputs[0]) != 0;
    if (!linear || leaves || readers[op.inputs[0]].size() != 1) continue;
    const auto parameters = [&](std::size_t input) {
      const Tensor& tensor = graph.input(op, input);
      return tensor.role == TensorRole::parameter ? tensor.elements() : 0;
    };
    sum = checked_add(sum, parameters(1));
    if (before.inputs.size() == 3) sum = checked_add(sum, parameters(2));
  }
  return sum;
}

}  // namespace

Cost cost(const Graph& graph, const Operator& op) {
  const OperatorDefinition& form = definition(op.type);
  check_form(graph, op);
  const OperatorView view(graph, op);
  Cost result;
  result.macs = form.macs(view);
  result.other_ops = form.other_ops(view);
  result.view = form.view;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const auto here = op.inputs.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(op.inputs.begin(), here, *here) != here) continue;
    const Tensor& tensor = graph.input(op, i);
    if (tensor.role == TensorRole::parameter) {
      result.parameters = view.sum(result.parameters, tensor.elements());
    } else if (tensor.role != TensorRole::statistic && !form.view) {
      result.input_elements = view.sum(result.input_elements, tensor.elements());
    }
  }
  if (!form.view) result.output_elements = view.output_elements();
  return result;
}

Cost total_cost(const Graph& graph) {
  Cost total;
  for (const Operator& op : graph.operators) {
    const Cost one = cost(graph, op);
    const OperatorView view(graph, op);
    total.macs = view.sum(total.macs, one.macs);
    total.other_ops = view.sum(total.other_ops, one.other_ops);
    total.parameters = view.sum(total.parameters, one.parameters);
  }
  total.input_elements = sum_elements(graph, graph.inputs);
  total.output_elements = sum_elements(graph, graph.outputs);
  return total;
}

std::int64_t compulsory_bytes(const Graph& graph, Precision precision, std::int64_t frames) {
  const Cost total = total_cost(graph);
  const std::int64_t parameters = total.parameters - foldable_parameters(graph);
  const std::int64_t activations = checked_mul(frames, checked_add(total.input_elements, total.output_elements));
  return packed_bytes(checked_add(parameters, activations), precision);
}

}  // namespace cyclescope::workloads
