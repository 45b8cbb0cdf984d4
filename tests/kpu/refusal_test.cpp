// What a KPU does not model or cannot hold is refused, with operator type, node and model.
#include <algorithm>
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

TEST_CASE("models with attention, dilated windows and resizing are mapped") {
  for (const char* model : {"vit_b_16", "deeplabv3_resnet50", "fcn_resnet50"}) {
    INFO(model);
    const Graph graph = library(model);
    std::size_t members = 0;
    for (const machine::MappingRow& row : family().mapping(graph, settings(), {})) {
      const std::string& names = row.text("members");
      if (names.empty()) continue;  // partial sums: the operators are those of the row that adds them
      members += static_cast<std::size_t>(std::count(names.begin(), names.end(), ' ')) + 1;
    }
    CHECK(members == graph.operators.size());
  }
}

TEST_CASE("operators beyond the tiles are refused with the reason") {
  Net scaled;
  const TensorId x = scaled.input({1, 4, 5, 5});
  CHECK_THAT(refused(scaled.finish(scaled.pointwise(workloads::OperatorType::mul, {x, x}))),
             Contains("mul 'mul_0' of model 'test' is not modelled on KPU: ") && Contains("twice"));
  Net twice;
  const TensorId z = twice.input({1, 4, 5, 5});
  CHECK_THAT(refused(twice.finish(twice.sum(z, z))), Contains("add 'add_0'"));
  Net broadcast;
  const TensorId plane = broadcast.input({1, 4, 5, 5});
  const TensorId pixel = broadcast.input({1, 4, 1, 1});
  CHECK_THAT(refused(broadcast.finish(broadcast.sum(plane, pixel))), Contains("add 'add_0'") && Contains("shape"));
  Net across;  // over channels of a plane, which lie across its rows of four axes
  const TensorId y = across.input({1, 4, 5, 5});
  CHECK_THAT(refused(across.finish(
                 across.add(workloads::OperatorType::softmax, workloads::SoftmaxAttributes{2, -1}, {y}, {1, 4, 5, 5}))),
             Contains("softmax 'softmax_0'") && Contains("last axis"));
  Net cut;  // every second pixel of a plane is no rectangle of it
  const TensorId half = cut.add(workloads::OperatorType::slice, workloads::SliceAttributes{{0, 0, 0, 0}, {1, 1, 1, 2}},
                                {cut.input({1, 4, 6, 6})}, {1, 4, 6, 3});
  CHECK_THAT(refused(cut.finish(cut.relu(half))), Contains("relu 'relu_1'") && Contains("no rectangle"));
}

TEST_CASE("INT4 and two images in the trace itself are refused") {
  const Graph graph = convolution(3, 8, {8});
  machine::RunOptions options;
  options.precision = Precision::int4;
  CHECK_THAT(refused(graph, {}, options), Contains("int4") && Contains("expected int8"));
  Net pair;
  CHECK_THAT(refused(pair.finish(pair.convolution(pair.input({2, 3, 8, 8}), {8}))),
             Contains("conv2d 'conv2d_0'") && Contains("expected batch 1"));
}

TEST_CASE("a precision that no tile executes is refused by the first product that needs it") {
  machine::RunOptions options;
  options.precision = Precision::fp32;  // BF16-primary tiles only
  CHECK_THAT(refused(convolution(3, 8, {8}), {"tiles.bf16=0 tiles"}, options),
             Contains("conv2d 'conv2d_0'") && Contains("no tile executes fp32"));
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
  const Graph graph = net.finish(net.global_pool(net.input({1, 32, 130, 130})));
  const std::string message = refused(graph);
  CHECK_THAT(message, Contains("global_avg_pool 'global_avg_pool_0' of model 'test'"));
  const auto [need, budget] = need_and_budget(message);
  CHECK(need == 2 * 130 * 130);        // one channel, double-buffered
  CHECK(budget == 32 * 1024 - 2 * 1);  // less two results
}
