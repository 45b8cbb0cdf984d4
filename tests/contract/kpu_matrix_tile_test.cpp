// KPU: what a tile whose weights stay costs beside its array: the port, the sums in L2, every action counted.
#include <catch2/catch.hpp>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

/// Cycles between launch and completion of the only operator.
std::int64_t span(const results::RunResult& result) {
  return result.operators.front().end_cycle - result.operators.front().start_cycle;
}

/// How often an action was counted in a run: what 1 pJ for it adds to the energy.
std::int64_t count(const workloads::Graph& graph, const std::string& action, const Overrides& more = {}) {
  const auto energy = [&](const char* price) {
    Overrides overrides = more;
    overrides.push_back("energy." + action + "=" + price);
    return simulate(one_matrix_tile(), graph, overrides).total_energy_fj();
  };
  constexpr std::int64_t kFemtojoulesPerPicojoule = 1000;
  return (energy("1 pJ") - energy("0 pJ")) / kFemtojoulesPerPicojoule;
}

}  // namespace

TEST_CASE("kpu: the port of a matrix tile sets its pace") {
  // 64 rows of 512 B for each of 8 column blocks: 4,096 lines of 64 B. With 512 B the port takes 512 clocks, and others
  // set the pace, such as the drain of 4 elements per clock: 2 clocks for each of 8 x 64 rows of 8 results.
  const workloads::Graph graph = product(64, 512, 64);
  const auto run = [&graph](const char* port) {
    const results::RunResult result = simulate(
        one_matrix_tile(), graph, {std::string("matrix_tile.port=") + port, "l3.capacity=1 MiB", "mesh.flit=64 B"});
    check_laws(graph, result);
    return span(result);
  };
  const std::int64_t narrow = run("64 B");
  const std::int64_t wide = run("512 B");
  CHECK(narrow >= 4096);
  CHECK(wide >= 1024);
  CHECK(wide < 4096);
  CHECK(run("128 B") >= 2048);
}

TEST_CASE("kpu: sums in L2 are written before they are read again") {
  // One row, four folds of 2 x 64 steps: each fold but the first waits until the one before has gone through the vector
  // engine, so that each clock of its depth counts three times, and once more for the results themselves.
  const auto run = [](const char* depth) {
    return on_path(simulate(one_matrix_tile(), product(1, 512, 8),
                            {"matrix_tile.rows=2 PE", "matrix_tile.port=512 B", std::string("vector.depth=") + depth}),
                   "useful.vector");
  };
  CHECK(run("64 cycles") - run("44 cycles") == 20 * 4);
}

TEST_CASE("kpu: actions of two folds by hand") {
  // [16, 1024] x [1024, 8]: folds of 512 steps, 8 rows of 8 cells.
  const workloads::Graph graph = product(16, 1024, 8);
  constexpr std::int64_t kResults = 16 * 8, kSums = 4 * kResults;
  constexpr std::int64_t kA = 16 * 1024, kB = 1024 * 8 + 8 * 8;  // weights with bias and scale of 4 B each
  CHECK(count(graph, "mac_int8") == 16 * 1024 * 8);
  CHECK(count(graph, "pe_register") == 16 * 1024 * 8);
  // Into the sums, out of the sums, and through the epilogue.
  CHECK(count(graph, "vector_pass") == 3 * kResults);
  CHECK(count(graph, "l2_write") == kA + kB + kSums + kResults);
  CHECK(count(graph, "l2_read") == kA + kB + kSums + kResults);
  CHECK(count(graph, "streamer") == kA + kB + 2 * kSums + kResults);
  CHECK(count(graph, "l1_write") == kA + kB + 2 * kSums);  // both folds' sums pass the egress FIFOs
  CHECK(count(graph, "l1_read") == kA + kB + 2 * kSums);
  // Per fold: 16 tokens of 8 rows over 7 links eastwards, weights of row r over r links southwards; 64 B each. Sums of
  // 16 tokens and 8 columns go over 7 links southwards.
  CHECK(count(graph, "pe_hop") == 2 * (16 * 8 * 7 + 8 * 28) * 64);
  CHECK(count(graph, "drain_hop") == 2 * 16 * 8 * 7);
  // Cells of 4x4x4: 32 folds of 32 steps and 8 channels (2 columns); 4 tokens of 16 B; sums of 16 results a link.
  const Overrides cells{"matrix_tile.cell=4x4x4"};
  CHECK(count(graph, "pe_hop", cells) == 32 * (4 * 8 * 1 + 2 * 28) * 16);
  CHECK(count(graph, "drain_hop", cells) == 32 * (4 * 2 * 7) * 16);
}

TEST_CASE("kpu: hops of output-stationary tiles cost the same beside matrix tiles") {
  const workloads::Graph graph = product(64, 40, 24);
  const auto energy = [&graph](const char* matrix) {
    return simulate(machine_of("kpu"), graph,
                    {std::string("tiles.matrix=") + matrix, "matrix_tile.rows=1 PE", "matrix_tile.columns=1 PE",
                     "matrix_tile.dataflow=weight_stationary", "matrix_tile.cell=1x1x64",
                     "matrix_tile.int8_rate=256 quarter_MAC", "matrix_tile.bf16_rate=128 quarter_MAC",
                     "lowering.matrix=off"})
        .energy_fj.at("array");
  };
  CHECK(energy("60 tiles") == energy("0 tiles"));
}
