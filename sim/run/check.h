// A run against the estimates: what `check` prints of one run and gathers of many.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/published.h"
#include "sim/estimate/split.h"
#include "sim/results/result.h"
#include "sim/run/check_units.h"
#include "workloads/graph.h"

namespace cyclescope::run {

/// A run with its estimates. Times in femtoseconds, energies in femtojoules.
struct Check {
  results::RunResult run;                   ///< without path, lanes and settings
  std::string estimator;                    ///< whose constants: `kpu-t64`
  std::vector<std::string> constants;       ///< those that were overridden, as given
  std::optional<estimate::Totals> printed;  ///< published row; none for a machine that --set or @ changed
  estimate::Totals recomputed;              ///< for the operators of the trace
  estimate::Split latency;
  estimate::Split energy;
  std::vector<UnitFacts> facts;  ///< of the rows of the splits but the last

  /// Never the case: a simulation faster than its lower bound.
  [[nodiscard]] bool below_roofline() const { return run.makespan < run.roofline; }
};

/// The estimator's data, each file read once.
class Estimator {
 public:
  /// `overrides` are `KEY=VALUE UNIT` of constants, with or without `estimator.` before KEY. With any of them no
  /// published row counts.
  explicit Estimator(std::vector<std::string> overrides);

  /// Throws InputError: constants that do not exist for the platform of the result or a bad override; the operators of
  /// the result are not those of the trace.
  Check check(const results::RunResult& result, const workloads::Graph& graph);

 private:
  [[nodiscard]] std::optional<estimate::PublishedTotals> published(const results::RunResult& result,
                                                                   const estimate::BranesPlatform& constants);
  const estimate::BranesPlatform& constants(const std::string& platform);

  std::vector<std::string> overrides_;
  std::map<std::string, std::string> typed_;  ///< overrides as the user typed them
  std::map<std::string, estimate::BranesPlatform> constants_;
  std::map<std::string, estimate::BranesWorkload> lists_;
  std::vector<estimate::PublishedResult> rows_;
};

}  // namespace cyclescope::run
