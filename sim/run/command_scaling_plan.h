// What `scaling` simulates: series of points, each a platform with settings.
#pragma once

#include <string>
#include <vector>

#include "sim/results/scaling_series.h"
#include "sim/run/command_scaling_views.h"
#include "sim/run/options.h"
#include "sim/run/points.h"

namespace cyclescope::run {

struct PlannedPoint {
  std::string label;      ///< place on the axis as shown
  std::int64_t size = 0;  ///< place on the axis; 0: the arrays that the result has
  PointSpec spec;
};

struct PlannedSeries {
  results::ScalingSeries head;  ///< without points
  std::vector<PlannedPoint> points;
};

struct ScalingPlan {
  ScalingHead head;
  std::vector<PlannedSeries> series;
};

/// Everything that the options ask for. Every setting is resolved once, so that what a platform does not know is found
/// before the first simulation. Throws InputError.
ScalingPlan plan_scaling(const Arguments& arguments);

/// Positive integers, rising; `...` goes on by the ratio of the two before it up to the one behind it:
/// `1,2,...,64`. Throws InputError naming `option`.
std::vector<std::int64_t> parse_sizes(const std::string& option, const std::string& list);

/// Channels that make `bandwidth` (GB/s, at most three digits behind the point) of `per_channel` bytes per second each.
/// Published rates are rounded, so 0.1 % is allowed. Throws InputError naming the possible values.
std::int64_t channels_for(const std::string& bandwidth, std::int64_t per_channel);

}  // namespace cyclescope::run
