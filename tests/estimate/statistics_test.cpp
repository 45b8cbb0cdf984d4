// Statistics by hand and against naive recomputation from the definitions.
#include "sim/estimate/statistics.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sim/base/error.h"

namespace cyclescope::estimate {
namespace {

using Values = std::vector<double>;

/// Small integers, so that there are many ties.
Values random_values(std::mt19937_64& random, std::size_t count, std::uint64_t distinct) {
  Values values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<double>(random() % distinct));
  return values;
}

/// Rank of each value by counting those below and those equal.
Values naive_ranks(const Values& values) {
  Values ranks;
  for (const double value : values) {
    const auto below = std::count_if(values.begin(), values.end(), [value](double v) { return v < value; });
    const auto equal = std::count(values.begin(), values.end(), value);
    ranks.push_back(static_cast<double>(below) + static_cast<double>(equal + 1) / 2);
  }
  return ranks;
}

/// Pearson by its textbook sums, in long double.
double naive_pearson(const Values& x, const Values& y) {
  long double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    n += 1;
    sx += x[i];
    sy += y[i];
    sxx += static_cast<long double>(x[i]) * x[i];
    syy += static_cast<long double>(y[i]) * y[i];
    sxy += static_cast<long double>(x[i]) * y[i];
  }
  return static_cast<double>((n * sxy - sx * sy) / std::sqrt((n * sxx - sx * sx) * (n * syy - sy * sy)));
}

/// Ties counted from groups of equal values instead of pairs.
double tied_pairs(Values values) {
  std::sort(values.begin(), values.end());
  double pairs = 0;
  for (std::size_t from = 0; from < values.size();) {
    std::size_t to = from;
    while (to < values.size() && values[to] == values[from]) ++to;
    pairs += static_cast<double>((to - from) * (to - from - 1)) / 2;
    from = to;
  }
  return pairs;
}

/// By counting concordant and discordant pairs over ordered pairs, each found twice.
double naive_tau_b(const Values& x, const Values& y) {
  double concordant = 0, discordant = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      if ((x[i] < x[j] && y[i] < y[j])) concordant += 1;
      if ((x[i] < x[j] && y[i] > y[j])) discordant += 1;
    }
  }
  const double all = static_cast<double>(x.size() * (x.size() - 1)) / 2;
  return (concordant - discordant) / std::sqrt((all - tied_pairs(x)) * (all - tied_pairs(y)));
}

bool constant(const Values& values) { return tied_pairs(values) * 2 == values.size() * (values.size() - 1.0); }

}  // namespace

TEST_CASE("residuals by hand") {
  CHECK(relative_residual(150, 100) == 0.5);
  CHECK(relative_residual(50, 100) == -0.5);
  CHECK_FALSE(relative_residual(1, 0));
  CHECK(*log_ratio(200, 100) == Approx(0.6931471805599453));
  CHECK(*log_ratio(100, 200) == Approx(-0.6931471805599453));
  CHECK_FALSE(log_ratio(0, 100));
  CHECK_FALSE(log_ratio(100, 0));
}

TEST_CASE("median and percentiles by hand") {
  CHECK(median({3}) == 3);
  CHECK(median({4, 1}) == 2.5);
  CHECK(median({9, 1, 2}) == 2);
  CHECK(median({9, 1, 2, 4}) == 3);
  // 1 to 20: rank ceil(0.05 * 20) = 1, ceil(0.95 * 20) = 19; with 21 values ceil(1.05) = 2, ceil(19.95) = 20.
  Values values;
  for (int i = 20; i >= 1; --i) values.push_back(i);
  CHECK(percentile(values, 5) == 1);
  CHECK(percentile(values, 95) == 19);
  CHECK(percentile(values, 100) == 20);
  values.push_back(21);
  CHECK(percentile(values, 5) == 2);
  CHECK(percentile(values, 95) == 20);
  CHECK_THROWS_AS(median({}), InternalError);
  CHECK_THROWS_AS(percentile({}, 5), InternalError);
  CHECK_THROWS_AS(percentile({1}, 0), InternalError);
}

TEST_CASE("a spread by hand: the bounds belong to it, the worst keeps its sign") {
  const Spread s = spread({0.05, -0.10, 0.25, -3.0, 0.0, 2.0});
  CHECK(s.count == 6);
  CHECK(s.median == Approx(0.025));           // of 0.0 and 0.05
  CHECK(s.median_absolute == Approx(0.175));  // of 0.10 and 0.25
  CHECK(s.p5 == -3.0);
  CHECK(s.p95 == 2.0);
  CHECK(s.worst == -3.0);
  CHECK(s.worst_at == 3);
  CHECK(s.within_5 == Approx(2.0 / 6));
  CHECK(s.within_10 == Approx(3.0 / 6));
  CHECK(s.within_25 == Approx(4.0 / 6));
  CHECK(s.within_50 == Approx(4.0 / 6));
  CHECK(spread({0.5, -0.51}).within_50 == Approx(0.5));
  CHECK(spread({}).count == 0);
}

TEST_CASE("rank statistics by hand") {
  // 1 2 3 4 against 1 3 2 4: one pair of six is inverted: (5 - 1) / 6. Spearman 1 - 6 * 2 / (4 * 15) = 0.8.
  CHECK(*kendall_tau_b({1, 2, 3, 4}, {1, 3, 2, 4}) == Approx(4.0 / 6));
  CHECK(*spearman({1, 2, 3, 4}, {1, 3, 2, 4}) == Approx(0.8));
  // A tie in x: pairs (1,2) tied in x, (1,3) and (2,3) concordant: 2 / sqrt(2 * 3).
  CHECK(*kendall_tau_b({1, 1, 2}, {1, 2, 3}) == Approx(2 / std::sqrt(6.0)));
  CHECK(mean_ranks({5, 1, 5, 7}) == Values{2.5, 1, 2.5, 4});
  CHECK(*kendall_tau_b({1, 2, 3}, {9, 8, 7}) == -1);
  CHECK(*spearman({1, 2, 3}, {9, 8, 7}) == Approx(-1));
  CHECK_FALSE(kendall_tau_b({1}, {1}));
  CHECK_FALSE(kendall_tau_b({1, 1}, {1, 2}));
  CHECK_FALSE(spearman({}, {}));
  CHECK_FALSE(spearman({1, 2}, {3, 3}));
  CHECK_THROWS_AS(kendall_tau_b({1, 2}, {1}), InternalError);
}

TEST_CASE("inversions and regret by hand") {
  const Values estimate{1, 2, 2, 4};
  const Values simulated{30, 10, 40, 20};
  // 0-1 inverted, 0-2 not, 0-3 inverted, 1-2 tied, 1-3 not, 2-3 inverted.
  CHECK(inversions(estimate, simulated) == std::vector<std::pair<std::size_t, std::size_t>>{{0, 1}, {0, 3}, {2, 3}});
  CHECK(*regret(estimate, simulated) == Approx(30.0 / 10 - 1));
  CHECK(*regret({5, 5, 6}, {10, 20, 8}) == Approx(20.0 / 8 - 1));  // the worse of the two that look equal
  CHECK(*regret({1, 2}, {3, 4}) == 0);
  CHECK_FALSE(regret({}, {}));
  CHECK_FALSE(regret({1}, {0}));
}

TEST_CASE("rank statistics equal a naive recomputation on random data with ties") {
  std::mt19937_64 random(20251109);
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    const std::size_t count = 2 + random() % 30;
    const Values x = random_values(random, count, 1 + random() % 12);
    const Values y = random_values(random, count, 1 + random() % 12);
    INFO(round);
    CHECK(mean_ranks(x) == naive_ranks(x));
    const bool undefined = constant(x) || constant(y);
    REQUIRE(kendall_tau_b(x, y).has_value() == !undefined);
    REQUIRE(spearman(x, y).has_value() == !undefined);
    if (undefined) continue;
    ++compared;
    CHECK(*kendall_tau_b(x, y) == Approx(naive_tau_b(x, y)).margin(1e-12));
    CHECK(*spearman(x, y) == Approx(naive_pearson(naive_ranks(x), naive_ranks(y))).margin(1e-9));
  }
  CHECK(compared > 300);
}

TEST_CASE("percentiles equal a naive recomputation: the smallest value with enough values at or below it") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const Values values = random_values(random, 1 + random() % 50, 1 + random() % 40);
    for (const int percent : {1, 5, 50, 95, 100}) {
      Values candidates = values;
      std::sort(candidates.begin(), candidates.end());
      double expected = candidates.back();
      for (const double value : candidates) {
        const auto at_most = std::count_if(values.begin(), values.end(), [value](double v) { return v <= value; });
        if (static_cast<std::size_t>(at_most) * 100 >= values.size() * static_cast<std::size_t>(percent)) {
          expected = value;
          break;
        }
      }
      CHECK(percentile(values, percent) == expected);
    }
  }
}

}  // namespace cyclescope::estimate
