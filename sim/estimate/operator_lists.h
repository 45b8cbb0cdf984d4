// The operators of the four networks as the public estimator counted them on 9 November 2025: DIRECTORY/operators.csv,
// one line per operator in execution order, and DIRECTORY/models.csv, parameters and totals per model. DIRECTORY is
// configs/estimator; its README says where the lists come from.
#pragma once

#include <map>
#include <string>

#include "sim/estimate/branes.h"

namespace cyclescope::estimate {

/// Workloads of batch 1 by model (`resnet50`). Throws InputError with file and line: as read_csv; a model without
/// totals, an index that is not the next one, an empty type, fewer operations than two per MAC, or sums that are not
/// the model's totals.
std::map<std::string, BranesWorkload> read_operator_lists(const std::string& directory);

}  // namespace cyclescope::estimate
