#include "arch/kpu/tile_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/error.h"

namespace cyclescope::kpu {
namespace {

using config::Declaration;
using config::Quantity;

struct Cell {
  const char* name;
  int m, n, k;
};

constexpr std::array<Cell, 3> kCells{{{"1x1x1", 1, 1, 1}, {"1x1x64", 1, 1, 64}, {"4x4x4", 4, 4, 4}}};

Declaration integer(const std::string& key, const char* unit, std::int64_t minimum, std::int64_t maximum,
                    const char* text) {
  return {key, Quantity::count, unit, text, minimum, maximum, {}, {}, {}};
}

Declaration rate(const std::string& section, const char* precision) {
  constexpr std::int64_t kMost = 4096;
  return integer(section + "." + precision + "_rate", "quarter_MAC", 0, kMost,
                 "MACs of a PE in four clocks; 0: this kind of tile does not execute the precision");
}

TileKind kind_from(const config::Settings& s, const std::string& name) {
  const auto rate_of = [&](const char* precision) {
    return static_cast<int>(s.integer(name + "_tile." + precision + "_rate"));
  };
  TileKind kind;
  kind.name = name;
  kind.quarter_macs_int8 = rate_of("int8");
  kind.quarter_macs_bf16 = rate_of("bf16");
  kind.quarter_macs_fp32 = rate_of("fp32");
  return kind;
}

/// A cell and the rates of its tile agree: whole lanes of K per clock at every precision.
void check(const TileKind& matrix, const char* cell) {
  const int product = matrix.cell_m * matrix.cell_n * matrix.cell_k;
  if (product > 1 && 4 * product != matrix.quarter_macs_int8) {
    throw InputError(fmt::format("matrix_tile.cell = {}: expected matrix_tile.int8_rate = {} quarter_MAC, not {}", cell,
                                 4 * product, matrix.quarter_macs_int8));
  }
  const int sums = matrix.cell_m * matrix.cell_n;
  for (const Precision precision : {Precision::int8, Precision::bf16, Precision::fp32}) {
    const int rate = matrix.quarter_macs(precision);
    if (rate == 0 || rate % (matrix.weight_stationary ? 4 * sums : sums) == 0) continue;
    throw InputError(
        fmt::format("matrix_tile.cell = {}: expected matrix_tile.{}_rate to be a multiple of {} quarter_MAC "
                    "when matrix_tile.dataflow = {}, not {}",
                    cell, name(precision), matrix.weight_stationary ? 4 * sums : sums,
                    matrix.weight_stationary ? "weight_stationary" : "output_stationary", rate));
  }
}

}  // namespace

int TileKind::quarter_macs(Precision precision) const {
  switch (precision) {
    case Precision::int8:
      return quarter_macs_int8;
    case Precision::bf16:
    case Precision::fp16:
      return quarter_macs_bf16;
    case Precision::fp32:
      return quarter_macs_fp32;
    case Precision::int4:
      break;
  }
  return 0;
}

TileArray TileKind::array(Precision precision) const {
  const int rate = quarter_macs(precision);
  if (weight_stationary && rate > 0)
    return {rows, columns, rate, true, cell_m, cell_n, rate / (4 * cell_m * cell_n), port_bytes};
  return {rows * cell_m, columns * cell_n, rate / (cell_m * cell_n), false, 1, 1, 1, port_bytes};
}

std::int64_t KpuConfig::quarter_macs(Precision precision) const {
  std::int64_t sum = 0;
  for (const std::uint8_t index : kind_of_tile) {
    const TileKind& kind = kinds[index];
    sum += std::int64_t{kind.rows} * kind.columns * kind.quarter_macs(precision);
  }
  return sum;
}

void declare_tile_kinds(config::Schema& schema) {
  schema.add(integer("tiles.int8", "tiles", 0, 1024, "INT8-primary tiles, as a share of those of all kinds"))
      .add(integer("tiles.bf16", "tiles", 0, 1024, "BF16-primary tiles, as a share of those of all kinds"))
      .add(integer("tiles.matrix", "tiles", 0, 1024, "matrix tiles, as a share of those of all kinds"));
  for (const char* section : {"int8_tile", "bf16_tile", "matrix_tile"}) {
    schema.add(rate(section, "int8")).add(rate(section, "bf16")).add(rate(section, "fp32"));
  }
  Declaration cell{
      "matrix_tile.cell", Quantity::choice, "", "product of a cell per clock at INT8, M x N x K", 0, 0, {}, {}, {}};
  for (const Cell& known : kCells) cell.choices.emplace_back(known.name);
  schema.add(integer("matrix_tile.rows", "PE", 1, 256, "rows of the array of a matrix tile"))
      .add(integer("matrix_tile.columns", "PE", 1, 256, "columns of the array of a matrix tile"))
      .add({"matrix_tile.dataflow",
            Quantity::choice,
            "",
            "what stays in the PEs of a matrix tile",
            0,
            0,
            {"output_stationary", "weight_stationary"},
            {},
            {}})
      .add(cell)
      .add({"matrix_tile.port",
            Quantity::bytes,
            "B",
            "streamer width of a matrix tile per clock and operand; 0: sram.line",
            0,
            4096,
            {},
            "0 B",
            "as wide as every other bus"})
      .add({"matrix_tile.ingress_depth",
            Quantity::count,
            "tokens",
            "L1 ingress FIFO entries per lane of a matrix tile whose weights stay; 0: array.ingress_depth",
            0,
            4096,
            {},
            "0 tokens",
            "as those of the other tiles",
            config::Requirement{"matrix_tile.dataflow", "weight_stationary"}});
}

void resolve_tile_kinds(const config::Settings& s, KpuConfig& c) {
  const auto small = [&s](const char* key) { return static_cast<int>(s.integer(key)); };
  c.kinds = {kind_from(s, "int8"), kind_from(s, "bf16"), kind_from(s, "matrix")};
  for (TileKind& kind : c.kinds) {
    kind.rows = c.rows;
    kind.columns = c.columns;
    kind.port_bytes = c.line_bytes;
    kind.ingress_depth = c.ingress_depth;
  }
  TileKind& matrix = c.kinds[kMatrixTile];
  matrix.rows = small("matrix_tile.rows");
  matrix.columns = small("matrix_tile.columns");
  matrix.weight_stationary = s.text("matrix_tile.dataflow") == "weight_stationary";
  const Cell& cell = kCells[static_cast<std::size_t>(s.integer("matrix_tile.cell"))];
  matrix.cell_m = cell.m;
  matrix.cell_n = cell.n;
  matrix.cell_k = cell.k;
  if (s.integer("matrix_tile.port") > 0) matrix.port_bytes = s.integer("matrix_tile.port");
  if (matrix.weight_stationary && s.integer("matrix_tile.ingress_depth") > 0) {
    matrix.ingress_depth = small("matrix_tile.ingress_depth");
  }
  const TileMix shares{small("tiles.int8"), small("tiles.bf16"), small("tiles.matrix")};
  if (shares.int8 + shares.bf16 + shares.matrix == 0) {
    throw InputError("tiles.int8, tiles.bf16 and tiles.matrix are all zero: expected a tile of some kind");
  }
  c.kind_of_tile = spread(scaled_mix(shares, c.tiles));
  if (std::find(c.kind_of_tile.begin(), c.kind_of_tile.end(), kMatrixTile) != c.kind_of_tile.end()) {
    check(matrix, cell.name);
  }
}

TileMix scaled_mix(const TileMix& shares, int tiles) {
  const int all = shares.int8 + shares.bf16 + shares.matrix;
  TileMix mix;
  if (shares.bf16 > 0) mix.bf16 = std::max(1, (2 * tiles * shares.bf16 + all) / (2 * all));
  mix.matrix = std::min(tiles * shares.matrix / all, tiles - mix.bf16);
  mix.int8 = tiles - mix.bf16 - mix.matrix;
  return mix;
}

std::vector<std::uint8_t> spread(const TileMix& mix) {
  const int tiles = mix.int8 + mix.bf16 + mix.matrix;
  const int others = tiles - mix.bf16;
  // The i-th of n sites is taken by one of `count` evenly spread tiles when i x count / n passes a whole number.
  const auto taken = [](int site, int count, int sites) { return (site + 1) * count / sites > site * count / sites; };
  std::vector<std::uint8_t> kinds;
  for (int site = 0, other = 0; site < tiles; ++site) {
    if (taken(site, mix.bf16, tiles)) {
      kinds.push_back(kBf16Tile);
    } else {
      kinds.push_back(taken(other++, mix.matrix, others) ? kMatrixTile : kInt8Tile);
    }
  }
  return kinds;
}

}  // namespace cyclescope::kpu
