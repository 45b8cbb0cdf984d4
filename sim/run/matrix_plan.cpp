#include "sim/run/matrix_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/config/ini.h"
#include "sim/run/directories.h"
#include "sim/run/format.h"
#include "sim/run/output.h"
#include "sim/run/platforms.h"
#include "sim/run/registry.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using estimate::EstimatedRow;
using results::MatrixRow;
using results::MatrixStatus;

constexpr double kFemto = 1e15;
constexpr int kNotModelled = 3;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Throws InputError for a name that is none of `known`.
void check_known(const char* option, const std::vector<std::string>& asked, const std::vector<std::string>& known) {
  for (const std::string& name : asked) {
    if (contains(known, name)) continue;
    throw InputError(fmt::format("--{} '{}'{}: the matrix has no such row; expected some of {}", option, name,
                                 suggestion(name, known), fmt::join(known, ", ")));
  }
}

/// Distinct values of a field of the rows, in order.
template <class Field>
std::vector<std::string> distinct(const std::vector<EstimatedRow>& rows, Field&& field) {
  std::vector<std::string> values;
  for (const EstimatedRow& row : rows) {
    if (!contains(values, field(row))) values.push_back(field(row));
  }
  return values;
}

void check_states(const std::vector<std::string>& states) {
  std::set<std::string> seen;
  for (const std::string& state : states) {
    if (state != "steady" && state != "cold") {
      throw InputError(fmt::format("unknown initial state '{}': expected steady or cold", state));
    }
    if (!seen.insert(state).second) throw InputError(fmt::format("--state names {} twice; expected it once", state));
  }
}

/// Families that may be named: those that are modelled and those that are to come.
std::vector<std::string> known_families() {
  std::vector<std::string> known{"gpu", "hailo", "npu"};
  for (const machine::Family* family : families()) {
    if (!contains(known, family->name())) known.emplace_back(family->name());
  }
  return known;
}

/// Why platforms cannot be simulated yet.
class Waiting {
 public:
  Waiting() : there_(platform_names()) {
    const std::vector<std::string> known = known_families();
    for (const config::IniLine& line : config::read_ini(matrix_file())) {
      constexpr const char* kSection = "family.";
      if (line.key.rfind(kSection, 0) != 0) {
        throw InputError(
            fmt::format("{}:{}: {}: expected `PLATFORM = FAMILY` in section [family]", line.file, line.line, line.key));
      }
      if (!contains(known, line.value)) {
        throw InputError(fmt::format("{}:{}: {} = {}: unknown family{}; expected one of {}", line.file, line.line,
                                     line.key, line.value, suggestion(line.value, known), fmt::join(known, ", ")));
      }
      families_[line.key.substr(std::string(kSection).size())] = line.value;
    }
  }

  /// Empty for a platform that is there.
  [[nodiscard]] std::string reason(const std::string& platform) const {
    const bool there = contains(there_, platform);
    const auto listed = families_.find(platform);
    std::string family = listed == families_.end() ? "" : listed->second;
    if (there) family = find_platform(platform).family;
    if (!family.empty() && find_family(family) == nullptr) {
      return fmt::format("waiting for a platform: family {} is not modelled yet", family);
    }
    return there ? "" : fmt::format("waiting for a platform: {} is not modelled yet", platform);
  }

 private:
  std::vector<std::string> there_;
  std::map<std::string, std::string> families_;
};

results::MatrixEstimate estimate_of(const EstimatedRow& row) {
  results::MatrixEstimate estimate;
  estimate.source = row.published() ? "published" : "recomputed";
  estimate.latency = std::llround(row.estimate.latency() * kFemto);
  estimate.energy_fj = std::llround(row.estimate.energy.total() * kFemto);
  estimate.peak_memory_bytes = row.estimate.peak_memory_bytes;
  if (!row.published()) return estimate;
  const auto text = [](const auto& number) { return number ? number->text : std::string(); };
  estimate.published_latency_ms = text(row.printed.latency_ms);
  estimate.published_energy_mj = text(row.printed.energy_mj);
  estimate.published_throughput_fps = text(row.printed.throughput_fps);
  return estimate;
}

PlannedRow planned(const EstimatedRow& row, const std::string& state, const std::string& reason) {
  PlannedRow planned;
  planned.row.model = row.printed.model;
  planned.row.platform = row.printed.platform;
  planned.row.precision = name(row.printed.precision);
  planned.row.initial_state = state;
  planned.row.reason = reason;
  planned.row.estimate = estimate_of(row);
  planned.thermal_power = row.thermal_power;
  if (!reason.empty()) return planned;
  PointSpec point{row.printed.platform, row.printed.model, {}, {}, ""};
  point.options.precision = row.printed.precision;
  point.options.initial_state = state;
  point.label = fmt::format("{} {} {} {}", row.printed.platform, row.printed.model, planned.row.precision, state);
  planned.point = std::move(point);
  return planned;
}

/// What the result of a row gives reason to warn of.
std::vector<std::string> warnings_of(const results::RunResult& result, const PlannedRow& planned) {
  std::vector<std::string> warnings;
  if (result.precision_label != "native") {
    warnings.push_back(fmt::format("{} is {}, not native", result.precision, result.precision_label));
  }
  const double power =
      result.makespan == 0 ? 0 : static_cast<double>(result.total_energy_fj()) / static_cast<double>(result.makespan);
  if (power > planned.thermal_power) {
    warnings.push_back(fmt::format("average power {} above the TDP of {}", engineering(power, "W"),
                                   engineering(planned.thermal_power, "W")));
  }
  if (planned.row.estimate.latency < result.roofline) {
    warnings.push_back(fmt::format("the estimate of {} is below the machine's lower bound of {}",
                                   duration(planned.row.estimate.latency), duration(result.roofline)));
  }
  return warnings;
}

void take_outcome(const PointOutcome& outcome, const PlannedRow& planned, Femtoseconds target, MatrixRow& row) {
  if (outcome.exit_code != 0) {
    row.status = outcome.exit_code == kNotModelled ? MatrixStatus::refused : MatrixStatus::failed;
    row.reason = one_line(outcome.message);
    return;
  }
  const results::RunResult result = results::read(outcome.file);
  take_result(result, target, row);
  row.file = "points/" + std::filesystem::path(outcome.file).filename().string();
  if (row.simulated()) row.warnings = warnings_of(result, planned);
}

}  // namespace

Femtoseconds parse_target(const std::string& text) {
  const std::string trimmed = config::trim(text);
  double number = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto parsed = std::from_chars(trimmed.data(), end, number);
  const std::string unit = config::trim(std::string(parsed.ptr, end));
  const double time = unit == "fps" ? kFemto / number
                                    : number * (unit == "s"    ? kFemto
                                                : unit == "ms" ? kFemto / 1e3
                                                               : 0);
  if (parsed.ec != std::errc() || !(time >= 1) || time > kFemto * 1e3) {
    throw InputError(
        fmt::format("target '{}': expected a time up to 1000 s or a rate, e.g. '10 ms' or '30 fps'", text));
  }
  return std::llround(time);
}

MatrixPlan plan_matrix(const MatrixRequest& request) {
  const estimate::EstimateTable estimates = estimate::read_estimates(estimator_directory());
  check_states(request.states);
  std::vector<std::string> precisions;
  for (const Precision precision : request.precisions) precisions.emplace_back(name(precision));
  check_known("platforms", request.platforms,
              distinct(estimates.rows, [](const EstimatedRow& row) { return row.printed.platform; }));
  check_known("models", request.models,
              distinct(estimates.rows, [](const EstimatedRow& row) { return row.printed.model; }));
  check_known("precisions", precisions, distinct(estimates.rows, [](const EstimatedRow& row) {
                return std::string(name(row.printed.precision));
              }));
  const auto asked = [](const std::vector<std::string>& list, const std::string& value) {
    return list.empty() || contains(list, value);
  };
  MatrixPlan plan;
  plan.head.version = kVersion;
  plan.head.target = request.target;
  plan.head.states = request.states;
  plan.head.analyses = static_cast<std::int64_t>(estimates.rows.size());
  const Waiting waiting;
  for (const std::string& state : request.states) {
    for (const EstimatedRow& row : estimates.rows) {
      if (!asked(request.platforms, row.printed.platform) || !asked(request.models, row.printed.model) ||
          !asked(precisions, name(row.printed.precision))) {
        continue;
      }
      plan.rows.push_back(planned(row, state, waiting.reason(row.printed.platform)));
    }
  }
  plan.head.narrowed = plan.rows.size() != estimates.rows.size() * request.states.size();
  return plan;
}

results::Matrix finish_matrix(const MatrixPlan& plan, const std::vector<PointOutcome>& outcomes) {
  results::Matrix matrix = plan.head;
  std::size_t next = 0;
  for (const PlannedRow& planned : plan.rows) {
    matrix.rows.push_back(planned.row);
    if (planned.point) take_outcome(outcomes.at(next++), planned, plan.head.target, matrix.rows.back());
  }
  return matrix;
}

}  // namespace cyclescope::run
