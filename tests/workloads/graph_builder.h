// Small graphs for tests.
#pragma once

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "workloads/cost.h"
#include "workloads/graph.h"
#include "workloads/operator_definition.h"

namespace cyclescope::workloads {

class GraphBuilder {
 public:
  Graph graph;

  GraphBuilder() { graph.model = "test"; }

  TensorId tensor(const Shape& shape, TensorRole role, std::string name = "") {
    const auto id = static_cast<TensorId>(graph.tensors.size());
    if (name.empty()) name = "t" + std::to_string(id);
    graph.tensors.push_back({std::move(name), DataType::float32, role, shape});
    return id;
  }

  TensorId input(const Shape& shape) {
    graph.inputs.push_back(tensor(shape, TensorRole::activation));
    return graph.inputs.back();
  }

  TensorId parameter(const Shape& shape) { return tensor(shape, TensorRole::parameter); }

  /// Adds an operator with a new output tensor; returns that.
  TensorId add(OperatorType type, Attributes attributes, std::vector<TensorId> inputs, const Shape& output) {
    const TensorId result = tensor(output, TensorRole::activation);
    const std::string label = std::string(name(type)) + "_" + std::to_string(graph.operators.size());
    graph.operators.push_back({label, type, std::move(attributes), std::move(inputs), {result}});
    return result;
  }

  /// Pointwise operator: shape as its first input.
  TensorId pointwise(OperatorType type, std::vector<TensorId> inputs) {
    const Shape shape = graph.tensors[inputs[0]].shape;
    return add(type, NoAttributes{}, std::move(inputs), shape);
  }

  /// 1x1 convolution of stride 1 from the channels of x to `channels`.
  TensorId conv(TensorId x, std::int64_t channels, bool bias = false) {
    Shape shape = graph.tensors[x].shape;
    std::vector<TensorId> inputs{x, parameter({channels, shape[1], 1, 1})};
    if (bias) inputs.push_back(parameter({channels}));
    shape[1] = channels;
    return add(OperatorType::conv2d, ConvAttributes{}, std::move(inputs), shape);
  }

  TensorId batch_norm(TensorId x) {
    const Shape shape = graph.tensors[x].shape;
    const Shape channels{shape[1]};
    return add(OperatorType::batch_norm, BatchNormAttributes{},
               {x, parameter(channels), parameter(channels), tensor(channels, TensorRole::statistic),
                tensor(channels, TensorRole::statistic)},
               shape);
  }

  TensorId relu(TensorId x) { return pointwise(OperatorType::relu, {x}); }
};

/// Message of the InputError that `call` throws; fails the test when it throws none.
template <class Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("expected an InputError");
  return {};
}

/// A graph of one operator: the first `data_inputs` of the definition are activations, the others parameters.
inline Graph single(OperatorType type, const Attributes& attributes, const std::vector<Shape>& inputs,
                    const Shape& output) {
  GraphBuilder builder;
  std::vector<TensorId> ids;
  for (const Shape& shape : inputs) {
    const bool data = ids.size() < definition(type).arity.data;
    ids.push_back(data ? builder.input(shape) : builder.parameter(shape));
  }
  builder.graph.outputs.push_back(builder.add(type, attributes, std::move(ids), output));
  return builder.graph;
}

/// The graph is accepted with `output`, and refused with any of its dimensions one larger or with one dimension more.
inline void check_shape(OperatorType type, const Attributes& attributes, const std::vector<Shape>& inputs,
                        const Shape& output) {
  verify(single(type, attributes, inputs, output));
  for (std::size_t axis = 0; axis < output.size(); ++axis) {
    Shape wrong = output;
    ++wrong[axis];
    CHECK_THROWS_AS(verify(single(type, attributes, inputs, wrong)), InputError);
  }
  Shape longer = output;
  longer.push_back(2);
  CHECK_THROWS_AS(verify(single(type, attributes, inputs, longer)), InputError);
}

inline Cost cost_of(OperatorType type, const Attributes& attributes, const std::vector<Shape>& inputs,
                    const Shape& output) {
  const Graph graph = single(type, attributes, inputs, output);
  return cost(graph, graph.operators.front());
}

/// Seeded random integers, the same on every standard library.
class Random {
 public:
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::mt19937 engine_{20251};
};

}  // namespace cyclescope::workloads
