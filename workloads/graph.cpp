#include "workloads/graph.h"

#include <fmt/format.h>

#include <unordered_set>

#include "sim/base/error.h"
#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

[[noreturn]] void refuse(const Graph& graph, const std::string& what) {
  throw InputError(fmt::format("model '{}': {}", graph.model, what));
}

/// Tensors: names, dimensions, elements.
void verify_tensors(const Graph& graph) {
  std::unordered_set<std::string> names;
  for (const Tensor& tensor : graph.tensors) {
    if (!names.insert(tensor.name).second) refuse(graph, fmt::format("tensor name '{}' stands twice", tensor.name));
    for (const std::int64_t dimension : tensor.shape) {
      if (dimension < 1) {
        refuse(graph, fmt::format("tensor '{}' has shape {}: expected dimensions of at least 1", tensor.name,
                                  to_text(tensor.shape)));
      }
    }
    try {
      (void)tensor.elements();
    } catch (const InputError& error) {
      refuse(graph, error.what());
    }
  }
}

/// Operators: names, indices, form, roles.
void verify_operators(const Graph& graph) {
  std::unordered_set<std::string> names;
  for (const Operator& op : graph.operators) {
    if (!names.insert(op.name).second) refuse(graph, fmt::format("operator name '{}' stands twice", op.name));
    for (const auto* indices : {&op.inputs, &op.outputs}) {
      for (const TensorId tensor : *indices) {
        if (tensor >= graph.tensors.size()) {
          refuse(graph, fmt::format("operator '{}' refers to tensor {}: expected below {}", op.name, tensor,
                                    graph.tensors.size()));
        }
      }
    }
    check_form(graph, op);
    const OperatorView view(graph, op);
    for (std::size_t i = definition(op.type).arity.data; i < op.inputs.size(); ++i) {
      view.expect(graph.input(op, i).role != TensorRole::activation,
                  fmt::format("input {} '{}' is an activation: expected a parameter, statistic or constant", i,
                              graph.input(op, i).name));
    }
  }
}

/// The graph's own inputs and outputs, and that every activation comes from exactly one place.
void verify_producers(const Graph& graph) {
  const std::size_t count = graph.tensors.size();
  std::vector<std::int64_t> producer(count, -1);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const TensorId result = op.outputs[0];
    if (graph.tensors[result].role != TensorRole::activation) {
      refuse(graph,
             fmt::format("operator '{}' writes '{}': expected an activation", op.name, graph.tensors[result].name));
    }
    if (producer[result] >= 0) {
      refuse(graph,
             fmt::format("tensor '{}' is written by '{}' and '{}': expected one producer", graph.tensors[result].name,
                         graph.operators[static_cast<std::size_t>(producer[result])].name, op.name));
    }
    producer[result] = static_cast<std::int64_t>(i);
  }
  std::vector<bool> is_input(count, false);
  std::vector<bool> is_output(count, false);
  const auto mark = [&](const std::vector<TensorId>& list, std::vector<bool>& marked, const char* which) {
    for (const TensorId tensor : list) {
      if (tensor >= count) refuse(graph, fmt::format("graph {} {}: expected below {}", which, tensor, count));
      const Tensor& entry = graph.tensors[tensor];
      if (entry.role != TensorRole::activation) {
        refuse(graph, fmt::format("graph {} '{}' is no activation", which, entry.name));
      }
      if (marked[tensor]) refuse(graph, fmt::format("graph {} '{}' stands twice", which, entry.name));
      marked[tensor] = true;
    }
  };
  mark(graph.inputs, is_input, "input");
  mark(graph.outputs, is_output, "output");
  for (std::size_t i = 0; i < count; ++i) {
    if (graph.tensors[i].role != TensorRole::activation) continue;
    if (is_input[i] && producer[i] >= 0) {
      refuse(graph, fmt::format("graph input '{}' is written by an operator", graph.tensors[i].name));
    }
    if (!is_input[i] && producer[i] < 0) {
      refuse(graph,
             fmt::format("activation '{}' is neither a graph input nor written by an operator", graph.tensors[i].name));
    }
  }
}

/// Follows producers from `start`, which reads `tensor` too early; names the cycle if that leads back to `start`.
void refuse_order(const Graph& graph, std::size_t start, TensorId tensor, const std::vector<std::int64_t>& producer) {
  const std::size_t writer = static_cast<std::size_t>(producer[tensor]);
  std::vector<std::int64_t> reader(graph.operators.size(), -1);  // by which the walk came to an operator
  std::vector<std::size_t> pending{writer};
  reader[writer] = static_cast<std::int64_t>(start);
  while (!pending.empty()) {
    const std::size_t at = pending.back();
    pending.pop_back();
    if (at == start) {
      std::string path = graph.operators[start].name;
      for (std::int64_t step = reader[start]; step != static_cast<std::int64_t>(start);
           step = reader[static_cast<std::size_t>(step)]) {
        path += " -> " + graph.operators[static_cast<std::size_t>(step)].name;
      }
      refuse(graph, fmt::format("operators form a cycle: {} -> {}", path, graph.operators[start].name));
    }
    for (const TensorId input : graph.operators[at].inputs) {
      if (producer[input] < 0) continue;
      const auto before = static_cast<std::size_t>(producer[input]);
      if (reader[before] >= 0) continue;
      reader[before] = static_cast<std::int64_t>(at);
      pending.push_back(before);
    }
  }
  refuse(graph, fmt::format("operator '{}' reads '{}' before '{}' writes it: expected topological order",
                            graph.operators[start].name, graph.tensors[tensor].name, graph.operators[writer].name));
}

void verify_order(const Graph& graph) {
  const std::vector<std::int64_t> producer = producers(graph);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const TensorId input : graph.operators[i].inputs) {
      if (producer[input] >= static_cast<std::int64_t>(i)) refuse_order(graph, i, input, producer);
    }
  }
}

void verify_shapes(const Graph& graph) {
  for (const Operator& op : graph.operators) {
    const OperatorView view(graph, op);
    const Shape expected = definition(op.type).output_shape(view);
    view.expect(view.output() == expected, fmt::format("output '{}' has shape {}: expected {}", graph.output(op).name,
                                                       to_text(view.output()), to_text(expected)));
  }
}

}  // namespace

std::int64_t Tensor::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) {
    if (__builtin_mul_overflow(count, dimension, &count)) {
      throw InputError(
          fmt::format("tensor '{}' of shape {}: number of elements does not fit 64 bits", name, to_text(shape)));
    }
  }
  return count;
}

void verify(const Graph& graph) {
  verify_tensors(graph);
  verify_operators(graph);
  verify_producers(graph);
  verify_order(graph);
  verify_shapes(graph);
}

std::vector<std::vector<OperatorId>> consumers(const Graph& graph) {
  std::vector<std::vector<OperatorId>> result(graph.tensors.size());
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const TensorId input : graph.operators[i].inputs) {
      std::vector<OperatorId>& readers = result[input];
      const auto id = static_cast<OperatorId>(i);
      if (readers.empty() || readers.back() != id) readers.push_back(id);
    }
  }
  return result;
}

std::vector<std::int64_t> producers(const Graph& graph) {
  std::vector<std::int64_t> result(graph.tensors.size(), -1);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const TensorId output : graph.operators[i].outputs) result[output] = static_cast<std::int64_t>(i);
  }
  return result;
}

}  // namespace cyclescope::workloads
