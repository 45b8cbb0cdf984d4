// What claims are about: figures of a row, on the side of the simulation and on that of the estimator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/estimates.h"
#include "sim/results/matrix.h"

namespace cyclescope::run {

/// An analysis in one initial state.
struct ClaimRow {
  std::string platform;
  std::string model;
  std::string precision;
  bool published = false;  ///< the estimator's table has it
  estimate::BranesEstimate estimate;
  estimate::BranesEstimate committed;                        ///< of variant committed_pcie
  double thermal_power = 0;                                  ///< W, TDP that the estimator takes
  std::int64_t moved_bytes = 0;                              ///< by the estimator
  std::shared_ptr<const estimate::BranesWorkload> workload;  ///< the estimator's operators, as in `estimate`
  results::MatrixStatus status = results::MatrixStatus::waiting;
  bool in_matrix = false;                    ///< the matrix has the row, whatever became of it
  std::string reason;                        ///< why there is no result
  std::optional<results::RunResult> result;  ///< without lanes and path

  [[nodiscard]] const estimate::BranesEstimate& estimate_of(estimate::ResultVariant variant) const {
    return variant == estimate::ResultVariant::committed_pcie ? committed : estimate;
  }

  /// `kpu-t64/resnet50/int8`
  [[nodiscard]] std::string label() const { return platform + "/" + model + "/" + precision; }
};

/// Which book of a result explains a metric.
enum class ClaimLedger : std::uint8_t { path, energy, traffic, none };

struct ClaimMetric {
  const char* name;
  const char* unit;  ///< empty for a ratio or a flag
  ClaimLedger ledger;
  /// Of a row with a result; nothing when the result does not hold it.
  std::optional<double> (*simulated)(const ClaimRow& row);
  /// `estimate`: that of the row whose variant is asked for. Nothing where the estimator has no such figure.
  std::optional<double> (*estimated)(const ClaimRow& row, const estimate::BranesEstimate& estimate);
  /// Of a row that the machine refuses: a flag says no, other metrics nothing.
  std::optional<double> refused = std::nullopt;
};

/// latency (ms), energy (mJ), throughput (frames/s), power (W), power_of_tdp (average power over the estimator's TDP),
/// memory (MiB needed at once), traffic (MB of external memory), utilisation (%; the estimator: mean over operators),
/// peak (TOPS), clock (MHz), compute_energy (mJ: components array and vector), static_share (% of energy: component
/// idle), byte_energy (pJ/B of external memory: components dram and dram_phy), native (1 when the label is native;
/// the estimator refuses nothing, so 1), analysed (1 for a row with a result). The last two are 0 for a row that is refused.
const std::vector<ClaimMetric>& claim_metrics();

/// % of critical path (`traffic`: of external bytes) of operators of these types. An operator that was fused into another
/// has no time or bytes of its own; nothing when no operator of these types stands alone.
std::optional<double> simulated_share(const ClaimRow& row, bool traffic, const std::vector<std::string>& types);
std::optional<double> estimated_share(const ClaimRow& row, const estimate::BranesEstimate& estimate, bool traffic,
                                      const std::vector<std::string>& types);

/// % of the critical path in causes that begin with `prefix`. The estimator knows overhead.launch and, as
/// waiting.operand.host_link, weights over PCIe.
std::optional<double> simulated_cause(const ClaimRow& row, const std::string& prefix);
std::optional<double> estimated_cause(const estimate::BranesEstimate& estimate, const std::string& prefix);

}  // namespace cyclescope::run
