// Which operators become one group.
#include <catch2/catch.hpp>
#include <set>

#include "tests/workloads/graph_builder.h"
#include "workloads/fusion.h"

namespace cyclescope::workloads {
namespace {

const FusionRules kAll{true, true, true};
const FusionRules kNone{};
using Members = std::vector<OperatorId>;

std::vector<Members> members(const Graph& graph, const FusionRules& rules) {
  verify(graph);
  std::vector<Members> result;
  for (const FusedGroup& group : fuse(graph, rules)) result.push_back(group.members);
  return result;
}

TEST_CASE("convolution, batch norm and relu become one group, as far as the rules go") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 3, 4, 4});
  const TensorId y = builder.relu(builder.batch_norm(builder.conv(x, 8)));
  builder.graph.outputs = {y};
  CHECK(members(builder.graph, kNone) == std::vector<Members>{{0}, {1}, {2}});
  CHECK(members(builder.graph, {true, false, true}) == std::vector<Members>{{0, 1}, {2}});
  CHECK(members(builder.graph, {false, true, true}) == std::vector<Members>{{0}, {1, 2}});
  const auto groups = fuse(builder.graph, kAll);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].members == Members{0, 1, 2});
  CHECK(groups[0].inputs == std::vector<TensorId>{x});
  CHECK(groups[0].output == y);
  CHECK(groups[0].has_bias);
  CHECK(groups[0].has_activation);
  CHECK_FALSE(groups[0].has_residual);
}

TEST_CASE("a bias of its own counts as bias, no bias as none") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 3, 4, 4});
  builder.graph.outputs = {builder.conv(x, 8, true), builder.conv(x, 8)};
  const auto groups = fuse(builder.graph, kAll);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].has_bias);
  CHECK_FALSE(groups[1].has_bias);
}

TEST_CASE("an identity residual is added by the last convolution") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 4, 4});
  const TensorId a = builder.relu(builder.batch_norm(builder.conv(x, 8)));
  const TensorId b = builder.batch_norm(builder.conv(a, 8));
  builder.graph.outputs = {builder.relu(builder.pointwise(OperatorType::add, {b, x}))};
  const auto groups = fuse(builder.graph, kAll);
  REQUIRE(groups.size() == 2);
  CHECK(groups[1].members == Members{3, 4, 5, 6});
  CHECK(groups[1].inputs == std::vector<TensorId>{a, x});
  CHECK(groups[1].has_residual);
  CHECK(groups[1].has_activation);
  CHECK(members(builder.graph, {true, true, false}) == std::vector<Members>{{0, 1, 2}, {3, 4}, {5, 6}});
}

TEST_CASE("of two convolved branches the last one adds the other") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 4, 4});
  const TensorId a = builder.relu(builder.batch_norm(builder.conv(x, 4)));        // 0 1 2
  const TensorId b = builder.relu(builder.batch_norm(builder.conv(a, 4)));        // 3 4 5
  const TensorId c = builder.batch_norm(builder.conv(b, 16));                     // 6 7
  const TensorId d = builder.batch_norm(builder.conv(x, 16));                     // 8 9
  const TensorId y = builder.relu(builder.pointwise(OperatorType::add, {c, d}));  // 10 11
  builder.graph.outputs = {y};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0, 1, 2}, {3, 4, 5}, {6, 7}, {8, 9, 10, 11}});
  const FusedGroup last = fuse(builder.graph, kAll).back();
  CHECK(last.inputs == std::vector<TensorId>{x, c});
  CHECK(last.output == y);
  CHECK(last.has_residual);
  CHECK(last.has_bias);
}

TEST_CASE("an intermediate result read elsewhere is not swallowed") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 4, 4});
  const TensorId y = builder.conv(x, 8);
  const TensorId norm = builder.batch_norm(y);
  builder.graph.outputs = {builder.pointwise(OperatorType::mul, {norm, y})};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0}, {1}, {2}});
}

TEST_CASE("a graph output is not swallowed") {
  GraphBuilder builder;
  const TensorId y = builder.conv(builder.input({1, 8, 4, 4}), 8);
  builder.graph.outputs = {y, builder.relu(y)};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0}, {1}});
}

TEST_CASE("an add is a residual only of two different activations of the same shape") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 4, 4});
  const TensorId twice = builder.conv(x, 8);
  const TensorId own = builder.pointwise(OperatorType::add, {twice, twice});
  const TensorId small = builder.input({1, 8, 1, 1});
  const TensorId other = builder.conv(own, 8);
  const TensorId broadcast = builder.pointwise(OperatorType::add, {other, small});
  const TensorId offset = builder.parameter({1, 8, 4, 4});
  const TensorId learnt = builder.pointwise(OperatorType::add, {builder.conv(broadcast, 8), offset});
  builder.graph.outputs = {builder.pointwise(OperatorType::sub, {builder.conv(learnt, 8), x})};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}});
  CHECK(fuse(builder.graph, kAll)[1].inputs == std::vector<TensorId>{twice});
}

TEST_CASE("a residual that comes later waits for its own group") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 4, 4});
  const TensorId early = builder.conv(x, 8);
  const TensorId late = builder.pointwise(OperatorType::exp, {x});
  builder.graph.outputs = {builder.relu(builder.pointwise(OperatorType::add, {early, late}))};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0}, {1}, {2, 3}});
}

TEST_CASE("pools and binary operators absorb an activation, unary ones and softmax do not") {
  GraphBuilder builder;
  const TensorId x = builder.input({1, 8, 4, 4});
  const TensorId pooled = builder.add(OperatorType::max_pool2d, PoolAttributes{}, {x}, {1, 8, 4, 4});
  const TensorId product = builder.pointwise(OperatorType::mul, {builder.relu(pooled), x});
  const TensorId gated = builder.pointwise(OperatorType::exp, {builder.pointwise(OperatorType::sigmoid, {product})});
  const TensorId soft = builder.add(OperatorType::softmax, SoftmaxAttributes{1, -1}, {gated}, {1, 8, 4, 4});
  builder.graph.outputs = {builder.relu(soft)};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0, 1}, {2, 3}, {4}, {5}, {6}});
  CHECK(fuse(builder.graph, kAll)[1].has_activation);
  CHECK_FALSE(fuse(builder.graph, kAll)[1].has_residual);
  CHECK(members(builder.graph, {true, false, true}).size() == 7);
}

TEST_CASE("a batch norm folds into a gemm only where its channels are the columns") {
  GraphBuilder builder;
  const TensorId flat = builder.input({4, 8});
  const TensorId deep = builder.input({1, 4, 8});
  const TensorId a = builder.add(OperatorType::gemm, GemmAttributes{}, {flat, builder.parameter({6, 8})}, {4, 6});
  const TensorId b = builder.batch_norm(a);
  const TensorId c = builder.add(OperatorType::gemm, GemmAttributes{}, {deep, builder.parameter({6, 8})}, {1, 4, 6});
  builder.graph.outputs = {b, builder.batch_norm(c)};
  CHECK(members(builder.graph, kAll) == std::vector<Members>{{0, 1}, {2}, {3}});
}

/// A random graph of convolutions, batch norms, adds and relus of one shape.
Graph random_graph(Random& random) {
  GraphBuilder builder;
  std::vector<TensorId> values{builder.input({1, 4, 2, 2})};
  const std::int64_t operators = random(1, 30);
  for (std::int64_t i = 0; i < operators; ++i) {
    const auto last = static_cast<std::int64_t>(values.size()) - 1;
    const TensorId x = values[static_cast<std::size_t>(std::max<std::int64_t>(0, last - random(0, 2)))];
    const TensorId y = values[static_cast<std::size_t>(random(0, last))];
    switch (random(0, 3)) {
      case 0:
        values.push_back(builder.conv(x, 4, random(0, 1) == 1));
        break;
      case 1:
        values.push_back(builder.batch_norm(x));
        break;
      case 2:
        values.push_back(builder.pointwise(OperatorType::add, {x, y}));
        break;
      default:
        values.push_back(builder.relu(x));
        break;
    }
  }
  builder.graph.outputs = {values.back()};
  if (values.size() > 3 && random(0, 1) == 1) builder.graph.outputs.push_back(values[values.size() / 2]);
  return builder.graph;
}

TEST_CASE("groups partition any graph, can be executed in order, and hide nothing that is read elsewhere") {
  Random random;
  for (int trial = 0; trial < 500; ++trial) {
    const Graph graph = random_graph(random);
    verify(graph);
    const FusionRules rules{random(0, 1) == 1, random(0, 1) == 1, random(0, 1) == 1};
    const auto readers = consumers(graph);
    std::set<OperatorId> seen;
    std::set<TensorId> available(graph.inputs.begin(), graph.inputs.end());
    for (const FusedGroup& group : fuse(graph, rules)) {
      REQUIRE_FALSE(group.members.empty());
      std::set<TensorId> outside;
      std::set<TensorId> inside;
      for (const OperatorId id : group.members) {
        REQUIRE(seen.insert(id).second);
        const Operator& op = graph.operators[id];
        for (const TensorId input : op.inputs) {
          if (graph.tensors[input].role == TensorRole::activation && inside.count(input) == 0) outside.insert(input);
        }
        if (id != group.members.back()) {
          REQUIRE(readers[op.outputs[0]].size() == 1);
          REQUIRE(std::count(graph.outputs.begin(), graph.outputs.end(), op.outputs[0]) == 0);
        }
        inside.insert(op.outputs[0]);
      }
      REQUIRE(group.output == graph.operators[group.members.back()].outputs[0]);
      REQUIRE(std::set<TensorId>(group.inputs.begin(), group.inputs.end()) == outside);
      REQUIRE(group.inputs.size() == outside.size());
      for (const TensorId input : group.inputs) REQUIRE(available.count(input) == 1);
      available.insert(group.output);
    }
    REQUIRE(seen.size() == graph.operators.size());
  }
}

}  // namespace
}  // namespace cyclescope::workloads
