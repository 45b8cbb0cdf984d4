// Views of scaling series. They derive ratios when printing and nothing else; JSON carries the integers behind them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/results/scaling_series.h"
#include "sim/run/coverage.h"
#include "sim/run/views.h"

namespace cyclescope::run {

/// What all series have in common.
struct ScalingHead {
  std::string axis;  ///< tiles | bandwidth | platform
  std::string model;
  std::string precision;
  bool weak = false;
  std::vector<std::string> sets;  ///< of --set
};

struct ScalingReport {
  ScalingHead head;
  std::vector<results::ScalingSeries> series;
};

/// A published claim about two chips, to be held against what is simulated.
struct ScalingClaim {
  const char* from;
  const char* to;
  double times;  ///< speed-up
};

/// Claims of the public estimator of November 2025. Its latencies follow the bandwidths that it assumes,
/// 64 : 256 : 512 GB/s; it called them perfect and excellent scaling with tiles.
const std::vector<ScalingClaim>& scaling_claims();

/// Marginal efficiency of point i beside the one before, per unit of work: (T_prev / T) / (size / size_prev). Nothing for
/// the first point and for whole chips, which differ in more than size.
std::optional<double> marginal_efficiency(const results::ScalingSeries& series, std::size_t i);

/// `steady state, constant memory`
std::string describe(const results::ScalingSeries& series);

/// Points and those left out, and what all have in common.
Coverage scaling_coverage(const ScalingReport& report);
/// Of what scaling_json wrote. `path` is named in errors. Throws InputError.
Coverage scaling_coverage(const std::string& json, const std::string& path);

std::string scaling_table(const ScalingReport& report);
/// Schema cyclescope-scaling-1; numbers without unit suffix are integers, in quarter-MACs.
std::string scaling_json(const ScalingReport& report);
/// One row per point; `loss.CAUSE` are terms of 1 - efficiency against the base, `slots.CAUSE` a point's own slots.
std::string scaling_csv(const ScalingReport& report);
std::string render(const ScalingReport& report, Format format);

}  // namespace cyclescope::run
