// The figure that a test of a claim asks of one row, on the side of the simulation and on that of the estimator.
#pragma once

#include <optional>

#include "sim/run/claim.h"

namespace cyclescope::run {

/// Nothing for a row without a result, unless it is refused and the metric says what that means.
std::optional<double> simulated_of(const ClaimTest& test, const ClaimRow& row);

/// `estimate`: that of the row whose variant the claim is about. Nothing where the estimator has no such figure.
std::optional<double> estimated_of(const ClaimTest& test, const ClaimRow& row,
                                   const estimate::BranesEstimate& estimate);

}  // namespace cyclescope::run
