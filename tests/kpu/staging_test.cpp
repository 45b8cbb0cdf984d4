// Runs where parts of blocks wait for each other in staging that does not hold all results: nothing gets stuck.
#include "arch/kpu/family.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Blocks that wait for a later one on a tile whose results do not fit staging.
int waiting_in_short_staging(const Program& program) {
  int blocks = 0;
  for (const std::size_t index : working_operators(program)) {
    const LoweredOp& op = program.ops[index];
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      if (op.output_region(tile).elements() * op.result_bytes <= op.staging_bytes) continue;
      std::int64_t end = 0;
      for (const BlockOutput& output : program.outputs[index][static_cast<std::size_t>(tile)]) {
        blocks += output.first_staged < ++end ? 1 : 0;
      }
    }
  }
  return blocks;
}

/// Three products on the smallest L3 where parts wait in short staging.
void run_tight(const std::vector<std::string>& overrides) {
  Net net;
  TensorId x = net.input({1, 16, 20, 20});
  for (const std::int64_t channels : {48, 32, 16}) x = net.convolution(x, {channels});
  const Graph graph = net.finish(x);
  std::vector<std::string> tight;
  for (std::int64_t l3 = 1024; tight.empty(); l3 += 256) {
    REQUIRE(l3 < 65536);
    std::vector<std::string> candidate = overrides;
    candidate.insert(candidate.end(), {"l3.capacity=" + std::to_string(l3) + " B", "lowering.weight_window=1 B"});
    try {
      if (waiting_in_short_staging(lower(graph, small_chip(candidate))) > 0) tight = candidate;
    } catch (const NotModelled&) {
    }
  }
  const results::RunResult result = family().run(graph, small_settings(tight), machine::RunOptions{});
  CHECK(result.dram_write_bytes >= 16 * 20 * 20);
  CHECK_FALSE(result.laws.empty());
  for (const results::LawResult& law : result.laws) {
    INFO(law.name << ": " << law.detail);
    CHECK(law.holds);
  }
}

}  // namespace

TEST_CASE("short staging with parts that wait does not get stuck") { run_tight({}); }

TEST_CASE("nor with copies instead of trees and one request at a time") {
  run_tight({"mesh.multicast=off", "dma.outstanding=1 requests", "mesh.buffer=65 flits"});
}
