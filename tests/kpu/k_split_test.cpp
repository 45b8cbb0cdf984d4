// K-split: which products are split, what the two operators look like, and that no part, byte or pass is lost.
#include "arch/kpu/k_split.h"

#include "arch/kpu/commands.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

KpuConfig split_chip(const std::string& split, const std::vector<std::string>& more = {}) {
  std::vector<std::string> all{"lowering.k_split=" + split, "l2.capacity=8 KiB", "l3.capacity=64 KiB"};
  all.insert(all.end(), more.begin(), more.end());
  return small_chip(all);
}

/// `channels` to 7 by a 3x3 window on `side` x `side` pixels; `residual`: plus its input of 7 channels.
Graph window(std::int64_t channels, std::int64_t side, bool residual = false) {
  Net net;
  const TensorId x = net.relu(net.convolution(net.input({1, 3, side, side}), {channels}));
  const TensorId y = net.batch_norm(net.convolution(x, {7, {3, 3}, {1, 1}, {1, 1, 1, 1}}));
  return net.finish(net.relu(residual ? net.sum(y, x) : y));
}

std::size_t splits(const Program& program) {
  std::size_t count = 0;
  for (const LoweredOp& op : program.ops) count += op.part_channels > 0 ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a split product is two operators: sums of 4 B, then their sum and the epilogue") {
  // 2x2 pixels of 20 channels: one block of 4 x 7 and 180 steps on 4 tiles of 8x8. In 3 parts: 7, 7 and 6 channels.
  const KpuConfig config = split_chip("3");
  const Program program = lower(window(20, 2), config, {Precision::int8, 1});
  REQUIRE(program.ops.size() == 4);  // the first product, of 3 channels, is split as well
  const LoweredOp& partial = program.ops[2];
  CHECK(partial.name == program.ops[3].name + " (partial sums)");
  CHECK(partial.type == "partial sums");
  CHECK(partial.members.empty());
  CHECK(partial.kind == OpKind::gemm);
  CHECK(partial.groups == 3);
  CHECK(partial.n == 3 * 7);
  CHECK(partial.k == 9 * 7);
  CHECK(partial.last_k() == 9 * 6);
  CHECK(partial.macs == 4 * 7 * 180);
  CHECK(partial.weight_bytes == 7 * 180);
  CHECK(partial.epilogue_bytes == 0);
  CHECK(partial.vector_passes == 1);
  CHECK(partial.element_bytes == 1);
  CHECK(partial.result_bytes == 4);
  CHECK(partial.grid_n == 3);
  const LoweredOp& sum = program.ops[3];
  CHECK(sum.type == "conv2d");
  CHECK(sum.members == "conv2d_2 batch_norm_3 relu_4");
  CHECK(sum.kind == OpKind::vector);
  CHECK(sum.macs == 0);
  CHECK(sum.m == 4);
  CHECK(sum.n == 7);
  CHECK(sum.result_bytes == 1);
  CHECK(sum.vector_passes == 3);  // bias, activation and requantisation go with that of the last operand
  CHECK(sum.graph_output);
  REQUIRE(sum.inputs.size() == 4);
  CHECK(sum.inputs[3].role == EdgeRole::per_channel);
  CHECK(sum.inputs[3].pixels * sum.inputs[3].element_bytes == 8);  // bias and scale
}

TEST_CASE("the epilogue of a split product keeps its residual operand and its passes") {
  for (const auto& [precision, bytes, parameters] :
       {std::tuple{Precision::int8, 1, 8}, std::tuple{Precision::bf16, 2, 4}, std::tuple{Precision::fp32, 4, 4}}) {
    INFO(name(precision));
    const KpuConfig config = split_chip("2", {"kpu.tiles=12 tiles", "mesh.width=4 nodes", "mesh.height=3 nodes",
                                              "tiles.int8=0 tiles", "tiles.matrix=0 tiles"});
    const Program program = lower(window(7, 3, true), config, {precision, 2});
    REQUIRE(program.ops.size() == 4);
    const LoweredOp& partial = program.ops[2];
    const LoweredOp& sum = program.ops[3];
    CHECK(partial.inputs.size() == 1);  // it does not read the residual operand
    CHECK(partial.result_bytes == 4);
    CHECK(sum.vector_passes == 3);  // two parts and the residual operand
    REQUIRE(sum.inputs.size() == 4);
    CHECK(sum.inputs[0].element_bytes == 4);
    CHECK(sum.inputs[1].element_bytes == 4);
    CHECK(sum.inputs[2].element_bytes == bytes);
    CHECK(sum.inputs[2].pieces.front().producer == 1);  // what the first product gives
    CHECK(sum.inputs[3].pixels * sum.inputs[3].element_bytes == parameters);
    std::int64_t elements = 0;
    for (std::int64_t tile = 0; tile < sum.tiles(); ++tile) {
      for (const StreamRun& run : expand(sum, tile, config).runs_a) elements += run.elements;
    }
    CHECK(elements == 2 * 9 * 7 * 3);  // frames, pixels, channels, passes
  }
}

TEST_CASE("the parts of every split reduction cover its channels, and each plane of sums is read once") {
  std::size_t unequal = 0;
  std::size_t found = 0;
  for (const Case& c : cases()) {
    for (std::size_t index = 0; index + 1 < c.program.ops.size(); ++index) {
      const LoweredOp& partial = c.program.ops[index];
      if (partial.part_channels == 0) continue;
      INFO(c.name << ", " << partial.name);
      ++found;
      std::int64_t channels = 0;
      for (std::int64_t nb = 0; nb < partial.grid_n; nb += partial.grid_n / partial.groups) {
        const Region in = input_region(partial, partial.block(0, nb));
        REQUIRE(in.channel_begin == channels);
        REQUIRE(in.channel_end - in.channel_begin == channels_reduced(partial, nb));
        channels = in.channel_end;
      }
      REQUIRE(channels == partial.in_channels);
      unequal += partial.in_channels % partial.groups != 0 ? 1 : 0;
      const LoweredOp& sum = c.program.ops[index + 1];
      REQUIRE(partial.name == sum.name + " (partial sums)");
      REQUIRE(partial.m == sum.m);
      REQUIRE(partial.n == partial.groups * sum.n);
      std::int64_t next = 0;  // column of the plane of sums
      for (const InputEdge& edge : sum.inputs) {
        const Piece& piece = edge.pieces.front();
        if (piece.producer != static_cast<std::int32_t>(index)) continue;
        REQUIRE(edge.pieces.size() == 1);
        REQUIRE(edge.element_bytes == 4);
        REQUIRE(piece.source.channel_begin == next);
        REQUIRE(piece.source.channel_end == next + sum.n);
        REQUIRE(piece.source.pixel_end - piece.source.pixel_begin == sum.m / sum.frames);
        next = piece.source.channel_end;
        if (edge.stream.used) continue;
        std::int64_t bytes = 0;
        for (const std::int64_t each : c.program.edge_expected[static_cast<std::size_t>(edge.token)]) bytes += each;
        REQUIRE(bytes == 4 * sum.m * sum.n);
      }
      REQUIRE(next == partial.n);
      // Nobody else reads sums that are not complete.
      for (std::size_t reader = index + 2; reader < c.program.ops.size(); ++reader) {
        for (const InputEdge& edge : c.program.ops[reader].inputs) {
          for (const Piece& piece : edge.pieces) REQUIRE(piece.producer != static_cast<std::int32_t>(index));
        }
      }
    }
  }
  CHECK(found > 60);
  CHECK(unequal > 10);
}

TEST_CASE("products are split that have fewer blocks than tiles and as many channels as parts") {
  CHECK(splits(lower(window(20, 2), split_chip("off"))) == 0);
  CHECK(splits(lower(window(20, 2), split_chip("2"))) == 2);
  CHECK(splits(lower(window(20, 2), split_chip("4"))) == 1);  // 3 channels are not four parts
  CHECK(splits(lower(window(20, 5), split_chip("2"))) == 0);  // ceil(25 / 8) = 4 blocks of 7 channels on 4 tiles
  const std::vector<std::string> folds{"tiles.int8=0 tiles",
                                       "tiles.bf16=0 tiles",
                                       "matrix_tile.dataflow=weight_stationary",
                                       "matrix_tile.cell=1x1x64",
                                       "matrix_tile.int8_rate=256 quarter_MAC",
                                       "matrix_tile.bf16_rate=128 quarter_MAC",
                                       "matrix_tile.rows=3 PE",
                                       "matrix_tile.columns=2 PE"};
  CHECK(splits(lower(window(20, 2), split_chip("2", folds))) == 0);  // where weights stay
  // 5 channels in 4 parts would be 2, 2 and 1: three parts of the same length.
  const Program program = lower(window(5, 2), split_chip("4"));
  REQUIRE(splits(program) == 1);
  CHECK(program.ops[1].groups == 3);
}

TEST_CASE("auto splits where the launch costs less than the steps saved") {
  Net net;
  const Graph graph = net.finish(net.linear(net.input({1, 4096}), 8));  // one block of 4096 steps
  // Whole: 4096 steps, and 4096 x (1 + 8) B through the router at 16 B per clock, 2304 clocks. In 4 parts: a quarter each.
  const auto parts = [&graph](const char* launch) {
    return lower(graph, split_chip("auto", {std::string("sequencer.launch=") + launch})).ops.front().groups;
  };
  CHECK(parts("100 cycles") == 4);
  CHECK(parts("9000 cycles") == 1);
}

TEST_CASE("auto does not split where the parts do not fit L3") {
  // One row of 4096 values to 8: on 4 tiles a part is 1024 B. L3 holds 1 B less beside the window of weights, or just that.
  Net net;
  const Graph graph = net.finish(net.linear(net.input({1, 4096}), 8));
  const auto parts = [&graph](const char* split, const char* l3) {
    const Program program =
        lower(graph, split_chip(split, {std::string("l3.capacity=") + l3, "lowering.weight_window=1024 B",
                                        "sequencer.launch=1 cycles"}));
    return program.ops.front().groups;
  };
  CHECK(parts("auto", "2048 B") == 4);
  CHECK(parts("auto", "2047 B") == 1);
  CHECK(parts("4", "2048 B") == 4);
  CHECK(parts("4", "2047 B") == 1);
}
