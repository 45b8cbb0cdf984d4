// Which tiles take a product: groups of alike tiles, what a cell makes of them, and the estimate that compares them.
#include "arch/kpu/tile_choice.h"

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

KpuConfig t768(const std::vector<std::string>& overrides = {}) {
  return from_settings(
      config::resolve(schema(), std::string(CYCLESCOPE_SOURCE_DIR) + "/configs/platforms/kpu-t768.ini", overrides));
}

/// The first operator of a 1x1 convolution of `pixels` pixels, `k` to `n` channels.
LoweredOp mapped(const KpuConfig& config, std::int64_t pixels, std::int64_t k, std::int64_t n) {
  Net net;
  const Graph graph = net.finish(net.convolution(net.input({1, k, 1, pixels}), {n}));
  return lower(graph, config).ops.front();
}

}  // namespace

TEST_CASE("groups of tiles that execute a precision, output-stationary ones first") {
  const std::vector<TileGroup> int8 = groups_for(t768(), Precision::int8);
  REQUIRE(int8.size() == 2);
  CHECK_FALSE(int8[0].array.weight_stationary);
  CHECK(int8[0].sites.size() == 691);  // 537 INT8 and 154 BF16 tiles have one rate
  CHECK(int8[1].array.weight_stationary);
  CHECK(int8[1].sites.size() == 77);
  const std::vector<TileGroup> fp32 = groups_for(t768(), Precision::fp32);
  REQUIRE(fp32.size() == 1);
  CHECK(fp32[0].sites.size() == 154);
  CHECK(groups_for(chip(), Precision::int8).front().sites.size() == 64);  // T64: all alike
  CHECK(groups_for(chip({"lowering.matrix=off"}), Precision::int8).front().sites.size() == 57);
  CHECK(groups_for(chip({"lowering.matrix=only"}), Precision::int8).front().sites.size() == 7);
  const KpuConfig only = t768({"lowering.matrix=only"});
  CHECK(groups_for(only, Precision::fp32).empty());
  Net net;
  const Graph graph = net.finish(net.convolution(net.input({1, 8, 4, 4}), {8}));
  CHECK_THROWS_WITH(lower(graph, only, {Precision::fp32, 1}), Catch::Contains("no matrix tile executes fp32"));
}

TEST_CASE("what a cell makes of an array") {
  const auto array = [](const char* cell, const char* dataflow, Precision precision) {
    return t768({std::string("matrix_tile.cell=") + cell, std::string("matrix_tile.dataflow=") + dataflow})
        .kinds[kMatrixTile]
        .array(precision);
  };
  // 64 INT8 or 32 BF16 lanes of each of 8 rows; 4x4x4 at INT8, 4x4x2 at BF16.
  CHECK(array("1x1x64", "weight_stationary", Precision::int8).fold_steps() == 512);
  CHECK(array("1x1x64", "weight_stationary", Precision::bf16).fold_steps() == 256);
  CHECK(array("1x1x64", "weight_stationary", Precision::int8).fold_channels() == 8);
  CHECK(array("4x4x4", "weight_stationary", Precision::int8).fold_steps() == 32);
  CHECK(array("4x4x4", "weight_stationary", Precision::bf16).fold_steps() == 16);
  CHECK(array("4x4x4", "weight_stationary", Precision::int8).fold_channels() == 32);
  const TileArray dots = array("1x1x64", "output_stationary", Precision::int8);
  CHECK(dots.rows == 8);
  CHECK(whole_steps(dots) == 64);
  const TileArray blocks = array("4x4x4", "output_stationary", Precision::int8);
  CHECK(blocks.rows == 32);
  CHECK(blocks.columns == 32);
  CHECK(whole_steps(blocks) == 4);
  CHECK(blocks.rows * blocks.columns * blocks.quarter_macs == 4 * 4096);
}

TEST_CASE("the estimate of a block by hand") {
  LoweredOp op;
  op.kind = OpKind::gemm;
  op.k = 1024;
  op.block_m = 16;
  op.block_n = 8;
  op.vector_passes = 1;
  const auto clocks = [&op](const KpuConfig& config) {
    op.array = config.kinds[kMatrixTile].array(Precision::int8);
    return block_clocks(op, config);
  };
  CHECK(clocks(t768()) == 2 * 16 * 512 / 64);                         // A through the port
  CHECK(clocks(t768({"matrix_tile.port=512 B"})) == 2 * 16 * 8 / 4);  // the drain of four lanes
  op.block_m = 1;
  CHECK(clocks(t768()) == 2 * 8 * 512 / 64);  // the load of eight rows
  // One fold of one lane: a result slot of L2 is taken for 2 clocks of drain, depth 4 and the clock behind it, L2 latency
  // 2, a line and the clock behind it: 11 clocks, two slots.
  op.k = 1;
  CHECK(clocks(t768()) == 6);
  op.slices.resize(2);
  op.slices[0].steps = 512;
  op.slices[1].steps = 64;
  op.block_m = 16;
  CHECK(clocks(t768()) == 128 + 16 * 4);  // the second fold: two passes over 8 results
}

TEST_CASE("the cheaper kind of tile takes a product") {
  // Of four tiles two are matrix tiles of 4,096 MACs per clock, two have 128 PEs of 2 MACs.
  const std::vector<std::string> mix{"kpu.tiles=4 tiles", "tiles.int8=0 tiles", "tiles.bf16=2 tiles",
                                     "tiles.matrix=2 tiles", "dma.engines=1 engines"};
  const auto takes = [&mix](const char* port, const char* use) {
    std::vector<std::string> overrides = mix;
    overrides.push_back(std::string("matrix_tile.port=") + port);
    overrides.push_back(std::string("lowering.matrix=") + use);
    return mapped(t768(overrides), 128, 512, 64).array.weight_stationary;
  };
  CHECK(takes("512 B", "auto"));
  CHECK(takes("64 B", "auto"));        // 512 MACs per clock through the port
  CHECK_FALSE(takes("16 B", "auto"));  // 128
  CHECK(takes("16 B", "only"));
  CHECK_FALSE(takes("512 B", "off"));
}
