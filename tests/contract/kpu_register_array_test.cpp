// KPU: the machine built on the register-accurate array takes the same clocks everywhere. Array lanes agree leaf by
// leaf. The reference has one activity per leaf and clock: it splits idle MAC slots among fill, drain and padding by
// the leaf of the whole array, and names what other lanes waited for after the youngest block; these alone may differ.
#include <catch2/catch.hpp>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

using ledger::Leaf;

/// Folds the leaves of [first, last] into the first of them.
ledger::LeafSums folded(ledger::LeafSums sums, Leaf first, Leaf last) {
  for (auto leaf = static_cast<std::size_t>(first) + 1; leaf <= static_cast<std::size_t>(last); ++leaf) {
    sums[static_cast<std::size_t>(first)] += sums[leaf];
    sums[leaf] = 0;
  }
  return sums;
}

/// A result without what the reference does not tell.
results::RunResult comparable(results::RunResult result) {
  result.settings.erase("array.model");
  for (results::LaneResult& lane : result.lanes) {
    lane.slots = folded(lane.slots, Leaf::structural_fill, Leaf::structural_issue);
    if (lane.name.rfind("array.", 0) != 0) {
      lane.time = folded(lane.time, Leaf::waiting_operand_l1, Leaf::overhead_configuration);
    }
  }
  return without_path(std::move(result));
}

void check_same(const Machine& machine, const workloads::Graph& graph, const Overrides& more,
                const machine::RunOptions& options = {}) {
  const results::RunResult exact = simulate(machine, graph, more, options);
  Overrides overrides = more;
  overrides.emplace_back("array.model=register");
  const results::RunResult ticking = simulate(machine, graph, overrides, options);
  CHECK(exact.settings.at("array.model") == "exact");
  CHECK(ticking.settings.at("array.model") == "register");
  check_laws(graph, ticking);
  CHECK(ticking.makespan == exact.makespan);
  const results::RunResult a = comparable(ticking);
  const results::RunResult b = comparable(exact);
  REQUIRE(a.lanes.size() == b.lanes.size());
  for (std::size_t i = 0; i < a.lanes.size(); ++i) {
    INFO("lane " << b.lanes[i].name);
    CHECK(a.lanes[i].time == b.lanes[i].time);
    CHECK(a.lanes[i].slots == b.lanes[i].slots);
  }
  CHECK((file_of(a) == file_of(b)));
}

}  // namespace

TEST_CASE("kpu: exact and register-accurate arrays give the same result") {
  for (const Machine& machine : machines_of("kpu")) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      check_same(machine, model.graph(), {});
      check_same(machine, model.graph(), {}, cold());
    }
  }
}

TEST_CASE("kpu: the same with drains that interleave, short FIFOs and a slow vector engine") {
  for (const Overrides& more :
       {Overrides{"array.drain=interleaved", "array.egress_depth=5 results"},
        Overrides{"vector.lanes=1 elements", "array.egress_depth=2 results"},
        Overrides{"array.ingress_depth=7 tokens", "sram.line=8 B"}, Overrides{"sim.ideal=operands"}}) {
    for (const Model& model : models()) {
      INFO(model.name << " with " << more.front());
      check_same(machine_of("kpu"), model.graph(), more);
    }
  }
}

TEST_CASE("kpu: the same where weights stay, with short FIFOs, one lane of each kind and a wide port") {
  for (const Overrides& more :
       {Overrides{"vector.lanes=1 elements", "array.egress_depth=2 results"},
        Overrides{"matrix_tile.cell=1x1x64", "matrix_tile.port=512 B", "vector.lanes=64 elements"},
        Overrides{"matrix_tile.rows=1 PE", "matrix_tile.columns=1 PE", "matrix_tile.ingress_depth=1 tokens"},
        Overrides{"sim.ideal=operands"}}) {
    for (const Model& model : models()) {
      INFO(model.name << " with " << more.front());
      check_same(machines_of("kpu").back(), model.graph(), more);
    }
  }
}
