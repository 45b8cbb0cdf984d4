// A claim against the rows of one initial state: what the estimator says, what the simulation says, and the verdict.
//
// A figure over several rows is an interval while some of them have no result: a count can still grow, a least can still
// fall. So a test may be refuted, or confirmed, before all rows are there. Otherwise it waits, and the rows are named. A claim of
// several tests has a verdict once the tests that are open cannot change it: refuted and confirmed ones make it partly
// so; without both it waits for those that are open.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sim/run/claim.h"

namespace cyclescope::run {

enum class Verdict : std::uint8_t {
  confirmed,     ///< every test holds
  refuted,       ///< a test does not, none holds, and none is open
  partly,        ///< some tests hold and others do not
  waiting,       ///< for rows whose machine is not modelled yet
  absent,        ///< for rows that the matrix was narrowed by
  not_testable,  ///< no simulation can speak to it, or the machine does not run the rows
  failed         ///< a row that it needs failed
};

/// `confirmed`, `refuted`, `partly`, `waiting for a platform`, `not in this matrix`, `not
/// testable`, `failed`.
const char* name(Verdict verdict);

/// What is known of a figure.
struct ClaimFigure {
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  std::size_t known = 0;                   ///< rows that have the figure
  std::vector<const ClaimRow*> missing;    ///< rows without a result that could still change it
  std::vector<const ClaimRow*> witnesses;  ///< the row that decided it, or two whose difference did
  [[nodiscard]] bool exact() const { return low == high; }
};

struct TestResult {
  const ClaimTest* test = nullptr;
  std::optional<double> estimated;  ///< by the variant that the claim is about
  ClaimFigure simulated;
  Verdict verdict = Verdict::waiting;
};

struct ClaimResult {
  const Claim* claim = nullptr;
  std::string state;  ///< empty where the claim is not testable
  std::vector<TestResult> tests;
  Verdict verdict = Verdict::not_testable;
};

/// Pointers refer to `claim` and `rows`. Throws InputError naming file and line when a selection matches no row, or more
/// than one where one is wanted.
ClaimResult evaluate(const Claim& claim, const std::vector<ClaimRow>& rows, const std::string& state);

/// Rows that a claim misses, in order of the rows, each once.
std::vector<const ClaimRow*> missing_rows(const ClaimResult& result);

}  // namespace cyclescope::run
