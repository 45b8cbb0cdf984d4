// Evaluated claims as text, JSON, CSV and Markdown.
#pragma once

#include <string>
#include <vector>

#include "sim/run/claim_evaluate.h"

namespace cyclescope::run {

/// What the claims were held against.
struct ClaimsReport {
  std::string version;
  bool narrowed = false;             ///< the matrix was
  std::vector<ClaimResult> results;  ///< per claim, and per state of the matrix
};

/// A line per claim, and how many have which verdict.
std::string claims_table(const ClaimsReport& report);
/// Everything about each claim.
std::string claims_details(const ClaimsReport& report);
std::string claims_json(const ClaimsReport& report);
/// A row per claim, state and test.
std::string claims_csv(const ClaimsReport& report);
std::string claims_markdown(const ClaimsReport& report);

}  // namespace cyclescope::run
