// Keys of the causes of a split and helpers of its two halves; split.h defines them.
#pragma once

#include <string>
#include <vector>

#include "sim/estimate/split.h"

namespace cyclescope::estimate {

constexpr const char* kUnexplained = "unexplained";

/// From the estimate to the roofline, in order.
const std::vector<std::string>& model_causes();

/// Causes of time on the critical path, in order.
const std::vector<std::string>& path_causes();

/// Those that a roofline bound by `compute` or `memory` consists of, first what it is taken off first.
const std::vector<std::string>& causes_of_bound(const std::string& bound);

/// The workloads of a unit on the way from the estimator's operators to compulsory bytes. `bytes` of groups and of what
/// is compulsory are input bytes.
struct UnitWorkloads {
  explicit UnitWorkloads(const SplitUnit& unit);

  BranesWorkload counted;     ///< as the estimator counts
  BranesWorkload macs_alone;  ///< without operations that are no MAC
  BranesWorkload moved;       ///< without views
  BranesWorkload fused;       ///< by group
  BranesWorkload compulsory;  ///< one operator; bytes at the precision used
};

/// Bytes of all operators.
std::int64_t bytes_of(const BranesWorkload& workload);

/// Fills in shares of one row; what is not given is 0.
class RowBuilder {
 public:
  RowBuilder(const Split& split, SplitRow& row);
  void add(const std::string& cause, std::int64_t share);
  /// `unexplained` becomes what the others leave.
  void close();

 private:
  const Split& split_;
  SplitRow& row_;
};

}  // namespace cyclescope::estimate
