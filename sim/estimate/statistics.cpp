#include "sim/estimate/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/error.h"

namespace cyclescope::estimate {
namespace {

/// -1, 0 or 1.
int order(double a, double b) { return (a > b ? 1 : 0) - (a < b ? 1 : 0); }

double share_within(const std::vector<double>& residuals, double bound) {
  const auto inside = std::count_if(residuals.begin(), residuals.end(),
                                    [bound](double residual) { return std::abs(residual) <= bound; });
  return static_cast<double>(inside) / static_cast<double>(residuals.size());
}

void expect_equal_length(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size()) throw InternalError("a rank statistic of lists of different length");
}

}  // namespace

std::optional<double> relative_residual(std::int64_t estimate, std::int64_t simulation) {
  if (simulation == 0) return std::nullopt;
  return (static_cast<double>(estimate) - static_cast<double>(simulation)) / static_cast<double>(simulation);
}

std::optional<double> log_ratio(std::int64_t estimate, std::int64_t simulation) {
  if (estimate <= 0 || simulation <= 0) return std::nullopt;
  return std::log(static_cast<double>(estimate) / static_cast<double>(simulation));
}

double median(std::vector<double> values) {
  if (values.empty()) throw InternalError("median of no values");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, int percent) {
  constexpr int kAll = 100;
  if (values.empty() || percent < 1 || percent > kAll) throw InternalError("percentile of no values, or not 1 to 100");
  std::sort(values.begin(), values.end());
  const std::size_t rank = (values.size() * static_cast<std::size_t>(percent) + kAll - 1) / kAll;
  return values[rank - 1];
}

Spread spread(const std::vector<double>& residuals) {
  Spread result;
  if (residuals.empty()) return result;
  constexpr int kLow = 5;
  constexpr int kHigh = 95;
  const auto worst = std::max_element(residuals.begin(), residuals.end(),
                                      [](double a, double b) { return std::abs(a) < std::abs(b); });
  result.count = residuals.size();
  result.median = median(residuals);
  std::vector<double> magnitudes;
  for (const double residual : residuals) magnitudes.push_back(std::abs(residual));
  result.median_absolute = median(magnitudes);
  result.p5 = percentile(residuals, kLow);
  result.p95 = percentile(residuals, kHigh);
  result.worst = *worst;
  result.worst_at = static_cast<std::size_t>(worst - residuals.begin());
  result.within_5 = share_within(residuals, 0.05);
  result.within_10 = share_within(residuals, 0.10);
  result.within_25 = share_within(residuals, 0.25);
  result.within_50 = share_within(residuals, 0.50);
  return result;
}

std::optional<double> kendall_tau_b(const std::vector<double>& x, const std::vector<double>& y) {
  expect_equal_length(x, y);
  std::int64_t difference = 0;  // C - D
  std::int64_t untied_x = 0;
  std::int64_t untied_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      const int in_x = order(x[i], x[j]);
      const int in_y = order(y[i], y[j]);
      difference += in_x * in_y;
      untied_x += in_x * in_x;
      untied_y += in_y * in_y;
    }
  }
  if (untied_x == 0 || untied_y == 0) return std::nullopt;
  return static_cast<double>(difference) / std::sqrt(static_cast<double>(untied_x) * static_cast<double>(untied_y));
}

std::vector<double> mean_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> places(values.size());
  std::iota(places.begin(), places.end(), 0);
  std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t from = 0; from < places.size();) {
    std::size_t to = from + 1;
    while (to < places.size() && values[places[to]] == values[places[from]]) ++to;
    for (std::size_t i = from; i < to; ++i) ranks[places[i]] = static_cast<double>(from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

std::optional<double> spearman(const std::vector<double>& x, const std::vector<double>& y) {
  expect_equal_length(x, y);
  const std::vector<double> rank_x = mean_ranks(x);
  const std::vector<double> rank_y = mean_ranks(y);
  const double mean = (static_cast<double>(x.size()) + 1) / 2;  // of either ranks
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (rank_x[i] - mean) * (rank_y[i] - mean);
    xx += (rank_x[i] - mean) * (rank_x[i] - mean);
    yy += (rank_y[i] - mean) * (rank_y[i] - mean);
  }
  if (xx == 0 || yy == 0) return std::nullopt;
  return xy / std::sqrt(xx * yy);
}

std::vector<std::pair<std::size_t, std::size_t>> inversions(const std::vector<double>& x,
                                                            const std::vector<double>& y) {
  expect_equal_length(x, y);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      if (order(x[i], x[j]) * order(y[i], y[j]) < 0) pairs.emplace_back(i, j);
    }
  }
  return pairs;
}

std::optional<double> regret(const std::vector<double>& x, const std::vector<double>& y) {
  expect_equal_length(x, y);
  if (x.empty()) return std::nullopt;
  const double smallest_x = *std::min_element(x.begin(), x.end());
  const double smallest_y = *std::min_element(y.begin(), y.end());
  if (smallest_y == 0) return std::nullopt;
  double chosen = smallest_y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == smallest_x) chosen = std::max(chosen, y[i]);
  }
  return chosen / smallest_y - 1;
}

}  // namespace cyclescope::estimate
