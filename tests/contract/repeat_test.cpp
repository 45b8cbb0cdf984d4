// What must not matter does not: repetition, names, whether anybody keeps books.
#include <catch2/catch.hpp>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

using namespace cyclescope;
using namespace cyclescope::contract;

TEST_CASE("a repeated run gives the same bytes") {
  for (const Machine& machine : machines()) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const Outcome first = attempt(machine, model.graph());
      const Outcome second = attempt(machine, model.graph());
      REQUIRE(first.ok());
      REQUIRE(second.ok());
      CHECK((first.bytes == second.bytes));
      CHECK((file_of(first.result) == first.bytes));
    }
  }
}

TEST_CASE("mutant: any one number that differs shows in the bytes") {
  const Machine& machine = machines().front();
  const results::RunResult result = simulate(machine, pointwise_convolution());
  const std::string bytes = file_of(result);
  results::RunResult other = result;
  ++other.lanes.back().time.front();
  CHECK((file_of(other) != bytes));
  other = result;
  ++other.energy_fj.begin()->second;
  CHECK((file_of(other) != bytes));
  const Outcome later = attempt(machine, pointwise_convolution(), {"clock.fabric=474 MHz"});
  REQUIRE(later.ok());
  CHECK((later.bytes != bytes));
}

TEST_CASE("renaming operators and tensors changes no number") {
  for (const Machine& machine : machines()) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const results::RunResult original = simulate(machine, model.graph());
      results::RunResult other = simulate(machine, renamed(model.graph()));
      REQUIRE(other.operators.size() == original.operators.size());
      for (std::size_t i = 0; i < other.operators.size(); ++i) {
        CHECK(other.operators[i].name != original.operators[i].name);
        other.operators[i].name = original.operators[i].name;
      }
      CHECK((file_of(other) == file_of(original)));
    }
  }
}

TEST_CASE("without ledgers every cycle is the same") {
  machine::RunOptions options;
  options.ledgers = false;
  for (const Machine& machine : machines()) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const results::RunResult with = simulate(machine, model.graph());
      const results::RunResult without = simulate(machine, model.graph(), {}, options);
      CHECK(without.makespan == with.makespan);
      CHECK(without.cycles == with.cycles);
      CHECK(without.dram_read_bytes == with.dram_read_bytes);
      CHECK(without.dram_write_bytes == with.dram_write_bytes);
      CHECK(without.path.empty());
      REQUIRE(without.operators.size() == with.operators.size());
      for (std::size_t i = 0; i < with.operators.size(); ++i) {
        CHECK(without.operators[i].start_cycle == with.operators[i].start_cycle);
        CHECK(without.operators[i].end_cycle == with.operators[i].end_cycle);
      }
      CHECK_FALSE(any_broken(without));
    }
  }
}

TEST_CASE("fine-grained simulation gives the same result as aggregated") {
  for (const Machine& machine : machines()) {
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const results::RunResult aggregated = simulate(machine, model.graph());
      results::RunResult fine = simulate(machine, model.graph(), {"sim.aggregate=off"});
      fine.settings["sim.aggregate"] = aggregated.settings.at("sim.aggregate");
      CHECK(fine.makespan == aggregated.makespan);
      REQUIRE(fine.lanes.size() == aggregated.lanes.size());
      for (std::size_t i = 0; i < fine.lanes.size(); ++i) {
        INFO("lane " << fine.lanes[i].name);
        CHECK(fine.lanes[i].time == aggregated.lanes[i].time);
      }
      CHECK((file_of(without_path(fine)) == file_of(without_path(aggregated))));
    }
  }
}
