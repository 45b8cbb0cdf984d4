// Corners of lowering that were wrong once.
#include "arch/kpu/family.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

KpuConfig roomy() { return small_chip({"l2.capacity=8 KiB", "l3.capacity=32 KiB"}); }

std::int64_t expected(const Program& program, const LoweredOp& op, const InputEdge& edge, std::int64_t tile) {
  const auto site = static_cast<std::size_t>(site_of(op, tile));
  return program.edge_expected.at(static_cast<std::size_t>(edge.token)).at(site);
}

}  // namespace

TEST_CASE("a residual operand from outside is loaded whole, whatever the product reads") {
  Net net;
  const TensorId x = net.input({1, 40, 6, 6});
  const TensorId inner = net.relu(net.convolution(x, {12}));
  const Program program = lower(net.finish(net.sum(net.convolution(inner, {40}), x)), roomy());
  const LoweredOp& op = program.ops.back();
  REQUIRE(op.inputs.back().role == EdgeRole::residual);
  for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
    CHECK(expected(program, op, op.inputs.back(), tile) == op.output_region(tile).elements());
  }
}

TEST_CASE("vector work on an input of many channels is sent its own channels only") {
  Net net;
  const Program program = lower(net.finish(net.max_pool(net.input({1, 20, 6, 6}), {0, {2, 2}, {2, 2}})), roomy());
  const LoweredOp& op = program.ops.front();
  for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
    CHECK(expected(program, op, op.inputs.front(), tile) ==
          used_elements(op, input_region(op, op.output_region(tile))));
  }
}

TEST_CASE("vector work behind a flatten is refused, not planned short") {
  Net net;
  const TensorId flat = net.flatten(net.convolution(net.input({1, 3, 4, 4}), {20}));
  const Graph graph = net.finish(net.relu(flat));
  CHECK_THROWS_AS(lower(graph, roomy()), NotModelled);
}

TEST_CASE("a sum that does not fit L2 states the need of both operands") {
  Net net;
  const TensorId a = net.input({1, 8, 1, 1});
  const TensorId b = net.input({1, 8, 1, 1});
  const Graph graph = net.finish(net.sum(a, b));
  // A block is narrowed down to one channel: two operands, double-buffered, 4 B; two results leave 5 - 2 = 3 B.
  try {
    static_cast<void>(lower(graph, small_chip({"l2.capacity=5 B"})));
    FAIL("expected NotModelled");
  } catch (const NotModelled& error) {
    CHECK_THAT(error.what(), Catch::Contains("needs 4 B of L2, the budget is 3 B"));
  }
  // Eight channels need 32 B and leave 40 - 16 = 24 B; four need 16 B and leave 40 - 8 = 32 B.
  CHECK(lower(graph, small_chip({"l2.capacity=40 B"})).ops.front().block_n == 4);
}

TEST_CASE("ingress FIFOs too short for the skew of the lanes are refused") {
  // A run enters when its last lane has its last token; the first lane has starved by then, R - 1 steps ago.
  CHECK_THROWS_AS(chip({"array.ingress_depth=30 tokens"}), InputError);
}

TEST_CASE("a pool whose window lies in the padding only is executed") {
  Net net;
  Net::Layer layer;
  layer.kernel = {2, 1};
  layer.padding = {1, 0, 1, 0};
  layer.dilation = {2, 1};  // rows -1 and 1 of a plane of one row
  const Graph graph = net.finish(net.max_pool(net.input({1, 3, 1, 1}), layer));
  CHECK_NOTHROW(family().run(graph, settings(), machine::RunOptions{}));
}
