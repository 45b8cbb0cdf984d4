#include "sim/run/claim_figure.h"

#include <cmath>

namespace cyclescope::run {
namespace {

constexpr double kMilli = 1e-3;

bool of_traffic(const ClaimTest& test) { return std::string(test.metric->name) == "traffic"; }

/// Whole streams that one machine serves in this latency (ms).
std::optional<double> cameras(std::optional<double> latency, double fps) {
  if (!latency || *latency <= 0) return std::nullopt;
  return std::floor(1 / (*latency * kMilli * fps));
}

}  // namespace

std::optional<double> simulated_of(const ClaimTest& test, const ClaimRow& row) {
  if (!row.result) return row.status == results::MatrixStatus::refused ? test.metric->refused : std::nullopt;
  switch (test.function) {
    case ClaimFunction::share:
      return simulated_share(row, of_traffic(test), test.words);
    case ClaimFunction::cause:
      return simulated_cause(row, test.words.front());
    case ClaimFunction::cameras:
      return cameras(test.metric->simulated(row), test.fps);
    default:
      return test.metric->simulated(row);
  }
}

std::optional<double> estimated_of(const ClaimTest& test, const ClaimRow& row,
                                   const estimate::BranesEstimate& estimate) {
  switch (test.function) {
    case ClaimFunction::share:
      return estimated_share(row, estimate, of_traffic(test), test.words);
    case ClaimFunction::cause:
      return estimated_cause(estimate, test.words.front());
    case ClaimFunction::cameras:
      return cameras(test.metric->estimated(row, estimate), test.fps);
    default:
      return test.metric->estimated(row, estimate);
  }
}

}  // namespace cyclescope::run
