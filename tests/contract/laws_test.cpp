// The laws that hold on every run of every machine.
#include "tests/contract/laws.h"

#include <catch2/catch.hpp>

#include "sim/run/registry.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

void check_models(const machine::RunOptions& options) {
  for (const Machine& machine : machines()) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const workloads::Graph graph = model.graph();
      const results::RunResult result = simulate(machine, graph, {}, options);
      CHECK(result.initial_state == options.initial_state);
      check_laws(graph, result);
    }
  }
}

std::int64_t energy_of(const results::OperatorResult& op) {
  std::int64_t energy = 0;
  for (const auto& [component, femtojoules] : op.energy_fj) energy += femtojoules;
  return energy;
}

}  // namespace

TEST_CASE("every family has a line in the contract") {
  for (const machine::Family* family : run::families()) {
    CHECK(machine_of(family->name()).family == family->name());
  }
  for (const Machine& machine : machines()) CHECK(run::find_family(machine.family) != nullptr);
}

TEST_CASE("laws hold on small models in steady state") { check_models({}); }

TEST_CASE("laws hold on small models from an empty chip") { check_models(cold()); }

TEST_CASE("steady state is never slower than an empty chip and moves no more bytes") {
  for (const Machine& machine : machines()) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const results::RunResult steady = simulate(machine, model.graph());
      const results::RunResult first = simulate(machine, model.graph(), {}, cold());
      constexpr Femtoseconds kShiftedRefresh = 1'000'000'000;  // 1 us
      CHECK(steady.makespan <= first.makespan + kShiftedRefresh);
      CHECK(steady.dram_read_bytes <= first.dram_read_bytes);
      CHECK(steady.dram_write_bytes == first.dram_write_bytes);
      CHECK(steady.compulsory_bytes <= first.compulsory_bytes);
    }
  }
}

TEST_CASE("an empty trace takes no time") {
  for (const Machine& machine : machines()) {
    for (const machine::RunOptions& options : {machine::RunOptions{}, cold()}) {
      const results::RunResult result = simulate(machine, empty(), {}, options);
      CHECK(result.makespan == 0);
      CHECK(result.cycles == 0);
      CHECK(result.critical_path.empty());
      CHECK(result.path.empty());
      CHECK(result.operators.empty());
      CHECK(result.total_energy_fj() == 0);
      CHECK(result.dram_read_bytes + result.dram_write_bytes == 0);
      check_laws(empty(), result);
    }
  }
}

TEST_CASE("a view takes no time and says so, everything else takes time") {
  for (const Machine& machine : machines()) {
    const results::RunResult result = simulate(machine, classifier());
    int views = 0;
    for (const results::OperatorResult& op : result.operators) {
      INFO(op.name);
      const bool view = op.type == "reshape";
      views += view ? 1 : 0;
      CHECK((op.bound == "view") == view);
      CHECK((op.end_cycle == op.start_cycle) == view);
      CHECK(op.exposed.empty() == view);
    }
    CHECK(views == 1);
    CHECK(holds(result, "free"));
  }
}

TEST_CASE("energy of counted actions and of power over time is exact") {
  for (const Machine& machine : machines()) {
    const workloads::Graph graph = chain();
    const results::RunResult without = simulate(machine, graph, {"energy.mac_int8=0 pJ", "power.idle=0 mW"});
    const results::RunResult with = simulate(machine, graph, {"energy.mac_int8=1 pJ", "power.idle=1 W"});
    CHECK(with.makespan == without.makespan);
    constexpr std::int64_t kFemtojoulesPerPicojoule = 1000;
    std::int64_t expected = without.total_energy_fj() + without.macs * kFemtojoulesPerPicojoule;
    expected += with.makespan;  // 1 W is 1 fJ per fs
    CHECK(with.total_energy_fj() == expected);
    // Each operator has the energy of its MACs and of the power during its time on the critical path.
    for (std::size_t i = 0; i < with.operators.size(); ++i) {
      INFO(with.operators[i].name);
      std::int64_t grown = with.operators[i].macs * kFemtojoulesPerPicojoule;
      for (const results::PathStep& step : with.path) {
        if (step.op == static_cast<std::int32_t>(i)) grown += step.to - step.from;
      }
      CHECK(energy_of(with.operators[i]) - energy_of(without.operators[i]) == grown);
    }
  }
}
