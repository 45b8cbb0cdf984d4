// The network users run first, on a whole chip: all laws, both initial states.
#include <catch2/catch.hpp>

#include "sim/run/directories.h"
#include "tests/contract/laws.h"
#include "tests/contract/run_child.h"
#include "traces/reader.h"

using namespace cyclescope;
using namespace cyclescope::contract;

TEST_CASE("ResNet-50 at INT8 obeys every law on every platform of the contract") {
  const workloads::Graph graph = traces::read(traces::resolve_model("resnet50", run::library_directory())).graph;
  for (const Machine& machine : machines()) {
    INFO(machine.platform);
    const Outcome steady = attempt(machine.platform, graph, machine.whole);
    const Outcome first = attempt(machine.platform, graph, machine.whole, cold());
    INFO(steady.message << first.message);
    REQUIRE(steady.ok());
    REQUIRE(first.ok());
    CHECK(steady.result.macs == 4'089'184'256);
    check_laws(graph, steady.result);
    check_laws(graph, first.result);
    CHECK(steady.result.makespan <= first.result.makespan);
    CHECK(steady.result.dram_read_bytes <= first.result.dram_read_bytes);
    Overrides ideal_memory = machine.whole;
    ideal_memory.emplace_back("memory.ideal=on");
    const Outcome ideal = attempt(machine.platform, graph, ideal_memory);
    REQUIRE(ideal.ok());
    // The network sets the pace: a faster memory may only make packets meet in another order in its buffers.
    const double slower = static_cast<double>(ideal.result.makespan) / static_cast<double>(steady.result.makespan) - 1;
    if (slower > 0.001) WARN(machine.platform << ": ideal memory is slower by " << 100 * slower << " %");
    CHECK(slower <= 0.02);
  }
}
