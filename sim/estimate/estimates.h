// The analyses that the public estimator made, and what it says of each: every row of DIRECTORY/results.csv that is an
// analysis (published: variant `seed`; never published: `recomputed_only`), with the estimate worked out again by
// branes.h, which gives the printed digits and the ones behind them. DIRECTORY is configs/estimator.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/estimate/branes.h"
#include "sim/estimate/published.h"

namespace cyclescope::estimate {

/// One analysis.
struct EstimatedRow {
  PublishedResult printed;       ///< figures as printed; published only when its variant is `seed`
  BranesEstimate estimate;       ///< with PCIe streaming where the row has it (Coral)
  BranesEstimate committed;      ///< with PCIe streaming: variant `committed_pcie`, other than `estimate` for Hailo-8
  double thermal_power = 0;      ///< W, TDP of the platform's default profile
  std::int64_t moved_bytes = 0;  ///< input and output bytes of all operators

  [[nodiscard]] bool published() const { return printed.variant == ResultVariant::seed; }
};

struct EstimateTable {
  std::map<std::string, BranesWorkload> workloads;  ///< by model
  std::vector<EstimatedRow> rows;  ///< by model, platform, precision, each in the order in which the file first has it
};

/// Throws InputError with file and line: as the readers of the data do, and for a row whose model has no operators.
EstimateTable read_estimates(const std::string& directory);

}  // namespace cyclescope::estimate
