// KPU: the laws hold on machines that nobody would build: random sizes, depths, latencies and switches.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <random>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

/// A setting and the values it may take.
struct Choice {
  const char* key;
  std::vector<const char*> values;
};

const std::vector<Choice>& choices() {
  static const std::vector<Choice> table{
      {"array.rows", {"1 PE", "5 PE", "8 PE"}},
      {"array.columns", {"1 PE", "3 PE", "8 PE", "12 PE"}},
      {"array.ingress_depth", {"11 tokens", "40 tokens"}},
      {"array.egress_depth", {"2 results", "3 results", "16 results"}},
      {"tiles.matrix", {"0 tiles", "60 tiles", "500 tiles"}},  // 0, 2 or 3 of the 4 tiles
      {"matrix_tile.rows", {"1 PE", "3 PE"}},                  // with cells of 4x4x4, at most 12 lanes
      {"matrix_tile.columns", {"1 PE", "2 PE"}},
      {"matrix_tile.cell", {"1x1x64", "4x4x4"}},
      {"matrix_tile.dataflow", {"output_stationary", "weight_stationary"}},
      {"matrix_tile.int8_rate", {"256 quarter_MAC"}},
      {"matrix_tile.bf16_rate", {"128 quarter_MAC"}},
      {"matrix_tile.port", {"0 B", "16 B", "512 B"}},
      {"lowering.matrix", {"auto", "auto", "off"}},
      {"lowering.k_split", {"auto", "off", "2", "3"}},
      {"vector.lanes", {"1 elements", "3 elements", "64 elements"}},
      {"sram.line", {"1 B", "16 B", "64 B", "256 B"}},
      {"l2.capacity", {"700 B", "2 KiB", "16 KiB"}},
      {"l2.latency", {"1 cycles", "9 cycles"}},
      {"l3.capacity", {"5 KiB", "9 KiB", "128 KiB"}},
      {"l3.latency", {"1 cycles", "9 cycles"}},
      {"l3.banks", {"4 banks", "8 banks", "16 banks"}},
      {"streamer.setup", {"0 cycles", "30 cycles"}},
      {"block_mover.setup", {"0 cycles", "30 cycles"}},
      {"block_mover.queue", {"1 descriptors", "2 descriptors", "9 descriptors"}},
      {"mesh.router_latency", {"0 cycles", "4 cycles"}},
      {"mesh.link_latency", {"1 cycles", "3 cycles"}},
      {"mesh.credit_latency", {"1 cycles", "20 cycles"}},
      {"mesh.packet", {"256 B", "512 B"}},
      {"mesh.buffer", {"513 flits", "600 flits", "5000 flits"}},
      {"mesh.flit", {"1 B", "16 B", "64 B"}},
      {"dma.engines", {"1 engines", "2 engines", "4 engines"}},
      {"dma.setup", {"0 cycles", "100 cycles"}},
      {"dma.outstanding", {"1 requests", "3 requests", "32 requests"}},
      {"dma.packet", {"32 B", "128 B", "256 B"}},
      {"sequencer.launch", {"0 cycles", "3 cycles", "500 cycles"}},
      {"sequencer.signal", {"1 cycles", "40 cycles"}},
      {"sequencer.program_cache", {"1 programs", "4 programs"}},
      {"lowering.slice_steps", {"16 steps", "23 steps", "200 steps"}},
      {"lowering.prefetch_operators", {"0 operators", "2 operators", "64 operators"}},
      {"lowering.weight_window", {"1 B", "2 KiB", "64 KiB"}},
      {"lowering.staging_blocks", {"1 blocks", "4 blocks"}},
      {"lowering.spill_buffers", {"1 buffers", "2 buffers", "5 buffers"}},
      {"lowering.load_bytes", {"64 B", "4 KiB"}},
      {"lowering.load_alignment", {"256 B", "1 KiB"}},
      {"clock.fabric", {"30 MHz", "475 MHz", "1.1 GHz"}},
      {"dram.channels", {"1 channels", "4 channels"}},
      {"memory.ideal", {"off", "off", "on"}},
      {"sim.ideal", {"none", "none", "operands"}}};
  return table;
}

void check_random(unsigned seed) {
  constexpr int kRuns = 150;
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  int fit = 0;
  for (int i = 0; i < kRuns; ++i) {
    Overrides overrides;
    for (const Choice& choice : choices()) {
      overrides.push_back(std::string(choice.key) + "=" + choice.values[below(choice.values.size())]);
    }
    const Model& model = models()[below(models().size())];
    const machine::RunOptions options = below(2) == 0 ? machine::RunOptions{} : cold();
    const Outcome outcome = attempt(machine_of("kpu"), model.graph(), overrides, options);
    INFO(model.name << ", " << options.initial_state << ", " << fmt::format("{}", fmt::join(overrides, ", ")));
    INFO("code " << outcome.exit_code << ": " << outcome.message);
    CHECK((outcome.exit_code == 0 || outcome.exit_code == 3));  // 3: it does not fit
    if (!outcome.ok()) continue;
    ++fit;
    check_laws(model.graph(), outcome.result);
  }
  CHECK(fit > kRuns / 2);
}

}  // namespace

TEST_CASE("kpu: laws hold on random machines") { check_random(1); }

TEST_CASE("kpu: laws hold on other random machines") { check_random(2); }

TEST_CASE("kpu: drains that interleave are refused with egress FIFOs of half the columns or less") {
  // Column 0 is full of results of the next block, whose window waits for the block before, whose last result is still
  // columns - 1 steps from the edge of the last column: the whole array would freeze for good.
  const Outcome outcome = attempt(machine_of("kpu"), chain(),
                                  {"array.drain=interleaved", "array.columns=12 PE", "array.ingress_depth=16 tokens"});
  INFO(outcome.message);
  CHECK(outcome.exit_code == 2);
}
