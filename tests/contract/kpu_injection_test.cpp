// KPU: clocks of a known cause, injected on a chain without slack, appear in full under that cause and nowhere else.
#include <catch2/catch.hpp>
#include <map>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;
using ledger::Leaf;
using results::RunResult;

/// Parameter that is made k larger, and how many times it stands on the chain, by cause.
struct Injection {
  std::string key;
  std::int64_t value;  ///< before
  std::string unit;
  std::map<std::string, std::int64_t> times;  ///< on the critical path
  std::string lane;                           ///< kind of the lane in which it appears
  Leaf leaf;
  std::int64_t times_in_lane;
};

/// One operator of one block, one slice, one packet in, one packet out.
workloads::Graph one_block() { return product(8, 20, 8); }

RunResult with(const Overrides& base, const std::string& key, std::int64_t value, const std::string& unit,
               const machine::RunOptions& options) {
  Overrides overrides = base;
  overrides.push_back(key + "=" + std::to_string(value) + " " + unit);
  return simulate(one_kpu_tile(), one_block(), overrides, options);
}

void check(const Overrides& base, const Injection& injection, std::int64_t k, const machine::RunOptions& options = {}) {
  INFO(injection.key << " + " << k);
  const RunResult before = with(base, injection.key, injection.value, injection.unit, options);
  const RunResult after = with(base, injection.key, injection.value + k, injection.unit, options);
  results::CauseCycles expected = before.critical_path;
  std::int64_t clocks = 0;
  for (const auto& [cause, times] : injection.times) {
    expected[cause] += times * k;
    clocks += times * k;
  }
  CHECK(after.makespan == before.makespan + clocks * before.clock_period);
  CHECK(after.cycles == before.cycles + clocks);
  CHECK(after.critical_path == expected);
  CHECK(in_lanes(after, injection.lane, injection.leaf) ==
        in_lanes(before, injection.lane, injection.leaf) + injection.times_in_lane * k * before.clock_period);
  check_laws(one_block(), before);
  check_laws(one_block(), after);
}

}  // namespace

TEST_CASE("kpu: injection into the control chain, operands ideal") {
  // launch, program load, signal, stream set-up, array, vector engine, signal: nothing runs beside them.
  const Overrides base{"sim.ideal=operands"};
  const std::vector<Injection> injections{
      {"sequencer.launch", 50, "cycles", {{"overhead.launch", 1}}, "sequencer", Leaf::overhead_launch, 1},
      {"sequencer.signal", 16, "cycles", {{"overhead.synchronisation", 2}}, "sequencer", Leaf::overhead_launch, 0},
      {"streamer.setup", 4, "cycles", {{"overhead.descriptor", 1}}, "array", Leaf::overhead_descriptor, 1},
      {"vector.depth", 4, "cycles", {{"useful.vector", 1}}, "vector", Leaf::useful_vector, 1}};
  for (const Injection& injection : injections) {
    for (const std::int64_t k : {1, 2, 13}) check(base, injection, k);
  }
  // 16 bytes more of a program are one clock more of its broadcast, when it is not there yet.
  const Injection program{"sequencer.program", 256, "B", {}, "sequencer", Leaf::overhead_configuration, 0};
  check(base, program, 16);
  const RunResult before = with(base, "sequencer.program", 256, "B", cold());
  const RunResult after = with(base, "sequencer.program", 256 + 16, "B", cold());
  CHECK(after.cycles == before.cycles + 1);
  CHECK(on_path(after, "overhead.configuration") == on_path(before, "overhead.configuration") + 1);
  CHECK(in_lanes(after, "sequencer", Leaf::overhead_configuration) ==
        in_lanes(before, "sequencer", Leaf::overhead_configuration) + before.clock_period);
}

TEST_CASE("kpu: injection into the data chain, operator launched early") {
  // The input comes last: DMA set-up, two links, L3, block mover, streamer, array, vector engine, mover, sender, two
  // links, memory. Weights are on chip. Turns at L3 recur every l3.banks = 4 clocks, so k is a multiple of it.
  const Overrides base{"memory.ideal=on", "sequencer.launch=0 cycles", "sequencer.signal=1 cycles",
                       "dma.setup=200 cycles"};
  const std::vector<Injection> injections{
      {"dma.setup", 200, "cycles", {{"overhead.descriptor", 1}}, "dma", Leaf::overhead_descriptor, 1},
      {"mesh.router_latency", 1, "cycles", {{"waiting.operand.noc", 4}}, "array", Leaf::waiting_operand_noc, 2},
      {"l3.latency", 4, "cycles", {{"waiting.operand.l3", 2}}, "array", Leaf::waiting_operand_l3, 1},
      {"l2.latency",
       2,
       "cycles",
       {{"waiting.operand.l2", 1}, {"useful.transfer", 1}},
       "array",
       Leaf::waiting_operand_l2,
       1},
      {"vector.depth", 4, "cycles", {{"useful.vector", 1}}, "vector", Leaf::useful_vector, 1}};
  for (const Injection& injection : injections) {
    for (const std::int64_t k : {4, 8, 20}) check(base, injection, k);
  }
}

TEST_CASE("kpu: injection where there is slack is seen in the lane and not in the total") {
  const Overrides base{"memory.ideal=on", "sequencer.signal=1 cycles", "dma.setup=200 cycles"};
  check(base, {"sequencer.launch", 0, "cycles", {}, "sequencer", Leaf::overhead_launch, 1}, 40);
}

TEST_CASE("kpu: injection into the launch of an operator whose operands came long before") {
  const Overrides base{"memory.ideal=on"};
  check(base, {"sequencer.launch", 2000, "cycles", {{"overhead.launch", 1}}, "sequencer", Leaf::overhead_launch, 1},
        400);
}
