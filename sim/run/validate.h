// Simulations held against measurements on silicon (sim/run/measured.h).
//
// Every row of a platform ends in a simulated value beside the measured one, or in the reason why not. Signed residuals
// are (simulated - measured) / measured in the metric of the row; a row counts unless its network differs or a setting of
// its platform was fitted to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/statistics.h"
#include "sim/results/result.h"
#include "sim/run/measured.h"
#include "sim/run/points.h"

namespace cyclescope::run {

/// not_run: nothing that could be simulated; waiting: for a platform; refused: the machine does not execute it, or it
/// does not fit; failed: everything else that is no result.
enum class ValidationStatus : std::uint8_t { simulated, not_run, waiting, refused, failed };

/// `simulated`, `not_run`, ...
const char* name(ValidationStatus status);

struct ValidatedRow {
  Measurement measured;
  std::string network;     ///< trace; empty without one
  std::string remark;      ///< on the network
  std::int64_t batch = 0;  ///< 0: none that can be run
  ValidationStatus status = ValidationStatus::not_run;
  std::string reason;     ///< why there is no simulated value
  std::string uncounted;  ///< why a simulated row does not count; empty: it does
  // Of rows that are simulated:
  double simulated = 0;   ///< in the metric of the row
  std::string mechanism;  ///< suspected: what binds the simulation
  std::string file;       ///< of the result, below the directory

  [[nodiscard]] bool ran() const { return status == ValidationStatus::simulated; }
  [[nodiscard]] bool counts() const { return ran() && uncounted.empty(); }
  /// (simulated - measured) / measured.
  [[nodiscard]] double residual() const { return simulated / measured.value - 1; }
};

struct PlannedValidation {
  ValidatedRow row;
  std::optional<PointSpec> point;
};

struct ValidationPlan {
  std::string platform;
  std::vector<PlannedValidation> rows;
};

/// Rows of a platform; `model`, when not empty, keeps those of a network, by either name. Throws InputError as
/// read_measured, for an unknown platform or model, and with file and line for a trace that is not there or has
/// another input than the row, and for a `fitted_by` that is no setting of the platform.
ValidationPlan plan_validation(const std::string& platform, const std::string& model);

/// A metric as the result has it; nothing for a metric that is not compared. latency_ms: makespan; throughput_fps:
/// RunResult::frames_per_second; power_w: the actions of a frame at that rate, and the constant power.
std::optional<double> simulated_value(const std::string& metric, const results::RunResult& result);

/// Residuals of the rows that count.
struct ResidualDistribution {
  std::string metric;  ///< or `all`
  estimate::Spread spread;
  std::string worst;        ///< label of the row
  double worst_factor = 0;  ///< largest of simulated / measured and its inverse
};

struct Validation {
  std::string platform;
  std::vector<ValidatedRow> rows;

  [[nodiscard]] std::int64_t count(ValidationStatus status) const;
  /// By metric, then, with more than one, of all; metrics without rows are left out.
  [[nodiscard]] std::vector<ResidualDistribution> distributions() const;
};

/// `outcomes` are those of the planned points in order; results are read from their files.
Validation finish_validation(const ValidationPlan& plan, const std::vector<PointOutcome>& outcomes);

/// `resnet_v1_50 throughput_fps batch 8 (line 41)`
std::string row_label(const ValidatedRow& row);

}  // namespace cyclescope::run
