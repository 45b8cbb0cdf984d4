// verify, consumers, producers, names of types.
#include <catch2/catch.hpp>

#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {
namespace {

/// in -> conv -> bn -> relu -> out
Graph chain() {
  GraphBuilder builder;
  builder.graph.outputs = {builder.relu(builder.batch_norm(builder.conv(builder.input({1, 3, 4, 4}), 8)))};
  return builder.graph;
}

template <class Edit>
std::string refused(Edit&& edit) {
  Graph graph = chain();
  verify(graph);
  edit(graph);
  return refusal([&] { verify(graph); });
}

TEST_CASE("type names go back and forth") {
  for (int i = 0; i <= static_cast<int>(OperatorType::expand); ++i) {
    const auto type = static_cast<OperatorType>(i);
    CHECK(parse_operator_type(name(type)) == type);
  }
  CHECK(std::string(name(OperatorType::conv2d)) == "conv2d");
  CHECK(std::string(name(OperatorType::global_avg_pool)) == "global_avg_pool");
  CHECK_THAT(refusal([] { parse_operator_type("conv3d"); }),
             Catch::Contains("'conv3d'") && Catch::Contains("conv2d, gemm"));
}

TEST_CASE("a type without a definition is not modelled") {
  Graph graph = chain();
  graph.operators[2].type = static_cast<OperatorType>(200);
  CHECK_THROWS_AS(cost(graph, graph.operators[2]), NotModelled);
  CHECK_THROWS_AS(verify(graph), NotModelled);
}

TEST_CASE("an empty graph is fine") {
  const Graph graph;
  CHECK_NOTHROW(verify(graph));
  CHECK(total_cost(graph).macs == 0);
  CHECK(compulsory_bytes(graph, Precision::int8) == 0);
}

TEST_CASE("verify names what is wrong with tensors") {
  CHECK_THAT(refused([](Graph& g) { g.tensors[1].name = "t0"; }), Catch::Contains("model 'test': tensor name 't0'"));
  CHECK_THAT(refused([](Graph& g) { g.tensors[0].shape[2] = 0; }), Catch::Contains("'t0' has shape [1, 3, 0, 4]"));
  CHECK_THAT(refused([](Graph& g) { g.tensors[0].shape[2] = -4; }), Catch::Contains("at least 1"));
  constexpr std::int64_t huge = std::int64_t{1} << 32;
  CHECK_THAT(refused([](Graph& g) {
               g.tensors[0].shape = {huge, huge};
             }),
             Catch::Contains("tensor 't0'") && Catch::Contains("does not fit 64 bits"));
  CHECK_THAT(
      refused([](Graph& g) { g.tensors[2].shape[1] = 9; }),
      Catch::Contains("operator 'conv2d_0' (conv2d): output 't2' has shape [1, 9, 4, 4]: expected [1, 8, 4, 4]"));
}

TEST_CASE("verify names what is wrong with operators") {
  CHECK_THAT(refused([](Graph& g) { g.operators[1].name = "conv2d_0"; }), Catch::Contains("'conv2d_0' stands twice"));
  CHECK_THAT(refused([](Graph& g) { g.operators[2].inputs[0] = 99; }), Catch::Contains("refers to tensor 99"));
  CHECK_THAT(refused([](Graph& g) { g.operators[2].outputs[0] = 99; }), Catch::Contains("refers to tensor 99"));
  CHECK_THAT(refused([](Graph& g) { g.operators[0].inputs.pop_back(); }), Catch::Contains("1 inputs: expected 2 to 3"));
  CHECK_THAT(refused([](Graph& g) { g.operators[2].inputs.clear(); }), Catch::Contains("0 inputs: expected 1 to 1"));
  CHECK_THAT(refused([](Graph& g) { g.operators[2].outputs.clear(); }), Catch::Contains("0 outputs: expected 1"));
  CHECK_THAT(refused([](Graph& g) { g.operators[2].attributes = GemmAttributes{}; }),
             Catch::Contains("attributes belong to another type"));
  CHECK_THAT(refused([](Graph& g) { g.operators[0].inputs[1] = 0; }), Catch::Contains("'t0' is an activation"));
  CHECK_THAT(refused([](Graph& g) { g.operators[2].outputs[0] = 1; }), Catch::Contains("expected an activation"));
}

TEST_CASE("verify wants one source for every activation") {
  CHECK_THAT(refused([](Graph& g) { g.operators[2].outputs = g.operators[1].outputs; }),
             Catch::Contains("is written by 'batch_norm_1' and 'relu_2'"));
  CHECK_THAT(refused([](Graph& g) { g.inputs.clear(); }), Catch::Contains("'t0' is neither"));
  CHECK_THAT(refused([](Graph& g) { g.inputs.push_back(0); }), Catch::Contains("graph input 't0' stands twice"));
  CHECK_THAT(refused([](Graph& g) { g.outputs.push_back(g.outputs[0]); }), Catch::Contains("stands twice"));
  CHECK_THAT(refused([](Graph& g) { g.inputs.push_back(2); }), Catch::Contains("graph input 't2' is written"));
  CHECK_THAT(refused([](Graph& g) { g.inputs.push_back(1); }), Catch::Contains("graph input 't1' is no activation"));
  CHECK_THAT(refused([](Graph& g) { g.outputs.push_back(99); }), Catch::Contains("graph output 99"));
}

TEST_CASE("a cycle is named operator by operator") {
  GraphBuilder builder;
  const TensorId x = builder.input({4});
  const TensorId first = builder.pointwise(OperatorType::add, {x, x});
  const TensorId second = builder.pointwise(OperatorType::neg, {first});
  const TensorId third = builder.pointwise(OperatorType::exp, {second});
  builder.graph.operators[0].inputs[1] = third;
  const std::string message = refusal([&] { verify(builder.graph); });
  CHECK_THAT(message, Catch::EndsWith("operators form a cycle: add_0 -> neg_1 -> exp_2 -> add_0"));
  builder.graph.operators[0].inputs[1] = first;
  CHECK_THAT(refusal([&] { verify(builder.graph); }), Catch::EndsWith("cycle: add_0 -> add_0"));
}

TEST_CASE("a wrong order without a cycle is named") {
  CHECK_THAT(
      refused([](Graph& g) { std::swap(g.operators[1], g.operators[2]); }),
      Catch::EndsWith("operator 'relu_2' reads 't7' before 'batch_norm_1' writes it: expected topological order"));
}

TEST_CASE("consumers and producers") {
  GraphBuilder builder;
  const TensorId x = builder.input({4});
  const TensorId a = builder.pointwise(OperatorType::neg, {x});
  const TensorId b = builder.pointwise(OperatorType::mul, {a, a});
  builder.pointwise(OperatorType::add, {a, b});
  using Readers = std::vector<std::vector<OperatorId>>;
  CHECK(consumers(builder.graph) == Readers{{0}, {1, 2}, {2}, {}});
  CHECK(producers(builder.graph) == std::vector<std::int64_t>{-1, 0, 1, 2});
}

}  // namespace
}  // namespace cyclescope::workloads
