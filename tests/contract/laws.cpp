#include "tests/contract/laws.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "workloads/cost.h"

namespace cyclescope::contract {
namespace {

using results::RunResult;

constexpr std::int64_t kQuarterMacs = 4;  // of one INT8 MAC

std::int64_t sum(const ledger::LeafSums& sums) { return std::accumulate(sums.begin(), sums.end(), std::int64_t{0}); }

std::int64_t sum(const results::CauseCycles& cycles) {
  std::int64_t total = 0;
  for (const auto& [cause, count] : cycles) total += count;
  return total;
}

void check_lanes(const RunResult& result) {
  constexpr auto kUnknown = static_cast<std::size_t>(ledger::Leaf::unknown);
  for (const results::LaneResult& lane : result.lanes) {
    INFO("lane " << lane.name);
    CHECK(sum(lane.time) == result.makespan);
    CHECK(lane.time[kUnknown] == 0);
    CHECK(lane.slots[kUnknown] == 0);
    CHECK(*std::min_element(lane.time.begin(), lane.time.end()) >= 0);
    CHECK(*std::min_element(lane.slots.begin(), lane.slots.end()) >= 0);
  }
}

/// MACs of depthwise convolutions: a vector engine executes them.
std::int64_t depthwise_macs(const workloads::Graph& graph) {
  std::int64_t macs = 0;
  for (const workloads::Operator& op : graph.operators) {
    if (op.type != workloads::OperatorType::conv2d) continue;
    const std::int64_t groups = std::get<workloads::ConvAttributes>(op.attributes).groups;
    const bool depthwise = groups > 1 && groups == graph.input(op, 0).shape[1] && groups == graph.output(op).shape[1];
    if (depthwise) macs += workloads::cost(graph, op).macs;
  }
  return macs;
}

/// All arrays together: slots = PEs x cycles, and what is called useful is what was computed.
void check_capacity(const RunResult& result, std::int64_t array_macs) {
  std::int64_t slots = 0;
  std::int64_t useful = 0;
  for (const results::LaneResult& lane : result.lanes) {
    slots += sum(lane.slots);
    useful += lane.slots[static_cast<std::size_t>(ledger::Leaf::useful_mac)];
  }
  CHECK(result.peak_macs_per_second % result.clock_hz == 0);
  CHECK(slots == result.peak_macs_per_second / result.clock_hz * result.cycles * kQuarterMacs);
  CHECK(useful == array_macs * kQuarterMacs);
}

void check_path(const RunResult& result) {
  Femtoseconds at = 0;
  for (const results::PathStep& step : result.path) {
    REQUIRE(step.from == at);
    REQUIRE(step.to > step.from);
    CHECK(step.cause != "unknown");
    at = step.to;
  }
  CHECK(at == result.makespan);
  CHECK(sum(result.critical_path) == result.cycles);
  CHECK(result.cycles == ceil_div(result.makespan, result.clock_period));
}

/// Exposed cycles of all operators, and those of the path that belong to no operator, are the critical path.
void check_exposed(const RunResult& result) {
  results::CauseCycles total;
  for (const results::OperatorResult& op : result.operators) {
    for (const auto& [cause, count] : op.exposed) total[cause] += count;
  }
  for (const results::PathStep& step : result.path) {
    const std::int64_t cycles = ceil_div(step.to, result.clock_period) - ceil_div(step.from, result.clock_period);
    if (step.op < 0 && cycles > 0) total[step.cause] += cycles;
  }
  CHECK(total == result.critical_path);
}

void check_bytes(const RunResult& result) {
  for (const results::TrafficResult& link : result.traffic) {
    INFO("link " << link.name);
    CHECK(link.received == link.expected);
    CHECK(link.expected >= link.sent);
  }
  const std::int64_t moved =
      result.dram_read_bytes + result.dram_write_bytes + result.host_read_bytes + result.host_write_bytes;
  CHECK(moved >= result.compulsory_bytes);
}

void check_operators(const RunResult& result) {
  for (const results::OperatorResult& op : result.operators) {
    INFO("operator " << op.name);
    CHECK(op.start_cycle >= 0);
    CHECK(op.end_cycle <= result.cycles);
    CHECK((op.bound == "view") == (op.end_cycle == op.start_cycle));
    CHECK((op.bound == "view") == (op.precision_label == "view"));
    if (op.bound == "view") CHECK(op.exposed.empty());
  }
}

}  // namespace

void check_reported_laws(const RunResult& result) {
  CHECK_FALSE(result.laws.empty());
  for (const results::LawResult& law : result.laws) {
    INFO(law.name << ": " << law.detail);
    CHECK(law.holds);
  }
}

void check_laws(const workloads::Graph& graph, const RunResult& result) {
  INFO(result.model << ", " << result.initial_state);
  const std::int64_t macs = workloads::total_cost(graph).macs * result.batch;
  CHECK(result.macs == macs);
  CHECK(result.macs_executed == macs);
  CHECK(result.makespan >= result.roofline);
  check_reported_laws(result);
  check_lanes(result);
  check_capacity(result, macs - depthwise_macs(graph) * result.batch);
  check_path(result);
  check_exposed(result);
  check_bytes(result);
  check_operators(result);
  std::int64_t energy = 0;
  for (const auto& [component, femtojoules] : result.energy_fj) {
    INFO(component);
    CHECK(femtojoules >= 0);
    energy += femtojoules;
    std::int64_t of_operators = 0;
    for (const results::OperatorResult& op : result.operators) {
      const auto part = op.energy_fj.find(component);
      if (part == op.energy_fj.end()) continue;
      CHECK(part->second > 0);
      of_operators += part->second;
    }
    CHECK(of_operators <= femtojoules);
  }
  CHECK(result.total_energy_fj() == energy);
}

bool holds(const RunResult& result, const std::string& words) {
  for (const results::LawResult& law : result.laws) {
    if (law.name.find(words) != std::string::npos) return law.holds;
  }
  FAIL("no law is called '" << words << "'");
  return false;
}

bool any_broken(const RunResult& result) {
  return std::any_of(result.laws.begin(), result.laws.end(), [](const auto& law) { return !law.holds; });
}

std::int64_t on_path(const RunResult& result, const std::string& cause) {
  const auto found = result.critical_path.find(cause);
  return found == result.critical_path.end() ? 0 : found->second;
}

Femtoseconds in_lanes(const RunResult& result, const std::string& kind, ledger::Leaf leaf) {
  Femtoseconds total = 0;
  for (const results::LaneResult& lane : result.lanes) {
    if (lane.name.rfind(kind + ".", 0) == 0) total += lane.time[static_cast<std::size_t>(leaf)];
  }
  return total;
}

RunResult without_path(RunResult result) {
  result.path = {{"all", 0, -1, 0, result.makespan}};
  result.critical_path = {{"all", result.cycles}};
  for (results::OperatorResult& op : result.operators) {
    op.exposed.clear();
    op.energy_fj.clear();  // constant powers go by the path
    op.bound.clear();
  }
  return result;
}

}  // namespace cyclescope::contract
