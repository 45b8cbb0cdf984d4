#include "sim/run/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/run/breakdown.h"
#include "sim/run/format.h"
#include "sim/run/output.h"

namespace cyclescope::run {
namespace {

constexpr double kFemto = 1e15;
constexpr int kNotModelled = 3;

/// The largest of the shares: `waiting.operand.noc 85.1 %`.
std::string largest(const std::vector<Share>& shares, std::int64_t total) {
  return shares.empty()
             ? "not recorded"
             : fmt::format("{} {}", shares.front().name, percent(tenths_of_percent(shares.front().cycles, total)));
}

/// What binds the simulation: too slow a simulation has too much of it, too fast a one lacks something beside it.
std::string mechanism(const results::RunResult& result, bool slower) {
  return fmt::format("{} {}, {}", slower ? "too much" : "too little beside", largest(by_cause(result), result.cycles),
                     largest(by_lane(result), result.cycles));
}

/// Watts while frames follow each other as fast as they can: the actions of a frame at the rate of frames, and the
/// constant power.
double streaming_power(const results::RunResult& result) {
  const auto idle = result.energy_fj.find("idle");
  const double constant = idle == result.energy_fj.end() ? 0 : static_cast<double>(idle->second);
  const double actions = static_cast<double>(result.total_energy_fj()) - constant;
  return constant / static_cast<double>(result.makespan) +
         actions / static_cast<double>(result.batch) / kFemto * result.frames_per_second();
}

void take_outcome(const PointOutcome& outcome, ValidatedRow& row) {
  row.reason = one_line(outcome.message);
  if (outcome.exit_code != 0) {
    row.status = outcome.exit_code == kNotModelled ? ValidationStatus::refused : ValidationStatus::failed;
    return;
  }
  const results::RunResult result = results::read(outcome.file);
  row.status = ValidationStatus::simulated;
  row.reason.clear();
  row.simulated = simulated_value(row.measured.metric, result).value_or(0);
  const bool slower = (row.measured.metric == "throughput_fps") == (row.residual() < 0);
  row.mechanism = mechanism(result, slower);
  row.file = "points/" + std::filesystem::path(outcome.file).filename().string();
}

ResidualDistribution distribution(const std::string& metric, const std::vector<const ValidatedRow*>& rows) {
  std::vector<double> residuals;
  ResidualDistribution found;
  found.metric = metric;
  for (const ValidatedRow* row : rows) {
    residuals.push_back(row->residual());
    const double ratio = row->simulated / row->measured.value;
    found.worst_factor = std::max({found.worst_factor, ratio, 1 / ratio});
  }
  found.spread = estimate::spread(residuals);
  found.worst = row_label(*rows[found.spread.worst_at]);
  return found;
}

}  // namespace

const char* name(ValidationStatus status) {
  switch (status) {
    case ValidationStatus::simulated:
      return "simulated";
    case ValidationStatus::not_run:
      return "not_run";
    case ValidationStatus::waiting:
      return "waiting";
    case ValidationStatus::refused:
      return "refused";
    case ValidationStatus::failed:
      break;
  }
  return "failed";
}

std::optional<double> simulated_value(const std::string& metric, const results::RunResult& result) {
  const auto makespan = static_cast<double>(result.makespan);
  if (metric == "latency_ms") return makespan / (kFemto / 1e3);
  if (metric == "throughput_fps") return result.frames_per_second();
  if (metric == "power_w") return streaming_power(result);
  return std::nullopt;
}

std::string row_label(const ValidatedRow& row) {
  return fmt::format("{} {} batch {} (line {})", row.measured.model, row.measured.metric, row.measured.batch,
                     row.measured.line);
}

std::int64_t Validation::count(ValidationStatus status) const {
  return std::count_if(rows.begin(), rows.end(), [&](const ValidatedRow& row) { return row.status == status; });
}

std::vector<ResidualDistribution> Validation::distributions() const {
  std::vector<std::string> metrics;
  std::vector<const ValidatedRow*> all;
  for (const ValidatedRow& row : rows) {
    if (!row.counts()) continue;
    all.push_back(&row);
    const std::string& metric = row.measured.metric;
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) metrics.push_back(metric);
  }
  std::vector<ResidualDistribution> found;
  for (const std::string& metric : metrics) {
    std::vector<const ValidatedRow*> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [&](const ValidatedRow* row) { return row->measured.metric == metric; });
    found.push_back(distribution(metric, some));
  }
  if (metrics.size() > 1) found.push_back(distribution("all", all));
  return found;
}

Validation finish_validation(const ValidationPlan& plan, const std::vector<PointOutcome>& outcomes) {
  Validation validation{plan.platform, {}};
  std::size_t next = 0;
  for (const PlannedValidation& planned : plan.rows) {
    validation.rows.push_back(planned.row);
    if (planned.point) take_outcome(outcomes.at(next++), validation.rows.back());
  }
  return validation;
}

}  // namespace cyclescope::run
