// Sums over a graph and the bytes it cannot avoid.
#include <catch2/catch.hpp>

#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {
namespace {

TEST_CASE("totals are sums over operators, with the graph's own inputs and outputs") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 3, 4, 4});
  const TensorId a = builder.relu(builder.conv(x, 8, true));  // 16 * 8 * 3 MACs, 128 bias adds; 24 + 8 parameters
  const TensorId b = builder.conv(a, 2);                      // 16 * 2 * 8 MACs; 16 parameters
  builder.graph.outputs = {b};
  verify(builder.graph);
  const Cost total = total_cost(builder.graph);
  CHECK(total.macs == 384 + 256);
  CHECK(total.other_ops == 128 + 128);  // bias and relu
  CHECK(total.parameters == 32 + 16);
  CHECK(total.input_elements == 48);
  CHECK(total.output_elements == 32);
  CHECK(compulsory_bytes(builder.graph, Precision::int8) == 48 + 48 + 32);
  CHECK(compulsory_bytes(builder.graph, Precision::fp32) == 4 * 128);
  CHECK(compulsory_bytes(builder.graph, Precision::int4) == 64);
}

TEST_CASE("an operator reads every tensor once, constants are no parameters, statistics are free") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 4, 2, 2});
  const TensorId constant = builder.tensor({4, 1, 1}, TensorRole::constant);
  const TensorId square = builder.pointwise(OperatorType::mul, {x, x});
  const TensorId scaled = builder.pointwise(OperatorType::mul, {square, constant});
  builder.graph.outputs = {builder.batch_norm(scaled)};
  verify(builder.graph);
  CHECK(cost(builder.graph, builder.graph.operators[0]).input_elements == 16);
  CHECK(cost(builder.graph, builder.graph.operators[1]).input_elements == 16 + 4);
  const Cost norm = cost(builder.graph, builder.graph.operators[2]);
  CHECK(norm.parameters == 8);
  CHECK(norm.input_elements == 16);
  CHECK(norm.output_elements == 16);
  CHECK(compulsory_bytes(builder.graph, Precision::int8) == 16 + 8 + 16);  // nothing to fold the norm into
}

TEST_CASE("a batch norm that can be folded costs its shift, or nothing beside a bias") {
  const auto bytes = [](bool bias, bool read_twice, bool leaves) {
    GraphBuilder builder;
    const TensorId x = builder.input({1, 2, 1, 1});
    const TensorId y = builder.conv(x, 8, bias);
    builder.graph.outputs = {builder.batch_norm(y)};
    if (read_twice) builder.relu(y);
    if (leaves) builder.graph.outputs.push_back(y);
    verify(builder.graph);
    return compulsory_bytes(builder.graph, Precision::int8);
  };
  CHECK(bytes(false, false, false) == 2 + 16 + 8 + 8);      // input, weights, shift, output
  CHECK(bytes(true, false, false) == 2 + 16 + 8 + 8);       // bias takes the shift
  CHECK(bytes(false, true, false) == 2 + 16 + 16 + 8);      // cannot be folded
  CHECK(bytes(true, true, false) == 2 + 16 + 8 + 16 + 8);   // nor beside a bias
  CHECK(bytes(false, false, true) == 2 + 16 + 16 + 8 + 8);  // two outputs
}

}  // namespace
}  // namespace cyclescope::workloads
