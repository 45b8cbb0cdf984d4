// The rows that claims are held against: every analysis of the estimator, with what a matrix has of it.
#pragma once

#include <string>
#include <vector>

#include "sim/results/matrix.h"
#include "sim/run/claim_metrics.h"

namespace cyclescope::run {

/// All analyses with their estimates, in the order of the matrix, none with a result: "not in this matrix".
std::vector<ClaimRow> estimated_rows();

/// The matrix that DIR/matrix.json describes. Throws InputError that says what is there instead.
results::Matrix load_matrix(const std::string& directory);

/// `rows` with what the matrix has of a state; results are read from their files one at a time and kept without lanes and
/// path. A row whose file is missing, damaged or of another analysis becomes a failed one that says so.
std::vector<ClaimRow> with_results(std::vector<ClaimRow> rows, const results::Matrix& matrix,
                                   const std::string& directory, const std::string& state);

}  // namespace cyclescope::run
