#include "sim/machine/report.h"

#include <algorithm>

namespace cyclescope::machine {
namespace {

using results::RunResult;

/// Cycles shown for [from, to), both relative to the start: they telescope.
std::int64_t shown_cycles(Femtoseconds from, Femtoseconds to, Femtoseconds period) {
  return ceil_div(to, period) - ceil_div(from, period);
}

void report_path(const ledger::Ledger& ledger, const Frame& frame, RunResult& result) {
  ledger.walk(frame.end, frame.start, [&](const ledger::PathSegment& segment) {
    result.path.push_back({ledger::name(segment.cause), static_cast<std::int32_t>(segment.lane), segment.op,
                           segment.from - frame.start, segment.to - frame.start});
  });
  std::reverse(result.path.begin(), result.path.end());
  for (const results::PathStep& step : result.path) {
    const std::int64_t cycles = shown_cycles(step.from, step.to, frame.clock_period);
    if (cycles == 0) continue;
    result.critical_path[step.cause] += cycles;
    if (step.op >= 0) result.operators[static_cast<std::size_t>(step.op)].exposed[step.cause] += cycles;
  }
}

void report_bounds(RunResult& result) {
  for (results::OperatorResult& op : result.operators) {
    if (op.bound == "view") continue;
    const auto most = std::max_element(op.exposed.begin(), op.exposed.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    op.bound = most == op.exposed.end() ? "hidden" : most->first;
  }
}

/// Energy of one component in zeptojoules, which is what a microwatt is in a femtosecond.
struct ComponentEnergy {
  explicit ComponentEnergy(std::size_t operators) : by_operator(operators, 0) {}

  Int128 total = 0;
  Int128 external = 0;              ///< part of the total: actions of external memory that know no operator
  std::vector<Int128> by_operator;  ///< parts of the total
};

void add_action(const ledger::Ledger::Action& action, ComponentEnergy& energy) {
  constexpr Int128 kZeptoPerAtto = 1000;
  const Int128 price = action.attojoules * kZeptoPerAtto;
  energy.total += price * action.count;
  std::int64_t left = action.count;
  for (std::size_t op = 0; op < std::min(action.by_operator.size(), energy.by_operator.size()); ++op) {
    energy.by_operator[op] += price * action.by_operator[op];
    left -= action.by_operator[op];
  }
  if (action.component.rfind("dram", 0) == 0) energy.external += price * left;
}

/// What external memory did for no one in particular, in proportion to the bytes that each operator moved.
void share_external(const RunResult& result, ComponentEnergy& energy) {
  Int128 bytes = 0;
  for (const results::OperatorResult& op : result.operators) bytes += op.dram_bytes;
  if (bytes == 0) return;
  for (std::size_t op = 0; op < energy.by_operator.size(); ++op) {
    energy.by_operator[op] += energy.external * result.operators[op].dram_bytes / bytes;
  }
}

/// Femtojoules of the component and, cut from running sums so that they add up, of the operators.
void book_energy(const std::string& component, const ComponentEnergy& energy, RunResult& result) {
  constexpr Int128 kZeptoPerFemto = 1'000'000;
  const auto femtojoules = [](Int128 zepto) { return checked_narrow((zepto + kZeptoPerFemto / 2) / kZeptoPerFemto); };
  result.energy_fj[component] = femtojoules(energy.total);
  Int128 sum = 0;
  std::int64_t booked = 0;
  for (std::size_t op = 0; op < energy.by_operator.size(); ++op) {
    sum += energy.by_operator[op];
    const std::int64_t part = femtojoules(sum) - booked;
    booked += part;
    if (part != 0) result.operators[op].energy_fj[component] = part;
  }
}

void report_energy(const ledger::Ledger& ledger, RunResult& result) {
  std::vector<Femtoseconds> on_path(result.operators.size(), 0);
  for (const results::PathStep& step : result.path) {
    if (step.op >= 0) on_path[static_cast<std::size_t>(step.op)] += step.to - step.from;
  }
  std::map<std::string, ComponentEnergy> components;
  const auto component = [&](const std::string& name) -> ComponentEnergy& {
    return components.try_emplace(name, result.operators.size()).first->second;
  };
  for (const ledger::Ledger::Action& action : ledger.actions()) add_action(action, component(action.component));
  for (const ledger::Ledger::Power& power : ledger.powers()) {
    ComponentEnergy& energy = component(power.component);
    energy.total += static_cast<Int128>(power.microwatts) * result.makespan;
    for (std::size_t op = 0; op < on_path.size(); ++op) {
      energy.by_operator[op] += static_cast<Int128>(power.microwatts) * on_path[op];
    }
  }
  for (auto& [name, energy] : components) {
    share_external(result, energy);
    book_energy(name, energy, result);
  }
}

void add_law(RunResult& result, const std::string& name, bool holds, const std::string& detail) {
  result.laws.push_back({name, holds, detail});
}

std::int64_t sum(const ledger::LeafSums& sums) {
  std::int64_t total = 0;
  for (const std::int64_t value : sums) total = checked_add(total, value);
  return total;
}

constexpr auto kUnknown = static_cast<std::size_t>(ledger::Leaf::unknown);

void check_lanes(const ledger::Ledger& ledger, RunResult& result) {
  std::string open_time;
  std::string open_slots;
  for (ledger::LaneId lane = 0; lane < ledger.lane_count(); ++lane) {
    const results::LaneResult& booked = result.lanes[lane];
    if (sum(booked.time) != result.makespan || booked.time[kUnknown] != 0) open_time += " " + booked.name;
    if (ledger.slots_per_cycle(lane) == 0) continue;
    const std::int64_t cycles = ceil_div(result.makespan, ledger.lane_period(lane));
    if (sum(booked.slots) != checked_mul(cycles, ledger.slots_per_cycle(lane))) open_slots += " " + booked.name;
  }
  add_law(result, "time ledger closes on every lane", open_time.empty(),
          open_time.empty() ? std::to_string(ledger.lane_count()) + " lanes" : "open:" + open_time);
  add_law(result, "capacity ledger closes on every array", open_slots.empty(),
          open_slots.empty() ? "quarter-MACs add up" : "open:" + open_slots);
}

void check_path(RunResult& result) {
  Femtoseconds at = 0;
  bool abuts = true;
  bool known = true;  // to the femtosecond: an unknown step may be too short to show as a cycle
  for (const results::PathStep& step : result.path) {
    abuts = abuts && step.from == at;
    known = known && step.cause != ledger::name(ledger::Leaf::unknown);
    at = step.to;
  }
  std::int64_t cycles = 0;
  for (const auto& [cause, count] : result.critical_path) cycles += count;
  add_law(result, "critical path sums to the latency",
          abuts && known && at == result.makespan && cycles == result.cycles,
          std::to_string(cycles) + " of " + std::to_string(result.cycles) + " cycles" +
              (known ? "" : ", some of them unknown"));
}

}  // namespace

void report(const ledger::Ledger& ledger, const Frame& frame, RunResult& result) {
  result.clock_period = frame.clock_period;
  result.makespan = frame.end.at - frame.start;
  result.cycles = ceil_div(result.makespan, frame.clock_period);
  if (ledger.enabled()) report_path(ledger, frame, result);
  report_bounds(result);
  for (ledger::LaneId lane = 0; lane < ledger.lane_count(); ++lane) {
    result.lanes.push_back({ledger.lane_name(lane), ledger.time(lane), ledger.slots(lane)});
  }
  for (const ledger::Traffic& link : ledger.traffic()) {
    result.traffic.push_back({link.name, link.sent, link.expected, link.received});
  }
  report_energy(ledger, result);
}

void check_laws(const ledger::Ledger& ledger, RunResult& result) {
  add_law(result, "never faster than the roofline", result.makespan >= result.roofline,
          std::to_string(result.makespan) + " fs against " + std::to_string(result.roofline) + " fs");
  if (!ledger.enabled()) return;
  constexpr std::int64_t kQuarterMacs = 4;
  std::int64_t slots = 0;
  for (const results::LaneResult& lane : result.lanes) {
    slots = checked_add(slots, lane.slots[static_cast<std::size_t>(ledger::Leaf::useful_mac)]);
  }
  std::int64_t on_vector = 0;  // MACs that vector engines execute take no slots of an array
  for (const ledger::Ledger::Action& action : ledger.actions()) {
    if (action.name == "mac_vector") on_vector += action.count;
  }
  add_law(result, "MACs executed are the trace's",
          result.macs_executed == result.macs && slots == checked_mul(kQuarterMacs, result.macs - on_vector),
          std::to_string(result.macs_executed) + " of " + std::to_string(result.macs) + ", " +
              std::to_string(slots / kQuarterMacs) + " by useful slots");
  std::string lost;
  for (const results::TrafficResult& link : result.traffic) {
    if (link.expected != link.received) {
      lost += " " + link.name + " " + std::to_string(link.expected - link.received) + " B";
    }
  }
  add_law(result, "bytes are conserved on every link", lost.empty(), lost.empty() ? "sent x copies = received" : lost);
  const std::int64_t moved =
      result.dram_read_bytes + result.dram_write_bytes + result.host_read_bytes + result.host_write_bytes;
  add_law(result, "external bytes at least the compulsory ones", moved >= result.compulsory_bytes,
          std::to_string(moved) + " of " + std::to_string(result.compulsory_bytes) + " B");
  check_lanes(ledger, result);
  check_path(result);
  std::string free;
  for (const results::OperatorResult& op : result.operators) {
    if (op.bound != "view" && op.end_cycle <= op.start_cycle) free += " " + op.name;
  }
  add_law(result, "no operator is free unless it is a view", free.empty(), free.empty() ? "all take time" : free);
}

}  // namespace cyclescope::machine
