#include "tests/contract/models.h"

#include "tests/workloads/graph_builder.h"

namespace cyclescope::contract {
namespace {

using workloads::ConvAttributes;
using workloads::Graph;
using workloads::GraphBuilder;
using workloads::OperatorType;
using workloads::Pair;
using workloads::PoolAttributes;
using workloads::Shape;
using workloads::TensorId;

/// Square convolution, padded so that stride 1 keeps the plane.
TensorId convolve(GraphBuilder& builder, TensorId x, std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
  const Shape in = builder.graph.tensors[x].shape;
  const std::int64_t pad = kernel / 2;
  const auto out = [&](std::int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
  ConvAttributes attributes;
  attributes.kernel = {kernel, kernel};
  attributes.stride = {stride, stride};
  attributes.padding = {pad, pad, pad, pad};
  const TensorId weight = builder.parameter({channels, in[1], kernel, kernel});
  return builder.add(OperatorType::conv2d, attributes, {x, weight}, {1, channels, out(in[2]), out(in[3])});
}

/// Closes the graph at `output`.
Graph closed(GraphBuilder& builder, const char* model, TensorId output) {
  builder.graph.outputs.push_back(output);
  builder.graph.model = model;
  workloads::verify(builder.graph);
  return builder.graph;
}

}  // namespace

Graph product(std::int64_t m, std::int64_t k, std::int64_t n) {
  GraphBuilder builder;
  const TensorId x = builder.input({1, k, 1, m});
  return closed(builder, "product", convolve(builder, x, n, 1, 1));
}

Graph empty() {
  Graph graph;
  graph.model = "empty";
  return graph;
}

Graph pointwise_convolution() {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 24, 6, 6});
  return closed(builder, "pointwise_convolution", convolve(builder, x, 20, 1, 1));
}

Graph window_convolution() {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 12, 9, 9});
  const TensorId y = builder.batch_norm(convolve(builder, x, 18, 3, 1));
  return closed(builder, "window_convolution", builder.relu(y));
}

Graph residual_block() {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 10, 10});
  const TensorId shortcut = builder.batch_norm(convolve(builder, x, 16, 1, 2));
  const TensorId first = builder.relu(builder.batch_norm(convolve(builder, x, 16, 3, 2)));
  const TensorId second = builder.batch_norm(convolve(builder, first, 16, 3, 1));
  const TensorId sum = builder.pointwise(OperatorType::add, {second, shortcut});
  return closed(builder, "residual_block", builder.relu(sum));
}

Graph max_pool() {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 16, 12, 12});
  PoolAttributes attributes;
  attributes.kernel = {3, 3};
  attributes.stride = {2, 2};
  attributes.padding = {1, 1, 1, 1};
  return closed(builder, "max_pool", builder.add(OperatorType::max_pool2d, attributes, {x}, {1, 16, 6, 6}));
}

Graph classifier() {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 40, 5, 5});
  const TensorId pooled = builder.add(OperatorType::global_avg_pool, workloads::NoAttributes{}, {x}, {1, 40, 1, 1});
  const TensorId flat = builder.add(OperatorType::reshape, workloads::NoAttributes{}, {pooled}, {1, 40});
  const TensorId weight = builder.parameter({30, 40});
  return closed(builder, "classifier",
                builder.add(OperatorType::gemm, workloads::GemmAttributes{}, {flat, weight}, {1, 30}));
}

Graph chain() {
  GraphBuilder builder;
  TensorId x = builder.input({1, 10, 8, 8});
  for (const std::int64_t channels : {16, 24, 9, 32, 16, 12}) {
    x = builder.relu(convolve(builder, x, channels, channels % 2 == 0 ? 1 : 3, 1));
  }
  return closed(builder, "chain", x);
}

const std::vector<Model>& models() {
  static const std::vector<Model> table{{"pointwise convolution", pointwise_convolution},
                                        {"window convolution", window_convolution},
                                        {"residual block", residual_block},
                                        {"max pool", max_pool},
                                        {"classifier", classifier},
                                        {"chain", chain}};
  return table;
}

Graph renamed(Graph graph) {
  const auto rename = [](std::string& name, std::size_t index, std::size_t count) {
    name = "x" + std::to_string(1000 + count - index) + " of " + std::string(index % 7, 'q');
  };
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) rename(graph.tensors[i].name, i, graph.tensors.size());
  for (std::size_t i = 0; i < graph.operators.size(); ++i) rename(graph.operators[i].name, i, graph.operators.size());
  return graph;
}

}  // namespace cyclescope::contract
