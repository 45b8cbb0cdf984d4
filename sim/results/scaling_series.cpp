#include "sim/results/scaling_series.h"

#include <algorithm>

#include "sim/base/checked.h"

namespace cyclescope::results {
namespace {

/// Sizes rise, so that "one more" means something.
bool rises(const std::vector<ScalingPoint>& points) {
  const auto not_more = [](const ScalingPoint& a, const ScalingPoint& b) { return a.size >= b.size; };
  return points.size() > 1 && std::adjacent_find(points.begin(), points.end(), not_more) == points.end();
}

/// True when b's time per unit of work is below a's by more than 1 %: 100 T_b / W_b < 99 T_a / W_a.
bool improves(const ScalingPoint& a, const ScalingPoint& b) {
  return Int128{100} * b.makespan * a.work < Int128{99} * a.makespan * b.work;
}

/// (T_a W_b) / (T_b W_a) - 1 >= (size_b / size_a - 1) / 2.
bool marginal_half(const ScalingPoint& a, const ScalingPoint& b) {
  const Int128 time_a = Int128{a.makespan} * b.work;
  const Int128 time_b = Int128{b.makespan} * a.work;
  return 2 * (time_a - time_b) * a.size >= time_b * (b.size - a.size);
}

double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

std::vector<ScalingCause> ScalingPoint::largest_losses(std::size_t most) const {
  std::vector<ScalingCause> causes;
  for (std::size_t cause = 0; cause < kScalingCauses; ++cause) {
    if (lost.terms[cause] > 0) causes.push_back(static_cast<ScalingCause>(cause));
  }
  const auto term = [this](ScalingCause cause) { return lost.terms[static_cast<std::size_t>(cause)]; };
  std::stable_sort(causes.begin(), causes.end(), [&](auto a, auto b) { return term(a) > term(b); });
  causes.resize(std::min(causes.size(), most));
  return causes;
}

ScalingPoint scaling_point(const RunResult& result, const std::string& label, std::int64_t size) {
  ScalingPoint point;
  point.label = label;
  point.size = size;
  point.work = result.batch;
  point.makespan = result.makespan;
  point.cycles = result.cycles;
  point.clock_hz = result.clock_hz;
  point.energy_fj = result.total_energy_fj();
  point.slots = array_slots(result);
  point.path.assign(result.critical_path.begin(), result.critical_path.end());
  std::stable_sort(point.path.begin(), point.path.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return point;
}

void complete(ScalingSeries& series) {
  for (ScalingPoint& point : series.points) {
    const ScalingPoint& base = series.points.front();
    point.lost = lost_efficiency(base.slots, base.work, point.slots, point.work);
  }
  series.knee = knee(series.points);
  series.last = pays_until(series.points);
}

double speed_up(const ScalingPoint& base, const ScalingPoint& point) {
  return real(base.makespan) * real(point.work) / (real(point.makespan) * real(base.work));
}

double ideal_speed_up(const ScalingPoint& base, const ScalingPoint& point) {
  const auto capacity = [](const ScalingPoint& of) { return real(of.slots.slots_per_cycle) * real(of.clock_hz); };
  return capacity(point) / capacity(base);
}

std::optional<double> serial_fraction(const ScalingPoint& base, const ScalingPoint& point) {
  const double ideal = ideal_speed_up(base, point);
  if (ideal <= 1) return std::nullopt;
  return (1 / speed_up(base, point) - 1 / ideal) / (1 - 1 / ideal);
}

std::optional<std::size_t> knee(const std::vector<ScalingPoint>& points) {
  if (!rises(points)) return std::nullopt;
  for (std::size_t i = points.size() - 1; i > 0; --i) {
    if (marginal_half(points[i - 1], points[i])) return i;
  }
  return 0;
}

std::optional<std::size_t> pays_until(const std::vector<ScalingPoint>& points) {
  if (!rises(points)) return std::nullopt;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const auto later = points.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::none_of(later, points.end(), [&](const ScalingPoint& point) { return improves(points[i], point); })) {
      return i;
    }
  }
  return std::nullopt;
}

std::vector<std::size_t> slower_points(const std::vector<ScalingPoint>& points) {
  constexpr Femtoseconds kMicrosecond = 1'000'000'000;
  std::vector<std::size_t> slower;
  if (!rises(points)) return slower;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Int128 before = Int128{points[i - 1].makespan} * points[i].work;
    const Int128 excess = Int128{points[i].makespan} * points[i - 1].work - before;
    const Int128 shift = Int128{kMicrosecond} * points[i].work * points[i - 1].work;
    if (50 * excess > before && excess > shift) slower.push_back(i);
  }
  return slower;
}

}  // namespace cyclescope::results
