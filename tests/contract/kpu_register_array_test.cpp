// KPU: the machine built on the register-accurate array gives the same result, to the last segment of the path.
#include <catch2/catch.hpp>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

void check_same(const workloads::Graph& graph, const Overrides& more, const machine::RunOptions& options = {}) {
  const results::RunResult exact = simulate(machine_of("kpu"), graph, more, options);
  Overrides overrides = more;
  overrides.emplace_back("array.model=register");
  results::RunResult ticking = simulate(machine_of("kpu"), graph, overrides, options);
  CHECK(ticking.settings.at("array.model") == "register");
  ticking.settings["array.model"] = exact.settings.at("array.model");
  INFO(exact.makespan << " fs exact, " << ticking.makespan << " fs ticking");
  CHECK(ticking.critical_path == exact.critical_path);
  REQUIRE(ticking.lanes.size() == exact.lanes.size());
  for (std::size_t i = 0; i < exact.lanes.size(); ++i) {
    INFO("lane " << exact.lanes[i].name);
    CHECK(ticking.lanes[i].time == exact.lanes[i].time);
    CHECK(ticking.lanes[i].slots == exact.lanes[i].slots);
  }
  CHECK(file_of(ticking) == file_of(exact));
}

}  // namespace

TEST_CASE("kpu: exact and register-accurate arrays give the same result") {
  for (const Model& model : models()) {
    INFO(model.name);
    check_same(model.graph(), {});
    check_same(model.graph(), {}, cold());
  }
}

TEST_CASE("kpu: the same with drains that interleave, short FIFOs and a slow vector engine") {
  for (const Overrides& more :
       {Overrides{"array.drain=interleaved"}, Overrides{"vector.lanes=1 elements", "array.egress_depth=2 results"},
        Overrides{"array.ingress_depth=2 tokens", "sram.line=8 B"}, Overrides{"sim.ideal=operands"}}) {
    for (const Model& model : models()) {
      INFO(model.name << " with " << more.front());
      check_same(model.graph(), more);
    }
  }
}
