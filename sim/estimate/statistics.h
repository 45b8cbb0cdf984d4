// Statistics of an estimate against a simulation. Pure functions; every definition is here.
//
//   relative residual   (estimate - simulation) / simulation; positive: the estimate is too high
//   log ratio           ln(estimate / simulation)
//   median              middle value; of an even number the mean of the two in the middle
//   percentile q        nearest rank: the value of rank ceil(q n / 100), ranks from 1
//   Kendall tau-b       (C - D) / sqrt((P - Tx)(P - Ty)), over all P = n (n - 1) / 2 pairs: C in the same order, D in
//                       opposite order, Tx and Ty tied in x and in y (Kendall, Biometrika 33(3), 1945)
//   Spearman            Pearson correlation of ranks; values that are equal have the mean of their ranks
//   inversion           a pair that x and y put in strictly opposite order
//   regret              y of the choice that x calls smallest, over the smallest y, less 1; of several choices with the
//                       same smallest x the one with the largest y
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cyclescope::estimate {

/// Nothing when the simulation is 0.
std::optional<double> relative_residual(std::int64_t estimate, std::int64_t simulation);

/// Nothing unless both are above 0.
std::optional<double> log_ratio(std::int64_t estimate, std::int64_t simulation);

/// Throws InternalError for no values.
double median(std::vector<double> values);

/// `percent` from 1 to 100. Throws InternalError for no values or another percentage.
double percentile(std::vector<double> values, int percent);

/// Relative residuals of many runs or operators. Without any, all is 0.
struct Spread {
  std::size_t count = 0;
  double median = 0;
  double median_absolute = 0;  ///< of magnitudes
  double p5 = 0;
  double p95 = 0;
  double worst = 0;          ///< of the largest magnitude, with its sign; the first of equals
  std::size_t worst_at = 0;  ///< its place in the values
  double within_5 = 0;       ///< shares, 0 to 1, of values with a magnitude of at most 0.05
  double within_10 = 0;
  double within_25 = 0;
  double within_50 = 0;
};
Spread spread(const std::vector<double>& residuals);

/// Nothing for fewer than two values, or when all x or all y are equal. x and y have the same length.
std::optional<double> kendall_tau_b(const std::vector<double>& x, const std::vector<double>& y);

/// As above.
std::optional<double> spearman(const std::vector<double>& x, const std::vector<double>& y);

/// Ranks from 1, mean ranks for equals.
std::vector<double> mean_ranks(const std::vector<double>& values);

/// Pairs (i, j), i < j, of places.
std::vector<std::pair<std::size_t, std::size_t>> inversions(const std::vector<double>& x, const std::vector<double>& y);

/// Nothing for no values or a smallest y of 0.
std::optional<double> regret(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace cyclescope::estimate
