#include "sim/run/validate_views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/run/format.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPercent = 100;
constexpr double kFar = 0.25;  ///< residuals beyond this are listed with the notes of their rows

std::string signed_percent(double share) { return fmt::format("{:+.1f} %", share * kPercent); }
std::string whole_percent(double share) { return fmt::format("{:.0f} %", share * kPercent); }

/// All that is known of a row, in the order of the columns.
Json row_json(const ValidatedRow& row) {
  const Measurement& m = row.measured;
  const auto ran = [&](auto value) { return row.ran() ? Json(value) : Json(nullptr); };
  return {{"line", m.line},
          {"measured_platform", m.platform},
          {"board", m.board},
          {"model", m.model},
          {"network", row.network},
          {"input_shape", m.input_shape},
          {"precision", m.precision},
          {"batch", m.batch},
          {"metric", m.metric},
          {"measured", m.value},
          {"status", name(row.status)},
          {"simulated", ran(row.simulated)},
          {"residual", ran(row.ran() ? row.residual() : 0)},
          {"counted", row.counts()},
          {"uncounted_because", row.uncounted},
          {"reason", row.reason},
          {"mechanism", row.mechanism},
          {"remark", row.remark},
          {"file", row.file},
          {"conditions", m.conditions},
          {"source", m.source},
          {"date", m.date},
          {"notes", m.notes}};
}

Json distribution_json(const ResidualDistribution& d) {
  const estimate::Spread& s = d.spread;
  return {{"metric", d.metric},
          {"count", s.count},
          {"median_absolute", s.median_absolute},
          {"median", s.median},
          {"p5", s.p5},
          {"p95", s.p95},
          {"worst", s.worst},
          {"worst_at", d.worst},
          {"worst_factor", d.worst_factor},
          {"within_10", s.within_10},
          {"within_25", s.within_25},
          {"within_50", s.within_50}};
}

std::string rows_table(const Validation& validation) {
  TextTable table("><<<>>>><<");
  table.row({"line", "model", "network", "metric", "batch", "measured", "simulated", "residual", "counts",
             "mechanism suspected"});
  for (const ValidatedRow& row : validation.rows) {
    if (!row.ran()) continue;
    const Measurement& m = row.measured;
    table.row({std::to_string(m.line), m.model, row.network, m.metric, m.batch, m.text, plain(row.simulated),
               signed_percent(row.residual()), row.counts() ? "yes" : "no", row.mechanism});
  }
  return validation.count(ValidationStatus::simulated) == 0 ? "" : table.text("") + "\n";
}

std::string distribution_table(const Validation& validation) {
  const std::vector<ResidualDistribution> found = validation.distributions();
  if (found.empty()) return "";
  TextTable table("<>>>>>>>>><");
  table.row({"metric", "rows", "median |r|", "P5", "P95", "worst", "factor", "in 10 %", "25 %", "50 %", "worst is"});
  for (const ResidualDistribution& d : found) {
    const estimate::Spread& s = d.spread;
    table.row({d.metric, std::to_string(s.count), fmt::format("{:.1f} %", s.median_absolute * kPercent),
               signed_percent(s.p5), signed_percent(s.p95), signed_percent(s.worst),
               fmt::format("{:.2f}x", d.worst_factor), whole_percent(s.within_10), whole_percent(s.within_25),
               whole_percent(s.within_50), d.worst});
  }
  return "Residuals of the rows that count, (simulated - measured) / measured\n" + table.text("  ") + "\n";
}

/// Notes of the measurements that the simulation is far from: mechanisms that others suspect.
std::string far_rows(const Validation& validation) {
  std::string text;
  for (const ValidatedRow& row : validation.rows) {
    if (!row.ran() || std::abs(row.residual()) <= kFar) continue;
    text += fmt::format("  {}: {}\n", row_label(row), row.measured.notes.empty() ? "-" : row.measured.notes);
  }
  return text.empty() ? "" : "Beyond 25 %: what the measurement says\n" + text + "\n";
}

/// A reason and the rows that have it.
struct Group {
  std::string reason;
  std::vector<const ValidatedRow*> rows;
};

/// Rows by the reason that `reason_of` gives; rows without one are left out.
template <class ReasonOf>
std::string reasons(const Validation& validation, const std::string& title, ReasonOf&& reason_of) {
  std::vector<Group> groups;
  for (const ValidatedRow& row : validation.rows) {
    const std::string reason = reason_of(row);
    if (reason.empty()) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.reason == reason; });
    if (group == groups.end()) group = groups.insert(groups.end(), {reason, {}});
    group->rows.push_back(&row);
  }
  std::string text;
  for (const Group& group : groups) {
    std::vector<std::string> models;
    for (const ValidatedRow* row : group.rows) {
      const std::string& model = row->measured.model;
      if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
    }
    text += fmt::format("  {}: {} ({})\n", group.reason, plural(static_cast<std::int64_t>(group.rows.size()), "row"),
                        fmt::join(models, ", "));
  }
  return text.empty() ? "" : title + "\n" + text + "\n";
}

std::string to_table(const Validation& validation) {
  const auto counted = std::count_if(validation.rows.begin(), validation.rows.end(),
                                     [](const ValidatedRow& row) { return row.counts(); });
  const std::string not_counted =
      reasons(validation, "Simulated, not counted", [](const auto& row) { return row.ran() ? row.uncounted : ""; });
  const std::string not_run = reasons(validation, "Not run", [](const auto& row) {
    return row.ran() ? "" : fmt::format("{}{}", row.status == ValidationStatus::failed ? "failed: " : "", row.reason);
  });
  return rows_table(validation) + distribution_table(validation) + far_rows(validation) + not_counted + not_run +
         fmt::format(
             "{} measured on {}: {} simulated, {} of them counted; {} not run, {} waiting for a platform, "
             "{} refused, {} failed.\n",
             plural(static_cast<std::int64_t>(validation.rows.size()), "row"), validation.platform,
             validation.count(ValidationStatus::simulated), counted, validation.count(ValidationStatus::not_run),
             validation.count(ValidationStatus::waiting), validation.count(ValidationStatus::refused),
             validation.count(ValidationStatus::failed));
}

std::string to_csv(const Json& cell) {
  if (cell.is_string()) return csv_cell(cell.get<std::string>());
  if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
  return cell.is_null() ? "" : cell.dump();
}

}  // namespace

std::string validation_json(const Validation& validation) {
  Json json{{"schema", "cyclescope-validate-1"},
            {"version", kVersion},
            {"platform", validation.platform},
            {"distributions", Json::array()},
            {"rows", Json::array()}};
  for (const ResidualDistribution& d : validation.distributions()) {
    json["distributions"].push_back(distribution_json(d));
  }
  for (const ValidatedRow& row : validation.rows) json["rows"].push_back(row_json(row));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string validation_csv(const Validation& validation) {
  std::vector<std::string> header;
  const Json columns = row_json({});
  for (const auto& [key, value] : columns.items()) header.push_back(key);
  std::string text = fmt::format("{}\n", fmt::join(header, ","));
  for (const ValidatedRow& row : validation.rows) {
    std::vector<std::string> cells;
    const Json fields = row_json(row);
    for (const auto& cell : fields) cells.push_back(to_csv(cell));
    text += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return text;
}

std::string render(const Validation& validation, Format format) {
  switch (format) {
    case Format::json:
      return validation_json(validation);
    case Format::csv:
      return validation_csv(validation);
    case Format::table:
      break;
  }
  return to_table(validation);
}

std::string validation_failures(const Validation& validation) {
  const std::int64_t failed = validation.count(ValidationStatus::failed);
  if (failed == 0) return "";
  const auto first = std::find_if(validation.rows.begin(), validation.rows.end(),
                                  [](const auto& row) { return row.status == ValidationStatus::failed; });
  return fmt::format("{} of {} rows failed, first '{}': {}", failed, validation.rows.size(), row_label(*first),
                     first->reason);
}

}  // namespace cyclescope::run
