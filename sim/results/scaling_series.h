// A series of results along one axis (tiles, bandwidth, whole chips) beside its first point, the base.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/results/scaling.h"

namespace cyclescope::results {

/// What a point keeps of its result.
struct ScalingPoint {
  std::string label;                             ///< `64`, `32 GB/s`, `kpu-t256`
  std::int64_t size = 1;                         ///< place on the axis: tiles, GB/s; for whole chips the arrays
  std::int64_t mesh_width = 0, mesh_height = 0;  ///< columns and rows of tiles
  std::int64_t work = 1;                         ///< frames of one inference: the batch
  Femtoseconds makespan = 0;                     ///< latency
  std::int64_t cycles = 0;                       ///< of the reference clock
  std::int64_t clock_hz = 0;                     ///< reference clock
  std::int64_t energy_fj = 0;                    ///< chip and its DRAM
  ArraySlotSums slots;
  std::vector<std::pair<std::string, std::int64_t>> path;  ///< critical path: leaf, cycles; largest first, then by name
  LostEfficiency lost;                                     ///< against the base

  /// Largest terms of `lost` above 0, largest first, then in order of causes.
  [[nodiscard]] std::vector<ScalingCause> largest_losses(std::size_t most) const;
};

/// A point that is no part of the series, and why.
struct LeftOut {
  std::string label;
  std::string message;
};

struct ScalingSeries {
  std::string platform;  ///< empty when the platform is the axis
  std::string state;     ///< steady | cold
  std::string memory;    ///< constant | scaled | ideal
  std::string fixed;     ///< what else is the same for all points, `32 GB/s`; may be empty
  std::vector<ScalingPoint> points;
  std::vector<LeftOut> left_out;
  std::optional<std::size_t> knee;  ///< index of a point, see knee()
  std::optional<std::size_t> last;  ///< index of a point, see pays_until()
};

/// The point of a result, not yet beside a base. Throws CheckFailed when its ledger does not close.
ScalingPoint scaling_point(const RunResult& result, const std::string& label, std::int64_t size);

/// Puts every point beside the first and finds knee and end. Throws CheckFailed when a sum does not close.
void complete(ScalingSeries& series);

/// Speed-up per unit of work: (T_1 / W_1) / (T_N / W_N).
double speed_up(const ScalingPoint& base, const ScalingPoint& point);

/// Capacity (MAC slots per second) over that of the base: the ideal speed-up. At one clock and one kind of tile the
/// ratio of the tiles.
double ideal_speed_up(const ScalingPoint& base, const ScalingPoint& point);

/// Experimentally determined serial fraction e = (1/S - 1/p) / (1 - 1/p), S the speed-up, p the ideal one; nothing
/// unless p > 1. Rising with p it points at overhead that grows, constant at work that stays serial.
/// Source: A. H. Karp, H. P. Flatt, Measuring Parallel Processor Performance, CACM 33(5), 1990.
std::optional<double> serial_fraction(const ScalingPoint& base, const ScalingPoint& point);

/// The largest point whose marginal efficiency (T_prev / T_N - 1) / (size_N / size_prev - 1), per unit of work, is at
/// least 0.5: at least half of what was added became speed. The base when none is. Nothing for fewer than two points or sizes that do not rise.
std::optional<std::size_t> knee(const std::vector<ScalingPoint>& points);

/// The first point after which no larger one improves the time per unit of work by more than 1 %. Nothing when that is
/// only the last one (it may still fall beyond), or as for knee().
std::optional<std::size_t> pays_until(const std::vector<ScalingPoint>& points);

/// Points that take more than 2 % and 1 us longer per unit of work than the point before: the law that more of a resource
/// does not slow a machine whose program is lowered anew. Empty when sizes do not rise.
std::vector<std::size_t> slower_points(const std::vector<ScalingPoint>& points);

/// Writes all series, integers and names only, as HDF5 under a temporary name, then renames. The same series give the
/// same bytes. Format: SCHEMA.md, `cyclescope-scaling-1`. Throws InputError.
void write_scaling(const std::vector<std::pair<std::string, std::string>>& attributes,
                   const std::vector<ScalingSeries>& series, const std::string& path);

}  // namespace cyclescope::results
