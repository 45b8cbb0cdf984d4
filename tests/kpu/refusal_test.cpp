// What a KPU does not model or cannot hold is refused, with operator type, node and model.
#include <regex>

#include "arch/kpu/family.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;
using Catch::Contains;

/// Message of the NotModelled that mapping throws.
std::string refused(const Graph& graph, const std::vector<std::string>& overrides = {},
                    const machine::RunOptions& options = {}) {
  try {
    static_cast<void>(family().mapping(graph, settings(overrides), options));
  } catch (const NotModelled& error) {
    return error.what();
  }
  FAIL("expected NotModelled");
  return {};
}

/// Need and budget that a message states.
std::pair<std::int64_t, std::int64_t> need_and_budget(const std::string& message) {
  std::smatch found;
  REQUIRE(std::regex_search(message, found, std::regex(R"(need[s]? (\d+) B of .*the budget is (\d+) B)")));
  return {std::stoll(found[1]), std::stoll(found[2])};
}

Graph convolution(std::int64_t in_channels, std::int64_t size, const Net::Layer& layer) {
  Net net;
  return net.finish(net.convolution(net.input({1, in_channels, size, size}), layer));
}

}  // namespace

TEST_CASE("models with operators that are not modelled are refused by operator and model") {
  for (const char* model : {"vit_b_16", "deeplabv3_resnet50", "fcn_resnet50"}) {
    const Graph graph = library(model);
    const std::string message = refused(graph);
    INFO(message);
    bool named = false;
    for (const workloads::Operator& op : graph.operators) {
      named = named || message.find(std::string(workloads::name(op.type)) + " '" + op.name + "' of model '" + model +
                                    "' is not modelled on KPU: ") == 0;
    }
    CHECK(named);
  }
}

TEST_CASE("operators beyond the tiles are refused with the reason") {
  CHECK_THAT(refused(convolution(8, 6, {8, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 4})),
             Contains("conv2d 'conv2d_0' of model 'test'") && Contains("groups = 4, expected 1"));
  Net scaled;
  const TensorId x = scaled.input({1, 4, 5, 5});
  CHECK_THAT(refused(scaled.finish(scaled.pointwise(workloads::OperatorType::mul, {x, x}))),
             Contains("mul 'mul_0' of model 'test'") && Contains("not known"));
  Net smooth;
  const TensorId y = smooth.convolution(smooth.input({1, 4, 5, 5}), {8});
  CHECK_THAT(refused(smooth.finish(smooth.pointwise(workloads::OperatorType::gelu, {y}))), Contains("gelu 'gelu_1'"));
  Net twice;
  const TensorId z = twice.input({1, 4, 5, 5});
  CHECK_THAT(refused(twice.finish(twice.sum(z, z))), Contains("add 'add_0'"));
  Net broadcast;
  const TensorId plane = broadcast.input({1, 4, 5, 5});
  const TensorId pixel = broadcast.input({1, 4, 1, 1});
  CHECK_THAT(refused(broadcast.finish(broadcast.sum(plane, pixel))), Contains("add 'add_0'") && Contains("shape"));
  Net cut;
  const TensorId long_rows =
      cut.add(workloads::OperatorType::reshape, workloads::NoAttributes{}, {cut.input({1, 4, 5, 5})}, {1, 4, 25});
  CHECK_THAT(refused(cut.finish(long_rows)), Contains("reshape 'reshape_0'") && Contains("one row"));
}

TEST_CASE("other precisions and batches are refused") {
  const Graph graph = convolution(3, 8, {8});
  machine::RunOptions options;
  options.precision = Precision::fp32;
  CHECK_THAT(refused(graph, {}, options), Contains("fp32") && Contains("expected int8"));
  options.precision = Precision::int8;
  options.batch = 2;
  CHECK_THAT(refused(graph, {}, options), Contains("batch 2") && Contains("expected 1"));
  Net pair;  // two images in the trace itself
  CHECK_THAT(refused(pair.finish(pair.convolution(pair.input({2, 3, 8, 8}), {8}))),
             Contains("conv2d 'conv2d_0'") && Contains("expected batch 1"));
}

TEST_CASE("a layer that does not fit L2 names need and budget") {
  const Graph graph = convolution(64, 56, {64, {3, 3}, {1, 1}, {1, 1, 1, 1}});
  const std::string message = refused(graph, {"l2.capacity=6 KiB"});
  CHECK_THAT(message, Contains("conv2d 'conv2d_0' of model 'test'") && Contains("L2"));
  const auto [need, budget] = need_and_budget(message);
  CHECK(need > budget);
  CHECK(budget == 6 * 1024 - 2 * 32 * 32);  // two result blocks of 32x32 bytes are set aside
}

TEST_CASE("a layer that does not fit L3 names need and budget") {
  const Graph graph = convolution(64, 56, {64, {3, 3}, {1, 1}, {1, 1, 1, 1}});
  const std::string message = refused(graph, {"l3.capacity=8 KiB"});
  CHECK_THAT(message, Contains("conv2d 'conv2d_0'") && Contains("of L3 on one tile"));
  const auto [need, budget] = need_and_budget(message);
  CHECK(need > budget);
  CHECK(budget == 8 * 1024);
}

TEST_CASE("a pool whose window does not fit L2 names need and budget") {
  Net net;
  const Graph graph = net.finish(net.global_pool(net.input({1, 32, 40, 40})));
  const std::string message = refused(graph);
  CHECK_THAT(message, Contains("global_avg_pool 'global_avg_pool_0' of model 'test'"));
  const auto [need, budget] = need_and_budget(message);
  CHECK(need == 2 * 40 * 40 * 32);          // double-buffered
  CHECK(budget == 32 * 1024 - 2 * 1 * 32);  // less two result rows
}
