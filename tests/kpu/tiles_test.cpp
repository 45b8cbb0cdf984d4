// Tiles by --set: the mesh that follows, the mix of kinds, and which DMA engine serves which mesh row.
#include <algorithm>
#include <set>

#include "arch/kpu/tile_kinds.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

KpuConfig chip_of(int tiles) { return chip({"kpu.tiles=" + std::to_string(tiles) + " tiles"}); }

int count(const KpuConfig& c, std::size_t kind) {
  return static_cast<int>(std::count(c.kind_of_tile.begin(), c.kind_of_tile.end(), kind));
}

}  // namespace

TEST_CASE("the mesh follows from the number of tiles, as square as possible and at least as wide as high") {
  const struct {
    int tiles, width, height;
  } expected[]{{1, 1, 1},  {2, 2, 1},  {7, 7, 1},     {8, 4, 2},     {12, 4, 3},      {45, 9, 5},
               {64, 8, 8}, {63, 9, 7}, {256, 16, 16}, {768, 32, 24}, {1021, 1021, 1}, {1024, 32, 32}};
  for (const auto& e : expected) {
    INFO(e.tiles);
    const KpuConfig c = chip_of(e.tiles);
    CHECK(c.mesh_width == e.width);
    CHECK(c.mesh_height == e.height);
    CHECK(c.kind_of_tile.size() == static_cast<std::size_t>(e.tiles));
  }
}

TEST_CASE("one side of the mesh decides the other") {
  CHECK(chip({"mesh.width=4 nodes"}).mesh_height == 16);
  CHECK(chip({"mesh.height=2 nodes"}).mesh_width == 32);
  CHECK(chip({"kpu.tiles=32 tiles", "mesh.width=4 nodes"}).mesh_height == 8);
}

TEST_CASE("the mix of tiles keeps its shares") {
  // KPU-T64: 44 INT8, 13 BF16, 7 matrix. BF16 rounded half up, at least one; matrix rounded down.
  const struct {
    int tiles, int8, bf16, matrix;
  } expected[]{{64, 44, 13, 7},    // the platform's own
               {1, 0, 1, 0},       // the one kind that executes every precision
               {2, 1, 1, 0},       // 0.41 -> 1
               {32, 22, 7, 3},     // 6.5 -> 7; 3.5 -> 3
               {128, 88, 26, 14},  // exact doubles
               {100, 70, 20, 10},  // 20.3 -> 20; 10.9 -> 10
               {9, 7, 2, 0}};      // 1.83 -> 2; 0.98 -> 0
  for (const auto& e : expected) {
    INFO(e.tiles);
    const KpuConfig c = chip_of(e.tiles);
    CHECK(count(c, kInt8Tile) == e.int8);
    CHECK(count(c, kBf16Tile) == e.bf16);
    CHECK(count(c, kMatrixTile) == e.matrix);
  }
  for (int tiles = 1; tiles <= 1024; ++tiles) {
    for (const TileMix& shares : {TileMix{44, 13, 7}, TileMix{537, 154, 77}, TileMix{0, 1, 1}, TileMix{0, 0, 3}}) {
      const TileMix mix = scaled_mix(shares, tiles);
      REQUIRE(mix.int8 >= 0);
      REQUIRE(mix.bf16 >= (shares.bf16 > 0 ? 1 : 0));
      REQUIRE(mix.matrix >= 0);
      REQUIRE(mix.int8 + mix.bf16 + mix.matrix == tiles);
    }
  }
}

TEST_CASE("no share means no tile: a chip of INT8 tiles only") {
  const KpuConfig c = chip({"tiles.bf16=0 tiles", "tiles.matrix=0 tiles"});
  CHECK(count(c, kInt8Tile) == 64);
}

TEST_CASE("kinds are spread evenly over the sites") {
  const std::vector<std::uint8_t> kinds = spread({4, 2, 2});
  // Two BF16 tiles on eight sites: every fourth. Two matrix tiles on the six others: every third of them.
  CHECK(kinds == std::vector<std::uint8_t>{0, 0, 2, 1, 0, 0, 2, 1});
  const KpuConfig c = chip();
  for (std::size_t row = 0; row < 64; row += 8) {
    const auto first = c.kind_of_tile.begin() + static_cast<std::ptrdiff_t>(row);
    const auto bf16 = std::count(first, first + 8, kBf16Tile);
    INFO("mesh row " << row / 8);
    CHECK(bf16 >= 1);  // 13 tiles in 8 rows
    CHECK(bf16 <= 2);
  }
}

TEST_CASE("every mesh row has a DMA engine and every engine a row") {
  for (int height = 1; height <= 32; ++height) {
    for (int engines = 1; engines <= 64; ++engines) {
      KpuConfig c;
      c.mesh_height = height;
      c.dma_engines = engines;
      INFO(engines << " engines on " << height << " rows");
      std::set<int> rows;
      int last = 0;
      for (int engine = 0; engine < engines; ++engine) {
        REQUIRE(c.dma_row(engine) >= last);  // in the order of the rows
        last = c.dma_row(engine);
        rows.insert(last);
      }
      REQUIRE(last < height);
      REQUIRE(rows.size() == static_cast<std::size_t>(std::min(height, engines)));
      std::set<int> stores;
      for (int row = 0; row < height; ++row) {
        const int engine = c.store_engine(row);
        REQUIRE(engine >= 0);
        REQUIRE(engine < engines);
        stores.insert(engine);
        // Its own row if that has an engine, else the nearest before.
        REQUIRE(c.dma_row(engine) == *std::prev(rows.upper_bound(row)));
        if (rows.count(row) == 1 && engine > 0) REQUIRE((c.dma_row(engine - 1) < row));  // the first of its row
      }
      REQUIRE(stores.size() == rows.size());
    }
  }
}

TEST_CASE("DMA engines of odd meshes") {
  KpuConfig c;
  c.dma_engines = 8;
  c.mesh_height = 1;  // 7x1
  for (int engine = 0; engine < 8; ++engine) CHECK(c.dma_row(engine) == 0);
  CHECK(c.store_engine(0) == 0);
  c.mesh_height = 5;  // 9x5: engines in rows 0 0 1 1 2 3 3 4
  const int rows[]{0, 0, 1, 1, 2, 3, 3, 4};
  for (int engine = 0; engine < 8; ++engine) CHECK(c.dma_row(engine) == rows[engine]);
  const int stores[]{0, 2, 4, 5, 7};
  for (int row = 0; row < 5; ++row) CHECK(c.store_engine(row) == stores[row]);
  c.mesh_height = 9;  // engine i in row i, row 8 has none
  for (int row = 0; row < 9; ++row) CHECK(c.store_engine(row) == std::min(row, 7));
}
