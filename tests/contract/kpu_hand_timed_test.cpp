// KPU end to end with ideal operands: every clock of the latency is written out.
//
// An operator on a chip whose operands are always there takes
//   launch                                  sequencer.launch
//   + configuration                         rows + columns - 1 + ceil(program / flit), unless the program is there
//   + signal                                to the tiles
//   + set-up of the first stream            streamer.setup
//   + array                                 see array_clocks
//   + vector engine and one clock to L2     vector.depth + 1
//   + signal                                back to the sequencer
// and the next operator is launched then.
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

constexpr std::int64_t kRows = 8, kColumns = 8;
constexpr std::int64_t kSignal = 16, kSetup = 4, kDepth = 4;  // configs/platforms/kpu-t64.ini
constexpr std::int64_t kLaunch = 50;                          // the small machine
constexpr std::int64_t kConfiguration = kRows + kColumns - 1 + 256 / 16;
constexpr std::int64_t kAround = kLaunch + kSignal + kSetup + kDepth + 1 + kSignal;

/// Blocks start max(T, 2m - 1) clocks after the one before (m rows in it); the last one needs its T steps, and its
/// result (m - 1, n - 1) leaves T + 2(m - 1) + (n - 1) + 1 clocks after its start. One tile, all blocks but the last
/// with `rows` rows.
std::int64_t array_clocks(std::int64_t blocks, std::int64_t t, std::int64_t rows, std::int64_t last_m,
                          std::int64_t last_n) {
  return (blocks - 1) * std::max(t, 2 * rows - 1) + t + 2 * last_m + last_n - 2;
}

/// The same for folds, where weights stay: rows and tokens of each, one after the other, then R rows of PEs and the
/// columns of the last one. A fold starts when its rows are loaded, and they load while the fold before streams.
struct Fold {
  std::int64_t rows, tokens;
};
std::int64_t stationary_clocks(const std::vector<Fold>& folds, std::int64_t last_columns) {
  std::int64_t start = folds.front().rows;
  for (std::size_t i = 1; i < folds.size(); ++i) start += std::max(folds[i - 1].tokens, folds[i].rows);
  return start + folds.back().tokens + kRows + last_columns - 1;
}

results::RunResult ideal(const workloads::Graph& graph, const Overrides& more = {},
                         const machine::RunOptions& options = {}, const Machine& machine = one_kpu_tile()) {
  Overrides overrides{"sim.ideal=operands"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  results::RunResult result = simulate(machine, graph, overrides, options);
  check_laws(graph, result);
  CHECK(result.makespan == result.cycles * result.clock_period);
  return result;
}

/// Tiles of KPU-T64, all alike, with ideal operands.
Overrides alike(int tiles, const std::string& split) {
  return {"sim.ideal=operands",       "sequencer.launch=50 cycles", "tiles.bf16=0 tiles",
          "tiles.matrix=0 tiles",     "dma.engines=1 engines",      "kpu.tiles=" + std::to_string(tiles) + " tiles",
          "lowering.k_split=" + split};
}

}  // namespace

TEST_CASE("kpu: one block by hand") {
  // 8 x 20 x 8 on 8x8 PEs: one block of T = 20 steps. Steady: the tile holds the program.
  const results::RunResult steady = ideal(product(8, 20, 8));
  CHECK(array_clocks(1, 20, 8, 8, 8) == 20 + 2 * 8 + 8 - 2);
  CHECK(steady.cycles == 50 + 16 + 4 + (20 + 16 + 8 - 2) + (4 + 1) + 16);
  CHECK(on_path(steady, "overhead.launch") == kLaunch);
  CHECK(on_path(steady, "overhead.configuration") == 0);
  CHECK(on_path(steady, "overhead.synchronisation") == 2 * kSignal);
  CHECK(on_path(steady, "overhead.descriptor") == kSetup);
  const results::RunResult first = ideal(product(8, 20, 8), {}, cold());
  CHECK(first.cycles == steady.cycles + kConfiguration);
  CHECK(on_path(first, "overhead.configuration") == kConfiguration);
  // The corner PE(7, 7) starts 7 + 7 clocks after PE(0, 0); then the array is full until the last step.
  constexpr Femtoseconds kFillClocks = 7 + 7;
  CHECK(in_lanes(steady, "array", ledger::Leaf::structural_fill) == kFillClocks * steady.clock_period);
  CHECK(in_lanes(steady, "array", ledger::Leaf::useful_mac) == (20 - kFillClocks) * steady.clock_period);
}

TEST_CASE("kpu: partial blocks, many blocks and short blocks by hand") {
  struct Product {
    std::int64_t m, k, n;
    std::int64_t array;
  };
  const Product products[] = {
      {1, 20, 1, array_clocks(1, 20, 1, 1, 1)},    // one result
      {1, 20, 8, array_clocks(1, 20, 1, 1, 8)},    // one row
      {8, 20, 3, array_clocks(1, 20, 8, 8, 3)},    // partial block
      {16, 20, 16, array_clocks(4, 20, 8, 8, 8)},  // 2 x 2 full blocks
      {8, 20, 29, array_clocks(4, 20, 8, 8, 5)},   // a partial block last
      {8, 1, 8, array_clocks(1, 1, 8, 8, 8)},      // one step
      {8, 4, 32, array_clocks(4, 4, 8, 8, 8)},     // the drain sets the pace: 15 clocks a block
      {8, 15, 32, array_clocks(4, 15, 8, 8, 8)},   // it no longer does
      {8, 200, 8, array_clocks(1, 200, 8, 8, 8)},  // several slices of the reduction
  };
  for (const Product& p : products) {
    INFO(p.m << " x " << p.k << " x " << p.n);
    CHECK(ideal(product(p.m, p.k, p.n)).cycles == kAround + p.array);
  }
}

TEST_CASE("kpu: operators run one after another") {
  // chain: [64 pixels, 8 row blocks] x channels; relu is fused, so every operator has one program per kernel size.
  std::int64_t expected = 0;
  std::int64_t in = 10;
  for (const std::int64_t channels : {16, 24, 9, 32, 16, 12}) {
    const std::int64_t taps = channels % 2 == 0 ? 1 : 9;
    const std::int64_t columns = ceil_div(channels, kColumns);
    expected += kAround + array_clocks(8 * columns, in * taps, 8, 8, channels - (columns - 1) * kColumns);
    in = channels;
  }
  CHECK(ideal(chain()).cycles == expected);
  CHECK(ideal(chain(), {}, cold()).cycles == expected + 2 * kConfiguration);  // 1x1 and 3x3, each loaded once
  // With room for one program: 1x1, 3x3, 1x1 in turn; the second frame finds the last one of the first.
  CHECK(ideal(chain(), {"sequencer.program_cache=1 programs"}, cold()).cycles == expected + 3 * kConfiguration);
  CHECK(ideal(chain(), {"sequencer.program_cache=1 programs"}).cycles == expected + 2 * kConfiguration);
}

TEST_CASE("kpu: the published products take their published clocks on tiles of 32x32") {
  // kpu.md 6.1: rounds of full blocks, then T + 2 m + n - 2 of the last block of the busiest tile; blocks are dealt in
  // contiguous row-major runs, so the partial block is the last one. All tiles are alike.
  struct Product {
    const char* name;
    std::int64_t m, k, n;
    std::vector<std::pair<int, std::int64_t>> array;  ///< tiles, clocks from the first operand to the last result
  };
  const Product products[] = {
      {"1024 cubed", 1024, 1024, 1024, {{1, 1'048'670}, {64, 16'478}, {256, 4'190}, {768, 2'142}}},
      // 504 blocks of 768 steps, the last of 5 rows; 64 tiles: the busiest has 8 full ones.
      {"ViT-B qkv", 197, 768, 2304, {{1, 387'112}, {64, 6'238}, {256, 1'630}, {768, 862}}},
      // 196 full blocks of 576 steps.
      {"ResNet-50 3x3 at 56x56", 3136, 9 * 64, 64, {{1, 112'990}, {64, 2'398}, {256, 670}, {768, 670}}},
      // 32 blocks of 4608 steps, the last of 17 rows.
      {"ResNet-50 3x3 at 7x7", 49, 9 * 512, 512, {{1, 147'520}, {64, 4'702}, {256, 4'702}, {768, 4'702}}},
      // 32 blocks of one row and 2048 steps, the last of 8 columns.
      {"FC", 1, 2048, 1000, {{1, 65'544}, {64, 2'080}, {256, 2'080}, {768, 2'080}}},
  };
  for (const Product& p : products) {
    for (const auto& [tiles, array] : p.array) {
      INFO(p.name << " on " << tiles);
      const Overrides overrides = alike(tiles, "off");
      const Outcome outcome = attempt("kpu-t64", product(p.m, p.k, p.n), overrides);
      INFO(outcome.message);
      REQUIRE(outcome.ok());
      CHECK(outcome.result.cycles == kAround + array);
      check_laws(product(p.m, p.k, p.n), outcome.result);
    }
  }
}

TEST_CASE("kpu: the published products in parts take their published clocks and a sum") {
  // kpu.md 6.1: every tile has one full block of K / s steps. Two operators are launched: the product in parts, then the
  // sum of s operands by 16 lanes. The output, m x n, goes to the tiles in blocks of ceil(m x n / 32 / tiles) rows of 32.
  struct Product {
    std::int64_t m, k, n;
    int tiles;
    const char* parts;
    std::int64_t array, vector;
  };
  const Product products[] = {
      // 64 blocks: 4608 / 2 steps + 94. ceil(49 x 16 / 64) = 13 rows: 13 x 32 elements, 2 passes.
      {49, 9 * 512, 512, 64, "2", 2'398, 13 * 32 * 2 / 16},
      // 588 blocks: 576 / 3 steps + 94. ceil(3136 x 2 / 768) = 9 rows: 9 x 32 elements, 3 passes.
      {3136, 9 * 64, 64, 768, "3", 286, 9 * 32 * 3 / 16},
      // 64 blocks of a row, one of them full: 2048 / 2 steps + 32. One row: 32 elements, 2 passes.
      {1, 2048, 1000, 64, "2", 1024 + 2 + 32 - 2, 32 * 2 / 16},
  };
  for (const Product& p : products) {
    INFO(p.m << " x " << p.k << " x " << p.n << " in " << p.parts);
    const Outcome outcome = attempt("kpu-t64", product(p.m, p.k, p.n), alike(p.tiles, p.parts));
    INFO(outcome.message);
    REQUIRE(outcome.ok());
    REQUIRE(outcome.result.operators.size() == 2);
    CHECK(outcome.result.operators[0].end_cycle == kAround + p.array);
    CHECK(outcome.result.cycles == kAround + p.array + kAround + p.vector);
    check_laws(product(p.m, p.k, p.n), outcome.result);
  }
}

TEST_CASE("kpu: parts of unequal length by hand") {
  // 20 channels in 3 parts are 7, 7 and 6 steps on 3 of 4 tiles of 8x8. The sum: 2 rows of 8 elements on each tile, 3
  // passes by 4 lanes. Two programs are loaded in the cold state.
  const Overrides split{"lowering.k_split=3"};
  const std::int64_t both = kAround + array_clocks(1, 7, 8, 8, 8) + kAround + 2 * 8 * 3 / 4;
  const results::RunResult steady = ideal(product(8, 20, 8), split, {}, machine_of("kpu"));
  CHECK(steady.cycles == both);
  REQUIRE(steady.operators.size() == 2);
  CHECK(steady.operators[0].macs == 8 * 20 * 8);
  CHECK(steady.operators[1].macs == 0);
  CHECK(ideal(product(8, 20, 8), split, cold(), machine_of("kpu")).cycles == both + 2 * kConfiguration);
  // Each part is a block of 8 steps on another tile instead of one of 24 steps, which takes as long as the drain allows.
  CHECK(ideal(product(8, 24, 8), split, {}, machine_of("kpu")).cycles ==
        kAround + array_clocks(1, 8, 8, 8, 8) + kAround + 2 * 8 * 3 / 4);
}

TEST_CASE("kpu: folds of a matrix tile by hand") {
  struct Product {
    std::int64_t m, k, n;
    Precision precision;
    const char* cell;
    std::int64_t array;
  };
  // A cell of 64 lanes: folds of 8 x 64 steps and 8 channels at INT8, of 8 x 32 steps at BF16. A cell of 4x4x4: of 8 x 4
  // steps (8 x 2 at BF16) and 32 channels, tokens of 4 rows.
  const Product products[] = {
      {16, 512, 8, Precision::int8, "1x1x64", stationary_clocks({{8, 16}}, 8)},
      {16, 1024, 8, Precision::int8, "1x1x64", stationary_clocks({{8, 16}, {8, 16}}, 8)},
      {5, 130, 3, Precision::int8, "1x1x64", stationary_clocks({{3, 5}}, 3)},  // 64 + 64 + 2 steps
      {4, 1300, 8, Precision::int8, "1x1x64",
       stationary_clocks({{8, 4}, {8, 4}, {5, 4}}, 8)},  // the load sets the pace
      {16, 512, 20, Precision::int8, "1x1x64", stationary_clocks({{8, 16}, {8, 16}, {8, 16}}, 4)},
      {1, 64, 1, Precision::int8, "1x1x64", stationary_clocks({{1, 1}}, 1)},
      {16, 512, 8, Precision::bf16, "1x1x64", stationary_clocks({{8, 16}, {8, 16}}, 8)},
      {16, 64, 32, Precision::int8, "4x4x4", stationary_clocks({{8, 4}, {8, 4}}, 8)},
      {10, 40, 18, Precision::int8, "4x4x4", stationary_clocks({{8, 3}, {2, 3}}, 5)},
      {16, 64, 32, Precision::bf16, "4x4x4", stationary_clocks({{8, 4}, {8, 4}, {8, 4}, {8, 4}}, 8)},
  };
  CHECK(stationary_clocks({{8, 16}}, 8) == 2 * 8 + 16 + 8 - 1);  // 2 R + M + C - 1
  for (const Product& p : products) {
    INFO(p.m << " x " << p.k << " x " << p.n << ", " << p.cell << ", " << name(p.precision));
    machine::RunOptions options;
    options.precision = p.precision;
    const Overrides cell{std::string("matrix_tile.cell=") + p.cell};
    CHECK(ideal(product(p.m, p.k, p.n), cell, options, one_matrix_tile()).cycles == kAround + p.array);
  }
}

TEST_CASE("kpu: output-stationary cells by hand") {
  // 4x4x4 behaves as 32x32 PEs that take 4 steps of K per clock, 1x1x64 as 8x8 PEs that take 64.
  const auto clocks = [](const workloads::Graph& graph, const char* cell) {
    const Overrides more{"matrix_tile.dataflow=output_stationary", std::string("matrix_tile.cell=") + cell,
                         "array.ingress_depth=32 tokens"};
    return ideal(graph, more, {}, one_matrix_tile()).cycles;
  };
  CHECK(clocks(product(32, 64, 32), "4x4x4") == kAround + array_clocks(1, 16, 32, 32, 32));
  CHECK(clocks(product(32, 66, 40), "4x4x4") == kAround + array_clocks(2, 17, 32, 32, 8));
  CHECK(clocks(product(8, 640, 8), "1x1x64") == kAround + array_clocks(1, 10, 8, 8, 8));
}
