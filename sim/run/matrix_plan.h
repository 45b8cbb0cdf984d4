// Which rows a matrix has and what each is simulated as. The analyses are those of the public estimator
// (sim/estimate/estimates.h): there is no other list of models; configs/matrix.ini gives the family of each platform to come.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/estimates.h"
#include "sim/results/matrix.h"
#include "sim/run/points.h"

namespace cyclescope::run {

/// What is asked for; an empty list is everything.
struct MatrixRequest {
  std::vector<std::string> platforms;
  std::vector<std::string> models;
  std::vector<Precision> precisions;
  std::vector<std::string> states{"steady"};
  Femtoseconds target = 0;
};

/// A row before it ran.
struct PlannedRow {
  results::MatrixRow row;          ///< identity, estimate, and the reason when it waits
  double thermal_power = 0;        ///< W, that the estimator takes for the platform's TDP
  std::optional<PointSpec> point;  ///< absent while the row waits for a machine
};

struct MatrixPlan {
  results::Matrix head;  ///< without rows
  std::vector<PlannedRow> rows;
};

/// `10 ms`, `33.3 ms`, `30 fps` (the period of that rate) as a time. Throws InputError.
Femtoseconds parse_target(const std::string& text);

/// Throws InputError naming what no analysis has: a platform, model or precision; an unknown or repeated state.
MatrixPlan plan_matrix(const MatrixRequest& request);

/// The rows with what became of their points, which are read from their files: `outcomes` are those of the planned
/// points in order. Warnings come from the results.
results::Matrix finish_matrix(const MatrixPlan& plan, const std::vector<PointOutcome>& outcomes);

}  // namespace cyclescope::run
