#include "sim/run/check_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "sim/base/checked.h"
#include "sim/base/error.h"
#include "sim/base/precision.h"
#include "sim/estimate/count.h"
#include "workloads/cost.h"

namespace cyclescope::run {
namespace {

using estimate::SplitUnit;
using results::RunResult;
using workloads::FusedGroup;
using workloads::Graph;
using workloads::OperatorId;
using workloads::TensorId;
using workloads::TensorRole;

constexpr std::int64_t kFp32Bytes = 4;
constexpr const char* kNoOperator = "(no operator)";

/// A group and its operators of the result.
struct Executed {
  std::size_t first = 0;  ///< of the result's operators
  std::size_t end = 0;
  bool view = false;
};

/// The operators of the result that each group became.
std::vector<Executed> executed(const RunResult& result, const Graph& graph, const std::vector<FusedGroup>& groups) {
  std::vector<Executed> all;
  std::size_t next = 0;
  for (const FusedGroup& group : groups) {
    const std::string& name = graph.operators[group.members.front()].name;
    Executed one{next, next, false};
    const auto begins_with = [&](const std::string& text) {
      return one.end < result.operators.size() && result.operators[one.end].name.rfind(text, 0) == 0;
    };
    while (begins_with(name + " (")) ++one.end;
    if (!begins_with(name) || result.operators[one.end].name != name) {
      throw InputError(fmt::format(
          "the result of {} has {} where the trace has operator '{}'; expected the trace that was simulated",
          result.model,
          one.end < result.operators.size() ? "operator '" + result.operators[one.end].name + "'" : "no more operators",
          name));
    }
    one.view = result.operators[one.end].precision_label == "view";
    next = ++one.end;
    all.push_back(one);
  }
  if (next == result.operators.size()) return all;
  throw InputError(
      fmt::format("the result of {} has operator '{}', which the trace has not; expected the trace that was "
                  "simulated",
                  result.model, result.operators[next].name));
}

/// Units as lists of groups: those that a operator of the estimator has a part in belong together.
class Grouping {
 public:
  explicit Grouping(std::size_t groups) : leader_(groups) { std::iota(leader_.begin(), leader_.end(), 0); }

  std::size_t leader(std::size_t group) {
    while (leader_[group] != group) group = leader_[group] = leader_[leader_[group]];
    return group;
  }
  /// The smaller number leads.
  void join(std::size_t a, std::size_t b) {
    a = leader(a);
    b = leader(b);
    leader_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> leader_;
};

/// Everything a group reads and writes outside, in elements of all frames.
struct Border {
  std::int64_t fixed = 0;      ///< parameters, statistics and constants
  std::int64_t moving = 0;     ///< activations
  std::int64_t outermost = 0;  ///< parameters, and activations that enter or leave the network
};

Border border_of(const Graph& graph, const FusedGroup& group, std::int64_t frames) {
  Border border;
  std::set<TensorId> fixed;
  for (const OperatorId member : group.members) {
    for (const TensorId tensor : graph.operators[member].inputs) {
      if (graph.tensors[tensor].role != TensorRole::activation) fixed.insert(tensor);
    }
  }
  for (const TensorId tensor : fixed) {
    const std::int64_t elements = graph.tensors[tensor].elements();
    border.fixed = checked_add(border.fixed, elements);
    if (graph.tensors[tensor].role == TensorRole::parameter) border.outermost = checked_add(border.outermost, elements);
  }
  const auto activation = [&](TensorId tensor, const std::vector<TensorId>& of_network) {
    const std::int64_t elements = checked_mul(graph.tensors[tensor].elements(), frames);
    border.moving = checked_add(border.moving, elements);
    const bool outermost = std::find(of_network.begin(), of_network.end(), tensor) != of_network.end();
    if (outermost) border.outermost = checked_add(border.outermost, elements);
  };
  for (const TensorId tensor : group.inputs) activation(tensor, graph.inputs);
  activation(group.output, graph.outputs);
  return border;
}

std::int64_t macs_of(const Graph& graph, const FusedGroup& group, std::int64_t frames) {
  std::int64_t macs = 0;
  for (const OperatorId member : group.members) {
    macs = checked_add(macs, checked_mul(workloads::cost(graph, graph.operators[member]).macs, frames));
  }
  return macs;
}

/// Cuts `total` in proportion to the weights; nothing is lost unless all weights are 0.
std::vector<std::int64_t> cut(std::int64_t total, const std::vector<std::int64_t>& weights) {
  Int128 all = 0;
  for (const std::int64_t weight : weights) all += weight;
  std::vector<std::int64_t> parts(weights.size(), 0);
  if (all == 0) return parts;
  Int128 sum = 0;
  std::int64_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i];
    parts[i] = checked_narrow(total * sum / all) - given;
    given += parts[i];
  }
  return parts;
}

std::string leaf_of(const RunResult& result, const results::PathStep& step) {
  const std::string& lane = result.lanes[static_cast<std::size_t>(step.lane)].name;
  const bool at_memory = step.cause == "waiting.arbitration" && lane.rfind("dram", 0) == 0;
  return at_memory ? "waiting.operand.dram_bandwidth" : step.cause;
}

/// Builds the units from the groups and fills them step by step.
class Builder {
 public:
  Builder(const RunResult& result, const Graph& graph, const std::vector<FusedGroup>& groups)
      : result_(result),
        graph_(graph),
        groups_(groups),
        executed_(executed(result, graph, groups)),
        counted_(estimate::at_batch(estimate::count_operators(graph), result.batch)) {
    for (std::size_t group = 0; group < groups.size(); ++group) {
      for (const OperatorId member : groups[group].members) group_of_[member] = group;
    }
  }

  CheckUnits build() {
    form_units();
    add_operators();
    add_groups();
    add_simulated();
    for (std::size_t i = 0; i < units_.units.size(); ++i) describe(i);
    return std::move(units_);
  }

 private:
  void form_units() {
    Grouping grouping(groups_.size());
    for (const estimate::OperatorCount& one : counted_.operators) {
      for (const std::size_t member : one.members) grouping.join(group_of(member), group_of(one.members.front()));
    }
    unit_of_group_.resize(groups_.size());
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const std::size_t leader = grouping.leader(group);
      if (leader == group) {
        unit_of_group_[group] = units_.units.size();
        SplitUnit unit;
        unit.name = graph_.operators[groups_[group].members.front()].name;
        units_.units.push_back(std::move(unit));
      } else {
        unit_of_group_[group] = unit_of_group_[leader];
      }
    }
    units_.facts.resize(units_.units.size());
    views_.assign(units_.units.size(), true);
    units_.rest.name = kNoOperator;
  }

  /// A unit has the type of its operator with most MACs, the first of equals.
  void add_operators() {
    std::vector<std::int64_t> most(units_.units.size(), -1);
    for (estimate::OperatorCount& one : counted_.operators) {
      const std::size_t at = unit_of_group_[group_of(one.members.front())];
      const bool view = std::all_of(one.members.begin(), one.members.end(),
                                    [&](std::size_t member) { return executed_[group_of(member)].view; });
      UnitFacts& facts = units_.facts[at];
      facts.ops = checked_add(facts.ops, one.ops);
      facts.bytes = checked_add(facts.bytes, checked_add(one.input_bytes, one.output_bytes));
      for (const std::size_t member : one.members) {
        facts.members += (facts.members.empty() ? "" : " ") + graph_.operators[member].name;
      }
      if (one.macs > most[at]) {
        most[at] = one.macs;
        units_.units[at].type = one.type;
      }
      units_.units[at].operators.push_back({std::move(one), view});
    }
  }

  void add_groups() {
    const std::int64_t width = bits(parse_precision(result_.precision));
    constexpr std::int64_t kBitsPerByte = 8;
    std::vector<std::int64_t> compulsory(units_.units.size(), 0);
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const std::size_t at = unit_of_group_[group];
      if (executed_[group].view) continue;
      views_[at] = false;
      const Border border = border_of(graph_, groups_[group], result_.batch);
      units_.units[at].groups.push_back({macs_of(graph_, groups_[group], result_.batch),
                                         checked_mul(kFp32Bytes, checked_add(border.fixed, border.moving))});
      std::int64_t moved = 0;
      for (std::size_t op = executed_[group].first; op < executed_[group].end; ++op) {
        moved = checked_add(moved, result_.operators[op].dram_bytes);
      }
      const std::int64_t most = ceil_div(checked_mul(border.outermost, width), kBitsPerByte);
      compulsory[at] = checked_add(compulsory[at], std::min(moved, most));
    }
    const std::vector<std::int64_t> parts = cut(result_.compulsory_bytes, compulsory);
    for (std::size_t i = 0; i < parts.size(); ++i) units_.units[i].compulsory_bytes = parts[i];
  }

  void add_simulated() {
    std::vector<std::size_t> unit_of_operator(result_.operators.size());
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      for (std::size_t op = executed_[group].first; op < executed_[group].end; ++op) {
        unit_of_operator[op] = unit_of_group_[group];
      }
    }
    for (const results::PathStep& step : result_.path) {
      SplitUnit& unit = step.op < 0 ? units_.rest : units_.units[unit_of_operator[static_cast<std::size_t>(step.op)]];
      unit.path[leaf_of(result_, step)] += step.to - step.from;
    }
    units_.rest.energy_fj = result_.energy_fj;
    for (std::size_t op = 0; op < result_.operators.size(); ++op) {
      for (const auto& [component, energy] : result_.operators[op].energy_fj) {
        units_.units[unit_of_operator[op]].energy_fj[component] += energy;
        units_.rest.energy_fj[component] -= energy;
      }
    }
  }

  void describe(std::size_t at) {
    const SplitUnit& unit = units_.units[at];
    const auto longest = std::max_element(unit.path.begin(), unit.path.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    units_.facts[at].bound = views_[at]                   ? "view"
                             : longest == unit.path.end() ? "hidden"
                                                          : estimate::path_cause(longest->first);
  }

  [[nodiscard]] std::size_t group_of(std::size_t member) const { return group_of_.at(static_cast<OperatorId>(member)); }

  const RunResult& result_;
  const Graph& graph_;
  const std::vector<FusedGroup>& groups_;
  const std::vector<Executed> executed_;
  estimate::BranesWorkload counted_;
  std::map<OperatorId, std::size_t> group_of_;
  std::vector<std::size_t> unit_of_group_;
  std::vector<bool> views_;  ///< by unit: all of its groups are views
  CheckUnits units_;
};

}  // namespace

CheckUnits check_units(const RunResult& result, const Graph& graph, const std::vector<FusedGroup>& groups) {
  return Builder(result, graph, groups).build();
}

}  // namespace cyclescope::run
