#include "sim/run/claims_views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/run/claim_causes.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<Verdict, 7> kVerdicts{Verdict::confirmed, Verdict::refuted,      Verdict::partly, Verdict::waiting,
                                           Verdict::absent,    Verdict::not_testable, Verdict::failed};

/// With as many decimals as the claim has, for so it is judged.
std::string figure(double value, const ClaimTest& test) { return fmt::format("{:.{}f}", value, test.number.decimals); }

/// `2.39 ms`
std::string with_unit(const std::string& number, const ClaimTest& test) {
  return *test.unit() == '\0' ? number : fmt::format("{} {}", number, test.unit());
}

std::string estimated(const TestResult& result) {
  return result.estimated ? with_unit(figure(*result.estimated, *result.test), *result.test) : "-";
}

/// `2.39 ms`, `at least 3 rows`, `at most 4 rows`, `1 to 4 rows`, `-` when nothing is known.
std::string simulated(const TestResult& result) {
  const ClaimFigure& known = result.simulated;
  const std::string low = figure(known.low, *result.test);
  if (known.exact()) return with_unit(low, *result.test);
  if (std::isinf(known.high)) return known.low == 0 ? "-" : with_unit("at least " + low, *result.test);
  const std::string high = figure(known.high, *result.test);
  return with_unit(known.low == 0 ? "at most " + high : low + " to " + high, *result.test);
}

template <class Text>
std::string joined(const ClaimResult& result, Text&& text) {
  std::vector<std::string> parts;
  for (const TestResult& test : result.tests) parts.push_back(text(test));
  return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, " and "));
}

std::string claimed(const TestResult& test) {
  return fmt::format("{} {}", name(test.test->compare), test.test->number.text);
}

std::string state_of(const ClaimResult& result) { return result.state.empty() ? "-" : result.state; }

std::string summary(const ClaimsReport& report) {
  std::vector<std::string> parts;
  for (const Verdict verdict : kVerdicts) {
    const auto number = std::count_if(report.results.begin(), report.results.end(),
                                      [&](const ClaimResult& result) { return result.verdict == verdict; });
    if (number > 0) parts.push_back(fmt::format("{} {}", number, name(verdict)));
  }
  const std::string narrowed = report.narrowed ? " The matrix is narrowed: it does not have all rows." : "";
  return fmt::format("{} claims: {}.{}\n", report.results.size(), fmt::join(parts, ", "), narrowed);
}

Json or_null(double value) { return std::isinf(value) ? Json(nullptr) : Json(value); }

Json to_json(const TestResult& test) {
  Json missing = Json::array();
  for (const ClaimRow* row : test.simulated.missing)
    missing.push_back({{"row", row->label()}, {"reason", row->reason}});
  return {{"check", test.test->text},
          {"unit", test.test->unit()},
          {"claimed", test.test->number.value},
          {"estimated", test.estimated ? Json(*test.estimated) : Json(nullptr)},
          {"simulated", test.simulated.exact() ? Json(test.simulated.low) : Json(nullptr)},
          {"simulated_low", test.simulated.low},
          {"simulated_high", or_null(test.simulated.high)},
          {"verdict", name(test.verdict)},
          {"missing", missing}};
}

Json to_json(const ClaimResult& result) {
  const Claim& claim = *result.claim;
  Json json{{"id", claim.id},
            {"statement", claim.statement},
            {"source", claim.source},
            {"kind", claim.kind},
            {"remark", claim.remark},
            {"initial_state", result.state.empty() ? Json(nullptr) : Json(result.state)},
            {"verdict", name(result.verdict)},
            {"tests", Json::array()},
            {"causes", causes(result)}};
  for (const TestResult& test : result.tests) json["tests"].push_back(to_json(test));
  return json;
}

/// A cell of a Markdown table.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

}  // namespace

std::string claims_table(const ClaimsReport& report) {
  TextTable table("<<<>>><");
  table.row({"claim", "state", "verdict", "claimed", "estimator", "simulated", "statement"});
  for (const ClaimResult& result : report.results) {
    const Claim& claim = *result.claim;
    if (result.tests.empty()) table.row({claim.id, "-", name(result.verdict), "-", "-", "-", claim.statement});
    for (const TestResult& test : result.tests) {  // the first line of a claim has what belongs to all its tests
      const bool first = &test == &result.tests.front();
      table.row({first ? claim.id : "", first ? result.state : "", first ? name(result.verdict) : "", claimed(test),
                 estimated(test), simulated(test), first ? claim.statement : ""});
    }
  }
  return table.text("") + "\n" + summary(report) + "Causes: --claim ID, or --format markdown.\n";
}

std::string claims_details(const ClaimsReport& report) {
  std::string text;
  for (const ClaimResult& result : report.results) {
    const Claim& claim = *result.claim;
    text += fmt::format("{}{}: {}\n", text.empty() ? "" : "\n", claim.id, claim.statement);
    TextTable table("<<");
    table.row({"source", claim.source});
    if (!claim.remark.empty()) table.row({"remark", claim.remark});
    if (!result.state.empty()) table.row({"state", result.state});
    for (const TestResult& test : result.tests) {
      table.row({"check", test.test->text});
      table.row(
          {"", fmt::format("estimator {}, simulated {}: {}", estimated(test), simulated(test), name(test.verdict))});
    }
    table.row({"verdict", name(result.verdict)});
    table.row({"causes", causes(result)});
    text += table.text("  ");
  }
  return text;
}

std::string claims_json(const ClaimsReport& report) {
  Json json{{"schema", "cyclescope-claims-1"},
            {"version", report.version},
            {"narrowed", report.narrowed},
            {"claims", Json::array()}};
  for (const ClaimResult& result : report.results) json["claims"].push_back(to_json(result));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string claims_csv(const ClaimsReport& report) {
  std::string text =
      "id,kind,initial_state,verdict,check,unit,claimed,estimated,simulated_low,simulated_high,test_verdict,missing,"
      "statement,source,causes\n";
  for (const ClaimResult& result : report.results) {
    const Claim& claim = *result.claim;
    const std::string head =
        fmt::format("{},{},{},{}", csv_cell(claim.id), claim.kind, result.state, name(result.verdict));
    const std::string tail =
        fmt::format("{},{},{}\n", csv_cell(claim.statement), csv_cell(claim.source), csv_cell(causes(result)));
    if (result.tests.empty()) text += head + ",,,,,,,,," + tail;
    for (const TestResult& test : result.tests) {
      std::vector<std::string> missing;
      for (const ClaimRow* row : test.simulated.missing) missing.push_back(row->label());
      text +=
          fmt::format("{},{},{},{},{},{},{},{},{},{}", head, csv_cell(test.test->text), test.test->unit(),
                      test.test->number.text, test.estimated ? fmt::format("{}", *test.estimated) : "",
                      test.simulated.low, std::isinf(test.simulated.high) ? "" : fmt::format("{}", test.simulated.high),
                      name(test.verdict), csv_cell(fmt::format("{}", fmt::join(missing, " "))), tail);
    }
  }
  return text;
}

std::string claims_markdown(const ClaimsReport& report) {
  std::string text = fmt::format(
      "# Claims against the simulation\n\ncyclescope {}. {}\nThe estimator is the public one of November 2025. Figures "
      "have "
      "the decimals of the claim, by which it is judged.\n\n| claim | statement | state | claimed | estimator | "
      "simulated | "
      "verdict | causes |\n|---|---|---|---|---|---|---|---|\n",
      report.version, summary(report));
  for (const ClaimResult& result : report.results) {
    const Claim& claim = *result.claim;
    const std::string remark = claim.remark.empty() ? "" : fmt::format(" ({})", claim.remark);
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", claim.id, cell(claim.statement + remark),
                        state_of(result), joined(result, claimed), joined(result, estimated), joined(result, simulated),
                        name(result.verdict), cell(causes(result)));
  }
  return text;
}

}  // namespace cyclescope::run
