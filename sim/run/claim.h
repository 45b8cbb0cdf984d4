// A claim: a statement about the systems of the matrix, as data (configs/claims/), with tests that results can answer.
//
//   [T64-Hailo-10H]
//   statement = KPU-T64 is 1.58x faster than Hailo-10H on ResNet-50
//   source = note of 9 November 2025
//   kind = ranking
//   check = ratio(latency, hailo-10h/resnet50/int8, kpu-t64/resnet50/int8) = 1.58
//
// `not_testable = REASON` takes the place of `check` where no simulation can speak to it; `remark` is optional.
// `variant = committed_pcie` says that the statement is about the estimator with weights over PCIe, and its figures are
// those that stand beside the simulation. Without the key it is `seed`, the table without PCIe.
// A check is one or more tests joined by ` and `; a test is FUNCTION(...) OPERATOR NUMBER with one of = < <= > >=.
//
//   value(METRIC, ROW)                  the metric of one row
//   ratio(METRIC, ROW, ROW)             first over second
//   count(METRIC, ROWS, OPERATOR NUMBER) rows whose metric compares so
//   least(METRIC, ROWS)  greatest(METRIC, ROWS)
//   spread(METRIC, ROWS)                greatest over least
//   inversions(METRIC, ROWS)            pairs of rows that the simulation orders otherwise than the estimator;
//                                       strictly, as in sim/estimate/statistics.h: ties of either are none
//   share(latency|traffic, TYPE+TYPE, ROW)  % of critical path or external bytes of operators of these types
//   cause(CAUSE, ROW)                   % of the critical path in causes that begin so, e.g. waiting.operand.dram
//   cameras(ROW, FPS)                   whole streams of FPS frames/s that one machine serves, one frame after another
//
// ROWS is PLATFORM/MODEL/PRECISION, each a name, names joined by +, or a pattern with *; `published` as the platform is
// every platform of the published table. ROW must match one row. Metrics: claim_metrics.h.
//
// `=` holds when the figure, printed with as many decimals as the number has, reads the same: the tolerance of a claim is
// that of its own digits.
#pragma once

#include <string>
#include <vector>

#include "sim/estimate/published.h"
#include "sim/run/claim_metrics.h"

namespace cyclescope::run {

enum class Compare : std::uint8_t { equal, less, at_most, greater, at_least };

/// `=`, `<`, `<=`, `>`, `>=`.
const char* name(Compare compare);

/// Rows by platform, model and precision.
struct RowSelection {
  std::string text;  ///< as written
  std::string platform;
  std::string model;
  std::string precision;
  [[nodiscard]] bool matches(const ClaimRow& row) const;
};

enum class ClaimFunction : std::uint8_t {
  value,
  ratio,
  count,
  least,
  greatest,
  spread,
  inversions,
  share,
  cause,
  cameras
};

struct ClaimTest {
  std::string text;  ///< as written
  ClaimFunction function = ClaimFunction::value;
  const ClaimMetric* metric = nullptr;   ///< latency where the function names none
  std::vector<RowSelection> selections;  ///< two of ratio, else one
  std::vector<std::string> words;        ///< types of share, the cause of cause
  Compare condition = Compare::equal;    ///< of count
  estimate::PrintedNumber condition_number;
  double fps = 0;  ///< of cameras
  Compare compare = Compare::equal;
  estimate::PrintedNumber number;

  /// Of the figure: that of the metric, `%`, `x` of ratio and spread, `rows`, `pairs`, `streams`; may be empty.
  [[nodiscard]] const char* unit() const;
};

struct Claim {
  std::string id;
  std::string statement;
  std::string source;
  std::string kind;  ///< scaling, ranking, target, energy, traffic, memory, precision, overhead, rate, coverage, cost
  std::string remark;
  estimate::ResultVariant variant = estimate::ResultVariant::seed;  ///< or committed_pcie
  std::vector<ClaimTest> tests;
  std::string not_testable;  ///< the reason; then there are no tests
  std::string where;         ///< `FILE:LINE` of the check
};

/// The tests of a check. Throws InputError saying what was expected; the caller adds file and line.
std::vector<ClaimTest> parse_check(const std::string& text);

/// Claims of INI files, in order. Throws InputError with file and line: as config::read_ini; an unknown or missing key, a
/// kind or check that is wrong, an id that is there twice.
std::vector<Claim> read_claims(const std::vector<std::string>& paths);

/// The INI files of a directory, sorted. Throws InputError when there are none.
std::vector<std::string> claim_files(const std::string& directory);

}  // namespace cyclescope::run
