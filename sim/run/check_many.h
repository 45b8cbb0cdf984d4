// Many runs against their estimates: statistics over all of them (definitions: sim/estimate/statistics.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/statistics.h"
#include "sim/run/check.h"
#include "sim/run/views.h"

namespace cyclescope::run {

struct CheckedRuns {
  struct LeftOut {
    std::string file;
    std::string reason;
  };

  std::vector<Check> checks;       ///< sorted by check_label
  std::vector<std::string> files;  ///< of the checks
  std::vector<LeftOut> left_out;   ///< sorted by file
  std::vector<LeftOut> failed;     ///< rows that failed, damaged results and those that break a law; sorted by file
};

/// Reads and checks the results of a directory: those that its matrix.json or sweep.json name, without either those in
/// `directory`/points, else in `directory`. `model`: a trace file for results of the model that it holds; other models
/// are found by name. A file of another kind, and a result that has no constants of the estimator, no trace, or is a second
/// one of the same run is left out. What failed, is damaged, or breaks a law is kept apart: no figure of it enters the
/// statistics. A damaged result is one that cannot be read although a table names it, it is in points/, or it begins as a
/// result does. Throws InputError when no result is left and none failed.
CheckedRuns check_runs(const std::string& directory, const std::optional<std::string>& model, Estimator& estimator);

/// A run of a machine that no catalogue has: of `@estimator`, or with settings that --set changed.
bool is_hypothetical(const results::RunResult& run);

/// Relative residuals of runs or operators that have something in common.
struct ResidualGroup {
  bool hypothetical = false;  ///< all of them are; they never share a group with machines of the catalogue
  std::string quantity;       ///< latency | energy
  std::string by;             ///< `runs`; of operators `type`, `intensity`, `bound`
  std::string name;           ///< runs: `estimator` or `roofline`; operators: what they have in common
  estimate::Spread spread;
  std::string worst;  ///< which run, which operator
};

/// Shares of one cause over the simulated total of each run.
struct CauseGroup {
  bool hypothetical = false;  ///< as of ResidualGroup
  std::string quantity;
  std::string cause;
  std::size_t count = 0;  ///< runs
  double median = 0;
  double p5 = 0;
  double p95 = 0;
};

/// Platforms ranked for one network.
struct Ranking {
  std::string quantity;
  std::string what;  ///< `resnet50, int8, steady, batch 1`, `@estimator` if all are, and what --set changed
  std::vector<std::string> platforms;
  std::vector<std::int64_t> estimates;
  std::vector<std::int64_t> simulated;
  std::optional<double> kendall_tau_b;  ///< nothing for fewer than kFewestRanked platforms, or if all are equal
  std::optional<double> spearman;       ///< as above
  std::vector<std::pair<std::size_t, std::size_t>> inversions;  ///< pairs of platforms
  std::optional<double> regret;

  /// Two platforms are in the same order or not: a correlation of 1 or -1 would say no more.
  static constexpr std::size_t kFewestRanked = 3;
};

/// One run in short.
struct CheckedRun {
  std::string label;
  std::string file;
  bool published = false;  ///< the estimate is a published row
  bool hypothetical = false;
  estimate::Totals estimate;
  estimate::Totals simulation;
  Femtoseconds roofline = 0;
};

struct CheckStatistics {
  std::vector<ResidualGroup> groups;
  std::vector<CauseGroup> causes;  ///< with a share in any run, in the order of the split
  std::vector<Ranking> rankings;
  std::vector<std::string> below_roofline;  ///< labels
  std::vector<CheckedRun> checks;           ///< of the runs, in their order
  std::size_t operators = 0;                ///< units with time on the critical path
  std::size_t hypothetical = 0;             ///< runs of hypothetical machines among the checks
  std::vector<CheckedRuns::LeftOut> left_out;
  std::vector<CheckedRuns::LeftOut> failed;
};

/// Operators: units that are no view; those without time on a critical path (energy: without energy) have no residual.
CheckStatistics check_statistics(const CheckedRuns& runs);

std::string render(const CheckStatistics& statistics, Format format);

}  // namespace cyclescope::run
