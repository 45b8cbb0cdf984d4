// The three platforms against the catalogue: peaks, memories, sizes, sources.
#include <algorithm>

#include "sim/memory/dram_config.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;

config::Settings platform(const std::string& name, const std::vector<std::string>& overrides = {}) {
  return config::resolve(schema(), std::string(CYCLESCOPE_SOURCE_DIR) + "/configs/platforms/" + name + ".ini",
                         overrides);
}

/// Peak in units of 10^9 operations per second, a MAC being two.
double giga_operations(const KpuConfig& c, Precision precision) {
  return static_cast<double>(c.quarter_macs(precision)) / 4 * 2 * static_cast<double>(c.clock_hz) / 1e9;
}

int count(const KpuConfig& c, std::size_t kind) {
  return static_cast<int>(std::count(c.kind_of_tile.begin(), c.kind_of_tile.end(), kind));
}

}  // namespace

TEST_CASE("peaks are the catalogue's") {
  const struct {
    const char* name;
    double int8, bf16, fp32;  // 10^12 operations per second, as printed there
  } expected[]{{"kpu-t64", 62.3, 31.1, 3.16}, {"kpu-t256", 314.6, 157.3, 15.7}, {"kpu-t768", 1353.8, 676.9, 27.1}};
  for (const auto& e : expected) {
    INFO(e.name);
    const KpuConfig c = from_settings(platform(e.name));
    CHECK(giga_operations(c, Precision::int8) / 1000 == Approx(e.int8).margin(0.05));
    CHECK(giga_operations(c, Precision::bf16) / 1000 == Approx(e.bf16).margin(0.05));
    CHECK(c.quarter_macs(Precision::fp16) == c.quarter_macs(Precision::bf16));
    CHECK(giga_operations(c, Precision::fp32) / 1000 == Approx(e.fp32).margin(0.05));
    CHECK(c.quarter_macs(Precision::int4) == 0);
  }
}

TEST_CASE("tiles, meshes and memories are the catalogue's") {
  const struct {
    const char* name;
    int int8, bf16, matrix, width, height;
    std::int64_t bytes_per_second, l3, capacity;
  } expected[]{
      {"kpu-t64", 44, 13, 7, 8, 8, 64'000'000'000, 16LL << 20, 8LL << 30},
      {"kpu-t256", 179, 51, 26, 16, 16, 256'000'000'000, 64LL << 20, 32LL << 30},
      {"kpu-t768", 537, 154, 77, 32, 24, 1'638'400'000'000, 192LL << 20, 64LL << 30},
  };
  for (const auto& e : expected) {
    INFO(e.name);
    const config::Settings all = platform(e.name);
    const KpuConfig c = from_settings(all);
    CHECK(count(c, kInt8Tile) == e.int8);
    CHECK(count(c, kBf16Tile) == e.bf16);
    CHECK(count(c, kMatrixTile) == e.matrix);
    CHECK(c.mesh_width == e.width);
    CHECK(c.mesh_height == e.height);
    CHECK(c.l3_bytes * c.tiles == e.l3);
    CHECK(2 * c.vector_lanes == c.columns);
    const memory::DramConfig dram = memory::resolve_dram(all);
    CHECK(dram.peak_bytes_per_second() == e.bytes_per_second);
    CHECK(dram.capacity() == e.capacity);
    CHECK(dram.granule % c.request_bytes == 0);
    CHECK(c.packet_bytes == 4 * c.request_bytes);
    CHECK(c.mesh_buffer == 2 * (1 + c.packet_bytes / c.flit_bytes));  // two packets with header
  }
}

TEST_CASE("kinds of tiles of T64 and T256 are alike but for FP32") {
  for (const char* name : {"kpu-t64", "kpu-t256"}) {
    const KpuConfig c = from_settings(platform(name));
    for (const TileKind& kind : c.kinds) {
      INFO(name << " " << kind.name);
      CHECK(kind.rows == 32);
      CHECK(kind.columns == 32);
      CHECK_FALSE(kind.weight_stationary);
      CHECK(kind.cell_m * kind.cell_n * kind.cell_k == 1);
      CHECK(kind.rows * kind.columns * kind.quarter_macs(Precision::int8) / 4 == 1024);
      CHECK(kind.rows * kind.columns * kind.quarter_macs(Precision::bf16) / 4 == 512);
      CHECK(kind.rows * kind.columns * kind.quarter_macs(Precision::fp32) / 4 == (kind.name == "bf16" ? 256 : 0));
      CHECK(kind.port_bytes == c.line_bytes);
    }
  }
}

TEST_CASE("matrix tiles of T768 are weight-stationary, 64 INT8 lanes per cell") {
  const KpuConfig c = from_settings(platform("kpu-t768"));
  const TileKind& matrix = c.kinds[kMatrixTile];
  CHECK(matrix.weight_stationary);
  CHECK(matrix.cell_m * matrix.cell_n * matrix.cell_k == 64);
  CHECK(matrix.cell_k == 64);
  CHECK(matrix.rows * matrix.columns * matrix.quarter_macs(Precision::int8) / 4 == 4096);
  CHECK(matrix.rows * matrix.columns * matrix.quarter_macs(Precision::bf16) / 4 == 2048);
  CHECK(matrix.rows * matrix.cell_k > matrix.port_bytes);  // 512 B of activations per clock: the port binds
  CHECK(c.kinds[kInt8Tile].rows * c.kinds[kInt8Tile].columns * c.kinds[kInt8Tile].quarter_macs_int8 / 4 == 256);
  const KpuConfig other =
      from_settings(platform("kpu-t768", {"matrix_tile.cell=4x4x4", "matrix_tile.dataflow=output_stationary"}));
  CHECK(other.kinds[kMatrixTile].cell_m == 4);
  CHECK_FALSE(other.kinds[kMatrixTile].weight_stationary);
}

TEST_CASE("energies per MAC are the authors' for the node") {
  const EnergyConfig n16 = from_settings(platform("kpu-t256")).energy;
  CHECK(n16.mac_int8 == 100'000);  // aJ
  CHECK(n16.mac_bf16 == 160'000);
  CHECK(n16.mac_fp32 == 300'000);
  CHECK(n16.flit_hop == 1'000'000);
  const EnergyConfig n7 = from_settings(platform("kpu-t768")).energy;
  CHECK(n7.mac_int8 == 80'000);
  CHECK(n7.mac_bf16 == 130'000);
  CHECK(n7.mac_fp32 == 240'000);
  CHECK(n7.flit_hop == 2 * 500'000);  // 32 B instead of 16 B
}

TEST_CASE("every value of every platform has a source, and a published one names a public repository") {
  for (const char* name : {"kpu-t64", "kpu-t256", "kpu-t768"}) {
    const config::Settings all = platform(name);
    for (const auto& [key, setting] : all.all()) {
      INFO(name << " " << key);
      CHECK_FALSE(setting.source.empty());
      const bool public_name = setting.source.find("branes-ai/") != std::string::npos ||
                               setting.source.find("stillwater-sc/") != std::string::npos;
      if (setting.confidence == "published" && key != "platform.family") CHECK(public_name);
    }
  }
}
