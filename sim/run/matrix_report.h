// A matrix as a Markdown report: what became of the rows, the rows that wait, per model the ranking of what was
// simulated beside the estimate, and what changed against the published table.
#pragma once

#include <string>

#include "sim/results/matrix.h"

namespace cyclescope::run {

std::string matrix_report(const results::Matrix& matrix);

}  // namespace cyclescope::run
