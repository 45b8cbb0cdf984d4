// Multiplying every period and every time parameter by an integer multiplies every time by it.
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

/// Overrides that multiply every clock period and every time of the platform by k. A frequency is rounded to whole
/// hertz such that the period, rounded to whole femtoseconds, is the multiple.
Overrides scaled(const Machine& machine, std::int64_t k) {
  const Overrides base{machine.exact_clock};
  const run::Platform platform = run::load_platform(machine.platform, overrides_of(machine, base));
  Overrides result = base;
  for (const auto& [key, setting] : platform.settings.all()) {
    const config::Quantity quantity = setting.declaration->quantity;
    if (quantity == config::Quantity::time) result.push_back(fmt::format("{}={} fs", key, setting.integer * k));
    if (quantity == config::Quantity::frequency) {
      result.push_back(fmt::format("{}={} Hz", key, (setting.integer + k / 2) / k));
    }
  }
  return overrides_of(machine, result);
}

results::RunResult run_scaled(const Machine& machine, const workloads::Graph& graph, std::int64_t k) {
  Outcome outcome = attempt(machine.platform, graph, scaled(machine, k));
  INFO(outcome.message);
  REQUIRE(outcome.ok());
  return std::move(outcome.result);
}

}  // namespace

TEST_CASE("time scales with every period and time parameter") {
  for (const Machine& machine : machines()) {
    if (machine.exact_clock.empty()) continue;
    for (const Model& model : models()) {
      const results::RunResult one = run_scaled(machine, model.graph(), 1);
      for (const std::int64_t k : {2, 3}) {
        INFO(model.name << " on " << machine.platform << " times " << k);
        const results::RunResult many = run_scaled(machine, model.graph(), k);
        REQUIRE(many.clock_period == k * one.clock_period);
        CHECK(many.makespan == k * one.makespan);
        CHECK(many.cycles == one.cycles);
        CHECK(many.critical_path == one.critical_path);
        REQUIRE(many.path.size() == one.path.size());
        for (std::size_t i = 0; i < many.path.size(); ++i) CHECK(many.path[i].to == k * one.path[i].to);
        REQUIRE(many.lanes.size() == one.lanes.size());
        for (std::size_t i = 0; i < many.lanes.size(); ++i) {
          INFO("lane " << one.lanes[i].name);
          ledger::LeafSums expected = one.lanes[i].time;
          for (std::int64_t& time : expected) time *= k;
          CHECK(many.lanes[i].time == expected);
        }
      }
    }
  }
}

TEST_CASE("mutant: one time parameter left behind breaks the scaling") {
  for (const Machine& machine : machines()) {
    if (machine.exact_clock.empty()) continue;
    const workloads::Graph graph = chain();
    const results::RunResult one = run_scaled(machine, graph, 1);
    Overrides forgotten = scaled(machine, 2);
    const auto latency = [](const std::string& text) { return text.rfind("dram.controller_latency", 0) == 0; };
    forgotten.erase(std::remove_if(forgotten.begin(), forgotten.end(), latency), forgotten.end());
    const Outcome many = attempt(machine.platform, graph, forgotten);
    REQUIRE(many.ok());
    CHECK(many.result.makespan != 2 * one.makespan);
  }
}
