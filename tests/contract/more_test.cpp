// More bandwidth or buffers never make a machine slower; an ideal one waits for nothing.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/run/platforms.h"
#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

constexpr Femtoseconds kShiftedRefresh = 1'000'000'000;  // 1 us

/// What lowering made of the graph, as text.
std::string mapping(const Machine& machine, const workloads::Graph& graph, const Overrides& more) {
  const run::Platform platform = run::load_platform(machine.platform, overrides_of(machine, more));
  std::string text;
  for (const machine::MappingRow& row : platform.family->mapping(graph, platform.settings, {})) {
    for (const machine::MappingRow::Field& field : row.fields) {
      std::visit([&](const auto& value) { text += fmt::format("{} ", value); }, field.value);
    }
    text += "\n";
  }
  return text;
}

/// Slower by more than `permille` of the time and by more than `slack`.
bool slower(Femtoseconds now, Femtoseconds before, std::int64_t permille, Femtoseconds slack) {
  return now > before + std::max(before * permille / 1000, slack);
}

/// One setting against the small machine with `base`, on every small model; what is slower at all is printed.
void never_slower(const Machine& machine, const Overrides& base, const std::string& more, std::int64_t permille,
                  Femtoseconds slack) {
  for (const Model& model : models()) {
    INFO(model.name << " on " << machine.platform << " with " << more);
    const results::RunResult before = simulate(machine, model.graph(), base);
    Overrides overrides = base;
    overrides.push_back(more);
    const results::RunResult now = simulate(machine, model.graph(), overrides);
    INFO(before.cycles << " cycles before, " << now.cycles << " now");
    CHECK_FALSE(slower(now.makespan, before.makespan, permille, slack));
    if (now.makespan > before.makespan) {
      WARN(model.name << " with " << more << ": " << before.cycles << " cycles become " << now.cycles);
    }
  }
}

}  // namespace

TEST_CASE("with the program fixed more bandwidth or buffers is never slower") {
  for (const Machine& machine : machines()) {
    for (const std::string& more : machine.more) {
      for (const Model& model : models()) {
        CHECK(mapping(machine, model.graph(), {more}) == mapping(machine, model.graph(), {}));
      }
      never_slower(machine, {}, more, 1, kShiftedRefresh);
      // Nothing is refreshed by an ideal memory: then buffers have no excuse.
      never_slower(machine, {"memory.ideal=on"}, more, 1, 0);
    }
  }
}

TEST_CASE("more bandwidth or buffers that disturb or are lowered for are hardly ever slower") {
  for (const Machine& machine : machines()) {
    for (const std::string& more : machine.more_disturbing) never_slower(machine, {}, more, 20, kShiftedRefresh);
  }
}

TEST_CASE("mutant: a slower memory is seen to be slower") {
  for (const Machine& machine : machines()) {
    const workloads::Graph graph = chain();
    const Femtoseconds before = simulate(machine, graph, {}, cold()).makespan;
    const Femtoseconds now = simulate(machine, graph, {"dram.controller_latency=2000 ns"}, cold()).makespan;
    CHECK(slower(now, before, 20, kShiftedRefresh));
    CHECK_FALSE(slower(before, now, 1, 0));
  }
}

TEST_CASE("with ideal operands no array waits for operands or for space, and nothing is slower") {
  using ledger::Leaf;
  for (const Machine& machine : machines()) {
    if (machine.ideal_operands.empty()) continue;
    for (const Model& model : models()) {
      INFO(model.name << " on " << machine.platform);
      const results::RunResult ideal = simulate(machine, model.graph(), {machine.ideal_operands});
      check_laws(model.graph(), ideal);
      for (auto leaf = Leaf::waiting_operand_l1; leaf <= Leaf::waiting_output_space;
           leaf = static_cast<Leaf>(static_cast<int>(leaf) + 1)) {
        if (leaf == Leaf::waiting_operand_host_link) continue;
        INFO(ledger::name(leaf));
        CHECK(in_lanes(ideal, "array", leaf) == 0);
        CHECK(on_path(ideal, ledger::name(leaf)) == 0);
        for (const results::PathStep& step : ideal.path) CHECK(step.cause != ledger::name(leaf));
      }
      CHECK(ideal.makespan <= simulate(machine, model.graph()).makespan);
    }
  }
}

TEST_CASE("mutant: on the real machine the waits that ideal operands remove are there") {
  for (const Machine& machine : machines()) {
    const results::RunResult real = simulate(machine, residual_block(), {}, cold());
    std::int64_t waits = 0;
    for (const auto& [cause, cycles] : real.critical_path) {
      if (cause.rfind("waiting.operand.", 0) == 0) waits += cycles;
    }
    CHECK(waits > 0);
  }
}
