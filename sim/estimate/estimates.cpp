#include "sim/estimate/estimates.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "sim/base/error.h"
#include "sim/estimate/constants.h"
#include "sim/estimate/operator_lists.h"

namespace cyclescope::estimate {
namespace {

/// Ranks of values in order of first appearance.
template <class Value>
class FirstSeen {
 public:
  void add(const Value& value) { ranks_.emplace(value, ranks_.size()); }
  [[nodiscard]] std::size_t rank(const Value& value) const { return ranks_.at(value); }

 private:
  std::map<Value, std::size_t> ranks_;
};

std::int64_t moved_bytes(const BranesWorkload& workload) {
  std::int64_t bytes = 0;
  for (const OperatorCount& op : workload.operators) bytes += op.input_bytes + op.output_bytes;
  return bytes;
}

void sort_rows(std::vector<EstimatedRow>& rows) {
  FirstSeen<std::string> models;
  FirstSeen<std::string> platforms;
  FirstSeen<Precision> precisions;
  for (const EstimatedRow& row : rows) {
    models.add(row.printed.model);
    platforms.add(row.printed.platform);
    precisions.add(row.printed.precision);
  }
  const auto rank = [&](const PublishedResult& row) {
    return std::tuple(models.rank(row.model), platforms.rank(row.platform), precisions.rank(row.precision));
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const EstimatedRow& a, const EstimatedRow& b) { return rank(a.printed) < rank(b.printed); });
}

}  // namespace

EstimateTable read_estimates(const std::string& directory) {
  EstimateTable table{read_operator_lists(directory), {}};
  std::map<std::string, BranesPlatform> platforms;
  for (const PublishedResult& printed : read_published_results(directory)) {
    const bool recomputed = printed.variant == ResultVariant::recomputed_only;
    if (!recomputed && printed.variant != ResultVariant::seed) continue;
    const auto workload = table.workloads.find(printed.model);
    if (workload == table.workloads.end()) {
      throw InputError(fmt::format("{}/results.csv:{}: model '{}' has no operators; expected them in operators.csv",
                                   directory, printed.line, printed.model));
    }
    auto platform = platforms.find(printed.platform);
    if (platform == platforms.end()) {
      platform = platforms.emplace(printed.platform, load_estimator_constants(directory, printed.platform)).first;
    }
    const auto estimated = [&, &counts = workload->second, &constants = platform->second](bool pcie_streaming) {
      BranesRules rules;
      rules.pcie_streaming = pcie_streaming;
      return branes(counts, constants, printed.precision, rules);
    };
    table.rows.push_back({printed, estimated(recomputed), estimated(true), platform->second.thermal_power,
                          moved_bytes(workload->second)});
  }
  sort_rows(table.rows);
  return table;
}

}  // namespace cyclescope::estimate
