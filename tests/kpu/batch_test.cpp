// Frames of one inference, groups, wider values and passes of the vector engine, against loops and by hand.
#include "tests/kpu/support.h"
#include "tests/workloads/small_networks.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

const LoweredOp& named(const Program& program, const std::string& type, int which = 0) {
  for (const LoweredOp& op : program.ops) {
    if (op.type == type && which-- == 0) return op;
  }
  FAIL("no operator of type " << type);
  return program.ops.front();
}

KpuConfig roomy() { return small_chip({"l2.capacity=64 KiB", "l3.capacity=1 MiB"}); }

}  // namespace

TEST_CASE("windows of several frames read their own frames only") {
  Random random;
  for (int trial = 0; trial < 400; ++trial) {
    Net net;
    const std::int64_t height = random(1, 9);
    const std::int64_t width = random(1, 9);
    Net::Layer layer = random_layer(random, height, width, 4);
    layer.dilation[1] = 1;  // gaps of a dilated window are filled: see the tests of windows
    if (width + layer.padding[1] + layer.padding[3] < layer.kernel[1]) continue;
    const Graph graph = net.finish(net.convolution(net.input({1, 3, height, width}), layer));
    const LoweredOp op = lower(graph, roomy(), {Precision::int8, random(2, 4)}).ops.front();
    REQUIRE(op.m == op.frames * op.out_height * op.out_width);
    const std::int64_t begin = random(0, op.m - 1);
    const std::int64_t end = random(begin + 1, op.m);
    const std::set<std::int64_t> read = touched_pixels(op, begin, end);
    REQUIRE(window_pixels(op, begin, end) == static_cast<std::int64_t>(read.size()));
    const std::set<std::int64_t> all = touched_pixels(op, 0, op.m);
    const std::int64_t pixels = op.frames * height * width;
    const std::int64_t from = random(0, pixels - 1);
    const std::int64_t to = random(from + 1, pixels);
    REQUIRE(used_pixels(op, from, to) == std::distance(all.lower_bound(from), all.lower_bound(to)));
    if (read.empty()) continue;
    const Region in = input_region(op, {begin, end, 0, 4});
    REQUIRE(in.pixel_begin <= *read.begin());
    REQUIRE(in.pixel_end > *read.rbegin());
    const std::int64_t frame = op.out_height * op.out_width;
    REQUIRE(in.pixel_begin >= begin / frame * height * width);
    REQUIRE(in.pixel_end <= ((end - 1) / frame + 1) * height * width);
  }
}

TEST_CASE("rows of tokens are needed row by row, across frames too") {
  const Graph graph = workloads::transformer_layer(11, 3, 24);
  const LoweredOp op = named(lower(graph, roomy(), {Precision::int8, 3}), "gemm");
  CHECK(op.m == 33);
  for (std::int64_t begin = 0; begin < 33; ++begin) {
    for (std::int64_t end = begin + 1; end <= 33; ++end) {
      const Region in = input_region(op, {begin, end, 0, 24});
      REQUIRE(in.pixel_begin == begin);
      REQUIRE(in.pixel_end == end);
    }
  }
}

TEST_CASE("attention: 3 heads of 8 over 11 tokens") {
  const Program program = lower(workloads::transformer_layer(11, 3, 24), roomy(), {Precision::int8, 2});
  const LoweredOp& scores = named(program, "matmul", 0);
  CHECK(scores.groups == 3);
  CHECK(scores.m == 2 * 11);
  CHECK(scores.k == 8);
  CHECK(scores.n == 3 * 11);
  CHECK(scores.b_transposed);
  CHECK(scores.grid_m == 2 * 2);  // 11 rows of a frame in blocks of 8
  CHECK(scores.grid_n == 3 * 2);  // 11 columns of a head in blocks of 8
  CHECK(scores.macs == 2 * 3 * 11 * 11 * 8);
  CHECK(scores.weight_bytes == 0);
  CHECK(scores.epilogue_bytes == 0);
  const Region block = scores.block(3, 5);  // second frame, last head: what is left over
  CHECK(block.pixel_begin == 11 + 8);
  CHECK(block.pixel_end == 22);
  CHECK(block.channel_begin == 22 + 8);
  CHECK(block.channel_end == 33);
  const Region queries = input_region(scores, block);  // its rows of its head
  CHECK(queries.pixel_begin == 19);
  CHECK(queries.pixel_end == 22);
  CHECK(queries.channel_begin == 16);
  CHECK(queries.channel_end == 24);
  const LoweredOp& mixed = named(program, "matmul", 1);
  CHECK(mixed.groups == 3);
  CHECK(mixed.k == 11);
  CHECK(mixed.n == 3 * 8);
  CHECK_FALSE(mixed.b_transposed);
  CHECK(mixed.grid_n == 3);  // 8 columns of a head are one block
  CHECK(mixed.macs == scores.macs);
  // Queries, keys and values are cut from one result without copies: pieces of its columns.
  CHECK(scores.inputs[0].pieces.front().source.channel_begin == 0);
  CHECK(scores.inputs[1].pieces.front().source.channel_begin == 24);
  CHECK(mixed.inputs[1].pieces.front().source.channel_begin == 48);
}

TEST_CASE("rows that are reduced take a pass after the other") {
  // A row takes passes * ceil(length / lanes) + depth + ceil(log2 lanes).
  KpuConfig config = roomy();
  config.vector_lanes = 4;
  config.vector_depth = 5;
  const Program program = lower(workloads::transformer_layer(11, 3, 24), config);
  const LoweredOp& soft = named(program, "softmax");
  CHECK(soft.rows_whole);
  CHECK(soft.groups == 3);
  CHECK(soft.block_n == 11);
  CHECK(soft.vector_passes == 3);  // maximum; exponent and sum; division
  CHECK(vector_clocks(soft, {0, 2, 0, 11}, 2, config) == 2 * (3 * 3 + 5 + 2));
  const LoweredOp& norm = named(program, "layer_norm");
  CHECK(norm.block_n == 24);
  CHECK(norm.vector_passes == 2);  // sums of x and x^2; scale and shift
  CHECK(vector_clocks(norm, {0, 3, 0, 24}, 3, config) == 3 * (2 * 6 + 5 + 2));
  config.vector_lanes = 3;  // a tree over 3 lanes has two levels as well
  CHECK(vector_clocks(norm, {0, 3, 0, 24}, 3, config) == 3 * (2 * 8 + 5 + 2));
}

TEST_CASE("elements of other vector work go through the lanes together") {
  KpuConfig config = roomy();
  config.vector_lanes = 4;
  const LoweredOp window = named(lower(workloads::depthwise(), config), "conv2d", 1);
  CHECK(window.kind == OpKind::vector);
  CHECK(window.vector_passes == 9);
  CHECK(vector_clocks(window, {0, 5, 0, 7}, 99, config) == ceil_div(5 * 7 * 9, 4));  // outputs, a tap a pass
  const Program program = lower(workloads::resized(), config);
  CHECK(named(program, "resize", 0).vector_passes == 4);  // four neighbours
  CHECK(named(program, "resize", 1).vector_passes == 1);
  Net net;
  const LoweredOp pool = lower(net.finish(net.max_pool(net.input({1, 5, 6, 6}), {0, {3, 3}})), config).ops.front();
  CHECK(vector_clocks(pool, {0, 1, 0, 5}, 9, config) == ceil_div(9 * 5, 4));  // inputs
}

TEST_CASE("a grouped window reads the channels of its groups") {
  const Program program = lower(workloads::grouped(), roomy());
  const LoweredOp& op = named(program, "conv2d", 1);  // 24 to 44 channels in 4 groups: 6 to 11 each
  CHECK(op.k == 9 * 6);
  CHECK(op.grid_n == 4 * 2);
  for (std::int64_t nb = 0; nb < op.grid_n; ++nb) {
    const Region out = op.block(0, nb);
    REQUIRE(out.channel_begin / 11 == (out.channel_end - 1) / 11);  // within one group
    const Region in = input_region(op, out);
    REQUIRE(in.channel_begin == out.channel_begin / 11 * 6);
    REQUIRE(in.channel_end == in.channel_begin + 6);
  }
}

TEST_CASE("wider values take more bytes, fewer MACs per clock more steps") {
  for (const auto& [precision, bytes, quarter] :
       {std::tuple{Precision::int8, 1, 4}, std::tuple{Precision::bf16, 2, 0}, std::tuple{Precision::fp32, 4, 0}}) {
    Net net;
    const Graph graph = net.finish(net.convolution(net.input({1, 13, 6, 6}), {20, {3, 3}, {1, 1}, {1, 1, 1, 1}}));
    const KpuConfig config = roomy();
    const Program program = lower(graph, config, {precision, 1});
    const LoweredOp& op = program.ops.front();
    INFO(name(precision));
    CHECK(op.element_bytes == bytes);
    if (quarter > 0) CHECK(op.array.quarter_macs == quarter);
    CHECK(op.array_steps == ceil_div(4 * 9 * 13, op.array.quarter_macs));
    CHECK(op.weight_bytes == 20 * (9 * 13 * bytes + (precision == Precision::int8 ? 8 : 4)));
    std::int64_t steps = 0;
    for (const Slice& slice : op.slices) steps += slice.array_steps;
    CHECK(steps == op.array_steps);
    std::int64_t stored = 0;
    for (const std::int64_t each : program.store_expected) stored += each;
    CHECK(stored == 20 * 36 * bytes);
  }
}
