// The operator graph of a network at fixed shapes: what has to be computed, with no notion of a machine or of time.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "workloads/attributes.h"
#include "workloads/operator_type.h"

namespace cyclescope::workloads {

using TensorId = std::uint32_t;
using OperatorId = std::uint32_t;
using Shape = std::vector<std::int64_t>;

enum class DataType : std::uint8_t { float32, float16, bfloat16, int8, uint8, int32, int64, boolean };
enum class TensorRole : std::uint8_t { activation, parameter, statistic, constant };

/// One value of the graph. Shape in elements (activations NCHW); parameters carry no values.
struct Tensor {
  std::string name;
  DataType dtype = DataType::float32;
  TensorRole role = TensorRole::activation;
  Shape shape;

  /// Number of elements; throws InputError naming the tensor when it overflows int64.
  [[nodiscard]] std::int64_t elements() const;
};

/// One node. Inputs stand in the order of traces/SCHEMA.md.
struct Operator {
  std::string name;
  OperatorType type = OperatorType::relu;
  Attributes attributes;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
};

/// Operators in topological order with their tensors.
struct Graph {
  std::string model;
  std::string source;
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<TensorId> inputs;   ///< activations with no producer
  std::vector<TensorId> outputs;  ///< activations that leave the graph

  [[nodiscard]] const Tensor& input(const Operator& op, std::size_t index) const { return tensors[op.inputs[index]]; }
  [[nodiscard]] const Tensor& output(const Operator& op, std::size_t index = 0) const {
    return tensors[op.outputs[index]];
  }
};

/// Checks the whole graph: unique names, indices in range, one producer per activation, topological order (a cycle is
/// named), dimensions >= 1, and for every operator that its declared output shape follows from its inputs and
/// attributes. Throws InputError with model, operator or tensor, value and what was expected.
void verify(const Graph& graph);

/// Consumers of each tensor, by operator id in graph order.
std::vector<std::vector<OperatorId>> consumers(const Graph& graph);

/// Producer of each tensor, or -1 for inputs, parameters, statistics and constants.
std::vector<std::int64_t> producers(const Graph& graph);

}  // namespace cyclescope::workloads
