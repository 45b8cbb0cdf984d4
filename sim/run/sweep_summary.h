// The table of a finished sweep: a row per point with what it took, or why there is no result.
#pragma once

#include <string>
#include <vector>

#include "sim/run/points.h"
#include "sim/run/sweep_spec.h"
#include "sim/run/views.h"

namespace cyclescope::run {

/// The outcomes of expand(spec), with the results read from their files once.
class SweepSummary {
 public:
  /// Throws InputError when a result cannot be read.
  SweepSummary(const SweepSpec& spec, const std::vector<PointSpec>& points, const std::vector<PointOutcome>& outcomes);

  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] std::string to_csv() const;
  /// As json and csv, or for people.
  [[nodiscard]] std::string render(Format format) const;
  /// Points that failed otherwise than by not being modelled: the first by name and how many; empty when there are none.
  [[nodiscard]] std::string failures() const;

 private:
  struct Row {
    std::string platform;
    std::string model;
    machine::RunOptions options;
    std::vector<std::string> values;  ///< of the axes
    std::string label;
    PointOutcome outcome;
    std::string precision_label;
    std::int64_t cycles = 0;
    std::int64_t latency = 0;  ///< femtoseconds
    std::int64_t energy = 0;   ///< femtojoules
  };

  [[nodiscard]] std::string to_table() const;

  std::vector<std::string> keys_;  ///< of the axes
  std::vector<Row> rows_;
};

}  // namespace cyclescope::run
