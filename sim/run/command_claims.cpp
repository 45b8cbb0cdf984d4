#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/run/claim_causes.h"
#include "sim/run/claim_rows.h"
#include "sim/run/claims_views.h"
#include "sim/run/commands.h"
#include "sim/run/directories.h"
#include "sim/run/options.h"
#include "sim/run/output.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

using View = std::string (*)(const ClaimsReport&);

Usage usage() {
  return {
      "claims", "",
      "Holds published statements against the results of a matrix: what the estimator says, what the simulation\n"
      "says, the verdict, and the causes out of the ledgers. A refuted claim is no failure; exits 4 when a row that\n"
      "a claim needs has failed. The statements are configs/claims/*.ini; sim/run/claim.h says how to write one.",
      "cyclescope matrix --out all\n"
      "cyclescope claims --from all\n"
      "cyclescope claims --from all --claim K1\n"
      "cyclescope claims --from all --claims mine.ini --format markdown"};
}

po::options_description declared() {
  po::options_description options;
  options.add_options()("from", po::value<std::string>()->value_name("DIR"), "directory of a matrix");
  options.add_options()("claim", po::value<std::vector<std::string>>()->composing()->value_name("ID"),
                        "only this claim, with everything about it; may be repeated");
  options.add_options()("claims", po::value<std::vector<std::string>>()->composing()->value_name("FILE"),
                        "claims of this file instead of configs/claims; may be repeated");
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table, json, csv or markdown");
  return options;
}

View view_of(const Arguments& arguments) {
  const std::string& format = arguments.text("format");
  if (format == "table") return arguments.has("claim") ? claims_details : claims_table;
  if (format == "json") return claims_json;
  if (format == "csv") return claims_csv;
  if (format == "markdown") return claims_markdown;
  throw InputError(fmt::format("unknown format '{}': expected table, json, csv or markdown", format));
}

std::vector<Claim> claims_of(const Arguments& arguments) {
  std::vector<Claim> all =
      read_claims(arguments.has("claims") ? arguments.list("claims") : claim_files(claims_directory()));
  if (!arguments.has("claim")) return all;
  std::vector<Claim> wanted;
  for (const std::string& id : arguments.list("claim")) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Claim& claim) { return claim.id == id; });
    if (found == all.end()) {
      std::vector<std::string> ids;
      for (const Claim& claim : all) ids.push_back(claim.id);
      throw InputError(
          fmt::format("--claim '{}'{}: expected one of {}", id, suggestion(id, ids), fmt::join(ids, ", ")));
    }
    wanted.push_back(*found);
  }
  return wanted;
}

/// Results of all claims in all states, by claim; one that is not testable appears once.
std::vector<ClaimResult> evaluate_all(const std::vector<Claim>& claims, const std::vector<std::string>& states,
                                      const std::vector<std::vector<ClaimRow>>& rows) {
  std::vector<ClaimResult> results;
  for (const Claim& claim : claims) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (i == 0 || !claim.tests.empty()) results.push_back(evaluate(claim, rows[i], states[i]));
    }
  }
  return results;
}

}  // namespace

void claims_command(const std::vector<std::string>& args) {
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  const View view = view_of(*arguments);
  if (!arguments->has("from")) throw InputError("claims: --from is missing: expected the directory of a matrix");
  const std::vector<Claim> claims = claims_of(*arguments);
  const results::Matrix matrix = load_matrix(arguments->text("from"));
  const std::vector<ClaimRow> estimated = estimated_rows();
  std::vector<std::vector<ClaimRow>> rows;  // by state
  for (const std::string& state : matrix.states) {
    rows.push_back(with_results(estimated, matrix, arguments->text("from"), state));
  }
  const ClaimsReport report{matrix.version, matrix.narrowed, evaluate_all(claims, matrix.states, rows)};
  print(view(report));
  for (const ClaimResult& result : report.results) {
    if (result.verdict != Verdict::failed) continue;
    throw CheckFailed(one_line(fmt::format("claim {} could not be evaluated: {}", result.claim->id, causes(result))));
  }
}

}  // namespace cyclescope::run
