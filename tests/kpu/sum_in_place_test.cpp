// Where the parts of a split reduction are added: on the tiles that made them, as long as these have one block each.
#include <set>

#include "arch/kpu/k_split.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Tiles of 8x8 PEs on a square mesh.
KpuConfig split_chip(int parts, int side, const std::string& l2 = "8 KiB") {
  return small_chip({"lowering.k_split=" + std::to_string(parts), "tiles.matrix=0 tiles",
                     "kpu.tiles=" + std::to_string(side * side) + " tiles",
                     "mesh.width=" + std::to_string(side) + " nodes", "mesh.height=" + std::to_string(side) + " nodes",
                     "l2.capacity=" + l2, "l3.capacity=64 KiB"});
}

/// A row of `pixels` of 24 channels that is given, to `channels`: one product.
Graph one_product(std::int64_t pixels, std::int64_t channels) {
  Net net;
  return net.finish(net.convolution(net.input({1, 24, 1, pixels}), {channels}));
}

/// Pixels and channels (without the part) that tile `tile` of the parts has.
Region block_of(const LoweredOp& partial, std::int64_t tile) {
  Region region = partial.output_region(tile);
  const std::int64_t n = partial.n / partial.groups;
  const std::int64_t part = region.channel_begin / n;
  region.channel_begin -= part * n;
  region.channel_end -= part * n;
  return region;
}

bool contains(const Region& outer, const Region& inner) {
  return outer.pixel_begin <= inner.pixel_begin && inner.pixel_end <= outer.pixel_end &&
         outer.channel_begin <= inner.channel_begin && inner.channel_end <= outer.channel_end;
}

/// Bytes of the blocks of operands, and of results, that L2 holds twice of a sum.
std::int64_t l2_need(const LoweredOp& sum) {
  std::int64_t bytes = sum.block_m * sum.block_n * sum.result_bytes;
  for (const InputEdge& edge : sum.inputs) {
    bytes += (edge.role == EdgeRole::per_channel ? edge.pixels : sum.block_m) * sum.block_n * edge.element_bytes;
  }
  return 2 * bytes;
}

}  // namespace

TEST_CASE("partial sums are added on the tiles that made them, some rows of the block on each") {
  for (const auto& [parts, shares] : {std::pair{2, 2}, {3, 2}, {4, 4}}) {  // a block of 8 rows is not cut in three
    for (const auto& [pixels, channels] : {std::pair{8, 8}, {16, 16}, {13, 7}, {5, 13}, {3, 30}, {32, 5}}) {
      INFO(parts << " parts, " << pixels << "x" << channels);
      const KpuConfig config = split_chip(parts, 4);
      const Program program = lower(one_product(pixels, channels), config);
      REQUIRE(program.ops.size() == 2);
      const LoweredOp& partial = program.ops[0];
      const LoweredOp& sum = program.ops[1];
      REQUIRE(partial.groups == parts);
      REQUIRE(partial.rounds() == 1);
      CHECK(sum.block_m == 8 / shares);
      CHECK(sum.rounds() == 1);
      CHECK(sum.tiles_m == (pixels + sum.block_m - 1) / sum.block_m);
      CHECK(sum.tiles_n == (channels + 7) / 8);
      std::set<std::int32_t> sites(sum.sites.begin(), sum.sites.end());
      CHECK(static_cast<std::int64_t>(sites.size()) == sum.tiles());
      std::int64_t elements = 0;
      for (std::int64_t tile = 0; tile < sum.tiles(); ++tile) {
        const std::int32_t maker = partial.tile_at[static_cast<std::size_t>(site_of(sum, tile))];
        REQUIRE(maker >= 0);
        CHECK(sum.tile_at[static_cast<std::size_t>(site_of(sum, tile))] == tile);
        CHECK(contains(block_of(partial, maker), sum.output_region(tile)));
        // Rows 0 to 8 / shares on the tile of the first part, the next on that of the second.
        CHECK(maker % partial.tiles_n / sum.tiles_n == tile / sum.tiles_n % shares);
        elements += sum.output_region(tile).elements();
      }
      CHECK(elements == pixels * channels);
    }
  }
}

TEST_CASE("of 3 parts of 32 rows, the tiles of the first two add 16 rows each") {
  // 64 pixels, 64 channels: 2x2 blocks, of each three tiles; 2 x 32 rows in shares of 16 make 4x2 tiles.
  Net net;
  const Graph graph = net.finish(net.convolution(net.input({1, 96, 1, 64}), {64}));
  const Program program = lower(graph, chip({"lowering.k_split=3"}));
  REQUIRE(program.ops.size() == 2);
  const LoweredOp& partial = program.ops[0];
  const LoweredOp& sum = program.ops[1];
  CHECK(partial.tiles_m == 2);
  CHECK(partial.tiles_n == 6);  // part 0, columns 0 and 1, then part 1, then part 2
  CHECK(sum.tiles_m == 4);
  CHECK(sum.tiles_n == 2);
  const std::vector<std::int64_t> makers{0, 1, 2, 3, 6, 7, 8, 9};  // 4, 5, 10 and 11 have part 2
  for (std::size_t tile = 0; tile < makers.size(); ++tile) {
    CHECK(sum.sites.at(tile) == site_of(partial, makers[tile]));
  }
}

TEST_CASE("partial sums go to tiles of the same block only") {
  for (const auto& [parts, others] : {std::pair{2, 1}, {3, 2}, {4, 3}}) {
    INFO(parts << " parts");
    const KpuConfig config = split_chip(parts, 4);
    const Program program = lower(one_product(16, 16), config);
    REQUIRE(program.ops.size() == 2);
    const LoweredOp& partial = program.ops[0];
    std::int64_t moved = 0;
    for (std::int64_t tile = 0; tile < partial.tiles(); ++tile) {
      const Region own = block_of(partial, tile);
      std::set<std::int32_t> makers;
      for (const BlockOutput& block : program.outputs[0][static_cast<std::size_t>(tile)]) {
        for (const Segment& segment : block.segments) {
          CHECK(!segment.store);
          for (const std::int32_t site : receivers(program, segment, site_of(partial, tile))) {
            const std::int32_t maker = partial.tile_at[static_cast<std::size_t>(site)];
            REQUIRE(maker >= 0);
            CHECK(contains(block_of(partial, maker), own));
            makers.insert(maker);
            moved += segment.bytes;
          }
        }
      }
      CHECK(static_cast<int>(makers.size()) == (parts == 3 ? 2 : parts));  // those that add, itself perhaps among them
      CHECK(static_cast<int>(makers.size() - makers.count(static_cast<std::int32_t>(tile))) <= others);
    }
    CHECK(moved == 4 * 16 * 16 * parts);  // every sum to one tile
  }
}

TEST_CASE("tiles that have two blocks of the parts do not add them in place") {
  // 16 pixels: two blocks in 4 parts on 4 tiles. As vector work, 16 rows on 4 tiles, 4 rows each; in place, 2.
  const Program program = lower(one_product(16, 7), split_chip(4, 2));
  REQUIRE(program.ops.size() == 2);
  CHECK(program.ops[0].rounds() == 2);
  const LoweredOp& sum = program.ops[1];
  CHECK(sum.block_m == 4);
  CHECK(sum.tiles() == 4);
  CHECK(std::set<std::int32_t>(sum.sites.begin(), sum.sites.end()).size() == 4);
}

// A block of the parts takes 2 x 8 x 8 results of 4 B, two slices of 16 x 8 B and two chunks of 8 x 4 B at least, 832 B.
// Its sum in place takes 2 x 3 x 4 x 8 operands of 4 B, 2 x 8 B x 8 parameters and 2 x 4 x 8 results: 960 B.

TEST_CASE("sums that L2 just holds are added in place") {
  for (const char* l2 : {"960 B", "2 KiB"}) {
    INFO(l2);
    const KpuConfig config = split_chip(3, 4, l2);
    const Program program = lower(one_product(16, 8), config);
    REQUIRE(program.ops.size() == 2);
    const LoweredOp& sum = program.ops[1];
    CHECK(sum.block_m == 4);
    CHECK(l2_need(sum) == 960);
    CHECK(sum.pool_a == config.l2_bytes - 2 * 4 * 8);
  }
}

TEST_CASE("sums that L2 does not hold in place are added in blocks that it holds") {
  for (const char* l2 : {"880 B", "959 B"}) {
    INFO(l2);
    const KpuConfig config = split_chip(3, 4, l2);
    const Program program = lower(one_product(16, 8), config);
    REQUIRE(program.ops.size() == 2);
    CHECK(l2_need(program.ops[1]) <= config.l2_bytes);
    CHECK(program.ops[1].block_m != 4);
  }
}
