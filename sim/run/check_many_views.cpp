#include <fmt/format.h>

#include <algorithm>

#include "sim/run/check_many.h"
#include "sim/run/check_views.h"
#include "sim/run/format.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kIndent = "  ";
constexpr double kPercent = 100;

std::string percent_of(double share) { return fmt::format("{:.0f} %", share * kPercent); }

/// Why a ranking has no rank statistics; empty when it has.
std::string message(const Ranking& ranking) {
  if (ranking.platforms.size() >= Ranking::kFewestRanked) return "";
  return fmt::format("{}; rank statistics need {}",
                     plural(static_cast<std::int64_t>(ranking.platforms.size()), "platform"), Ranking::kFewestRanked);
}

const char* machines(bool hypothetical) { return hypothetical ? "hypothetical" : "catalogue"; }

// ---- JSON -----------------------------------------------------------------------------------------------------------

Json group_json(const ResidualGroup& group) {
  const estimate::Spread& s = group.spread;
  return {{"machines", machines(group.hypothetical)},
          {"quantity", group.quantity},
          {"by", group.by},
          {"name", group.name},
          {"count", s.count},
          {"median", s.median},
          {"p5", s.p5},
          {"p95", s.p95},
          {"worst", s.worst},
          {"worst_at", group.worst},
          {"within_5", s.within_5},
          {"within_10", s.within_10},
          {"within_25", s.within_25}};
}

Json ranking_json(const Ranking& ranking) {
  Json json{{"quantity", ranking.quantity},
            {"what", ranking.what},
            {"platforms", ranking.platforms},
            {"estimates", ranking.estimates},
            {"simulated", ranking.simulated},
            {"kendall_tau_b", json_number(ranking.kendall_tau_b)},
            {"spearman", json_number(ranking.spearman)},
            {"inversions", Json::array()},
            {"regret", json_number(ranking.regret)}};
  for (const auto& [a, b] : ranking.inversions) {
    json["inversions"].push_back({ranking.platforms[a], ranking.platforms[b]});
  }
  json["message"] = message(ranking);
  return json;
}

Json check_json(const CheckedRun& check) {
  return {{"label", check.label},
          {"file", check.file},
          {"machines", machines(check.hypothetical)},
          {"estimate_is", check.published ? "published" : "recomputed"},
          {"latency_fs", {{"estimate", check.estimate.latency}, {"simulation", check.simulation.latency}}},
          {"roofline_fs", check.roofline},
          {"energy_fj", {{"estimate", check.estimate.energy}, {"simulation", check.simulation.energy}}}};
}

std::string to_json(const CheckStatistics& statistics) {
  Json json{{"schema", "cyclescope-check-many-1"}, {"version", kVersion},
            {"runs", statistics.checks.size()},    {"hypothetical", statistics.hypothetical},
            {"operators", statistics.operators},   {"below_roofline", statistics.below_roofline},
            {"residuals", Json::array()},          {"causes", Json::array()},
            {"rankings", Json::array()},           {"checks", Json::array()},
            {"left_out", Json::array()},           {"failed", Json::array()}};
  for (const ResidualGroup& group : statistics.groups) json["residuals"].push_back(group_json(group));
  for (const CauseGroup& cause : statistics.causes) {
    json["causes"].push_back(Json{{"machines", machines(cause.hypothetical)},
                                  {"quantity", cause.quantity},
                                  {"cause", cause.cause},
                                  {"count", cause.count},
                                  {"median", cause.median},
                                  {"p5", cause.p5},
                                  {"p95", cause.p95}});
  }
  for (const Ranking& ranking : statistics.rankings) json["rankings"].push_back(ranking_json(ranking));
  for (const CheckedRun& check : statistics.checks) json["checks"].push_back(check_json(check));
  for (const auto& [key, list] : {std::pair("left_out", &statistics.left_out), {"failed", &statistics.failed}}) {
    for (const CheckedRuns::LeftOut& one : *list) json[key].push_back(Json{{"file", one.file}, {"reason", one.reason}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// ---- CSV ------------------------------------------------------------------------------------------------------------

std::string to_csv(const CheckStatistics& statistics) {
  std::string text =
      "quantity,by,name,count,median,p5,p95,worst,worst_at,within_5,within_10,within_25,kendall_tau_b,spearman,"
      "inversions,regret,machines,message\n";
  for (const ResidualGroup& group : statistics.groups) {
    const estimate::Spread& s = group.spread;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},,,,,{},\n", group.quantity, group.by, csv_cell(group.name),
                        s.count, s.median, s.p5, s.p95, s.worst, csv_cell(group.worst), s.within_5, s.within_10,
                        s.within_25, machines(group.hypothetical));
  }
  for (const CauseGroup& cause : statistics.causes) {
    text += fmt::format("{},cause,{},{},{},{},{},,,,,,,,,,{},\n", cause.quantity, csv_cell(cause.cause), cause.count,
                        cause.median, cause.p5, cause.p95, machines(cause.hypothetical));
  }
  const auto number = [](std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; };
  for (const Ranking& ranking : statistics.rankings) {
    text += fmt::format("{},platforms,{},{},,,,,,,,,{},{},{},{},,{}\n", ranking.quantity, csv_cell(ranking.what),
                        ranking.platforms.size(), number(ranking.kendall_tau_b), number(ranking.spearman),
                        ranking.inversions.size(), number(ranking.regret), csv_cell(message(ranking)));
  }
  for (const auto& [by, list] : {std::pair("failed", &statistics.failed), {"left_out", &statistics.left_out}}) {
    for (const CheckedRuns::LeftOut& one : *list) {
      text += fmt::format(",{},{},,,,,,,,,,,,,,,{}\n", by, csv_cell(one.file), csv_cell(one.reason));
    }
  }
  return text;
}

// ---- table ----------------------------------------------------------------------------------------------------------

std::vector<std::string> spread_cells(const ResidualGroup& group) {
  const estimate::Spread& s = group.spread;
  return {grouped(static_cast<std::int64_t>(s.count)),
          signed_percent(s.median),
          signed_percent(s.p5),
          signed_percent(s.p95),
          signed_percent(s.worst),
          percent_of(s.within_5),
          percent_of(s.within_10),
          percent_of(s.within_25),
          group.worst};
}

std::string groups_table(const CheckStatistics& statistics, bool hypothetical, const std::string& quantity,
                         bool of_runs) {
  TextTable table(of_runs ? "<>>>>>>>><" : "<<>>>>>>>><");
  std::vector<std::string> header{"median", "P5", "P95", "worst", "in 5 %", "10 %", "25 %", "worst is"};
  header.insert(header.begin(), of_runs ? "runs" : "count");
  header.insert(header.begin(), of_runs ? "estimate" : "name");
  if (!of_runs) header.insert(header.begin(), "by");
  table.row(header);
  for (const ResidualGroup& group : statistics.groups) {
    if (group.hypothetical != hypothetical || group.quantity != quantity || (group.by == "runs") != of_runs) continue;
    std::vector<std::string> cells = spread_cells(group);
    cells.insert(cells.begin(), group.name);
    if (!of_runs) cells.insert(cells.begin(), group.by);
    table.row(std::move(cells));
  }
  return table.text(kIndent);
}

std::string causes_table(const CheckStatistics& statistics, bool hypothetical, const std::string& quantity) {
  TextTable table("<>>>");
  table.row({"cause", "median", "P5", "P95"});
  for (const CauseGroup& cause : statistics.causes) {
    if (cause.hypothetical != hypothetical || cause.quantity != quantity) continue;
    table.row({estimate::cause_title(cause.cause), signed_percent(cause.median), signed_percent(cause.p5),
               signed_percent(cause.p95)});
  }
  return table.text(kIndent);
}

std::string remark(const Ranking& ranking) {
  std::string text = message(ranking);
  for (const auto& [a, b] : ranking.inversions) {
    const bool first = ranking.estimates[a] < ranking.estimates[b];
    text += fmt::format("{}{} is estimated below {}, simulated above", text.empty() ? "" : "; ",
                        ranking.platforms[first ? a : b], ranking.platforms[first ? b : a]);
  }
  return text;
}

std::string rankings_table(const CheckStatistics& statistics, const std::string& quantity) {
  TextTable table("<>>>>><");
  table.row({"network", "platforms", "tau-b", "Spearman", "inversions", "regret", ""});
  for (const Ranking& ranking : statistics.rankings) {
    if (ranking.quantity != quantity) continue;
    table.row({ranking.what, grouped(static_cast<std::int64_t>(ranking.platforms.size())),
               signed_number(ranking.kendall_tau_b), signed_number(ranking.spearman),
               grouped(static_cast<std::int64_t>(ranking.inversions.size())), signed_percent(ranking.regret),
               remark(ranking)});
  }
  return table.text(kIndent);
}

std::string without_figures(const char* title, const std::vector<CheckedRuns::LeftOut>& list) {
  std::string text = list.empty() ? "" : fmt::format("\n{}\n", title);
  for (const CheckedRuns::LeftOut& one : list) text += fmt::format("{}{}: {}\n", kIndent, one.file, one.reason);
  return text;
}

std::string residuals_and_causes(const CheckStatistics& statistics, bool hypothetical, const std::string& quantity) {
  const char* machines = hypothetical ? ", hypothetical machines" : "";
  return fmt::format("\nResiduals of {}, runs{}\n", quantity, machines) +
         groups_table(statistics, hypothetical, quantity, true) +
         fmt::format("\nResiduals of {}, operators{}\n", quantity, machines) +
         groups_table(statistics, hypothetical, quantity, false) +
         fmt::format("\nCauses of the residual of {}, over the simulated total of each run{}\n", quantity, machines) +
         causes_table(statistics, hypothetical, quantity);
}

std::string to_table(const CheckStatistics& statistics) {
  std::string text = fmt::format(
      "{} and {} against the estimates; {} below the roofline\n"
      "residual: (estimate - simulation) / simulation; estimator: the published row where there is one, else "
      "recomputed\n",
      plural(static_cast<std::int64_t>(statistics.checks.size()), "run"),
      plural(static_cast<std::int64_t>(statistics.operators), "operator"), statistics.below_roofline.size());
  for (const std::string& label : statistics.below_roofline) text += fmt::format("{}BELOW {}\n", kIndent, label);
  if (statistics.hypothetical > 0) {
    text += fmt::format("{} of hypothetical machines (@estimator, or changed by --set), with statistics of their own\n",
                        plural(static_cast<std::int64_t>(statistics.hypothetical), "run"));
  }
  for (const char* quantity : {"latency", "energy"}) {
    if (statistics.hypothetical < statistics.checks.size()) text += residuals_and_causes(statistics, false, quantity);
    if (statistics.hypothetical > 0) text += residuals_and_causes(statistics, true, quantity);
    text += fmt::format("\nPlatforms ranked by {}\n", quantity) + rankings_table(statistics, quantity);
  }
  return text + without_figures("Failed", statistics.failed) + without_figures("Left out", statistics.left_out);
}

}  // namespace

std::string render(const CheckStatistics& statistics, Format format) {
  switch (format) {
    case Format::json:
      return to_json(statistics);
    case Format::csv:
      return to_csv(statistics);
    case Format::table:
      break;
  }
  return to_table(statistics);
}

}  // namespace cyclescope::run
