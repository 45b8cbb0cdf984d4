#include "sim/run/breakdown.h"

#include <algorithm>
#include <map>

#include "sim/base/checked.h"

namespace cyclescope::run {
namespace {

/// Cycles of the path per index that `key` gives a step.
template <class Key>
std::map<std::int32_t, std::int64_t> path_cycles(const results::RunResult& result, Key key) {
  std::map<std::int32_t, std::int64_t> cycles;
  for (const results::PathStep& step : result.path) {
    cycles[key(step)] += ceil_div(step.to, result.clock_period) - ceil_div(step.from, result.clock_period);
  }
  return cycles;
}

template <class Row>
void largest_first(std::vector<Row>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.cycles > b.cycles; });
}

}  // namespace

std::vector<Share> by_cause(const results::RunResult& result) {
  std::vector<Share> shares;
  for (const auto& [cause, cycles] : result.critical_path) shares.push_back({cause, cycles});
  largest_first(shares);
  return shares;
}

std::vector<Share> by_lane(const results::RunResult& result) {
  std::vector<Share> shares;
  for (const auto& [lane, cycles] : path_cycles(result, [](const results::PathStep& step) { return step.lane; })) {
    shares.push_back({result.lanes[static_cast<std::size_t>(lane)].name, cycles});
  }
  largest_first(shares);
  return shares;
}

std::vector<OperatorShare> by_operator(const results::RunResult& result) {
  std::vector<OperatorShare> shares;
  for (const auto& [op, cycles] : path_cycles(result, [](const results::PathStep& step) { return step.op; })) {
    shares.push_back({op, cycles});
  }
  largest_first(shares);
  return shares;
}

std::string operator_name(const results::RunResult& result, std::int32_t op) {
  return op < 0 ? "(no operator)" : result.operators[static_cast<std::size_t>(op)].name;
}

}  // namespace cyclescope::run
