#include "sim/run/check_views.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/estimate/statistics.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;
using estimate::Split;
using estimate::SplitRow;

Json compared(std::int64_t estimated, std::int64_t simulated) {
  return {{"estimate", estimated},
          {"relative_residual", json_number(estimate::relative_residual(estimated, simulated))},
          {"log_ratio", json_number(estimate::log_ratio(estimated, simulated))}};
}

Json causes(const Split& split, const SplitRow& row) {
  Json shares = Json::object();
  for (std::size_t i = 0; i < split.causes.size(); ++i) shares[split.causes[i]] = row.shares[i];
  return shares;
}

Json row_json(const Split& split, const SplitRow& row) {
  Json json = compared(row.estimate, row.simulation);
  json["simulation"] = row.simulation;
  json["causes"] = causes(split, row);
  return json;
}

Json quantity_json(const Check& check, const CheckedQuantity& quantity) {
  const Split& split = *quantity.split;
  const SplitRow total = split.total();
  Json json{{"unit", quantity.unit}, {"simulation", total.simulation}, {"estimates", Json::object()}};
  if (quantity.published) json["estimates"]["published"] = compared(*quantity.published, total.simulation);
  json["estimates"]["recomputed"] = compared(quantity.recomputed, total.simulation);
  if (std::string(quantity.name) == "latency") {
    json["estimates"]["roofline"] = compared(check.run.roofline, total.simulation);
  }
  json["split_from"] = quantity.published ? "published" : "recomputed";
  json["causes"] = causes(split, total);
  json["operators"] = Json::array();
  for (std::size_t i = 0; i < split.rows.size(); ++i) {
    const SplitRow& row = split.rows[i];
    Json one{{"name", row.name}, {"type", row.type}};
    if (i < check.facts.size()) {
      one["members"] = check.facts[i].members;
      one["bound"] = check.facts[i].bound;
      one["ops"] = check.facts[i].ops;
      one["bytes"] = check.facts[i].bytes;
    }
    one.update(row_json(split, row));
    json["operators"].push_back(std::move(one));
  }
  return json;
}

std::string csv_number(std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; }

std::string csv_row(const CheckedQuantity& quantity, const SplitRow& row, const UnitFacts& facts,
                    const std::vector<std::string>& columns) {
  std::string text = fmt::format("{},{},{},{},{},{},{},{},{},{}", quantity.name, quantity.unit, csv_cell(row.name),
                                 csv_cell(row.type), csv_cell(facts.members), csv_cell(facts.bound), row.estimate,
                                 row.simulation, csv_number(estimate::relative_residual(row.estimate, row.simulation)),
                                 csv_number(estimate::log_ratio(row.estimate, row.simulation)));
  for (const std::string& cause : columns) {
    const auto& causes = quantity.split->causes;
    const bool has = std::find(causes.begin(), causes.end(), cause) != causes.end();
    text += has ? fmt::format(",{}", quantity.split->share(row, cause)) : ",";
  }
  return text + "\n";
}

}  // namespace

std::vector<CheckedQuantity> quantities(const Check& check) {
  const auto printed = [&](std::int64_t estimate::Totals::*field) {
    return check.printed ? std::optional((*check.printed).*field) : std::nullopt;
  };
  return {{"latency", "fs", &check.latency, printed(&estimate::Totals::latency), check.recomputed.latency},
          {"energy", "fJ", &check.energy, printed(&estimate::Totals::energy), check.recomputed.energy}};
}

Json json_number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

std::string signed_percent(std::optional<double> ratio) {
  constexpr double kPercent = 100;
  return ratio ? fmt::format("{:+.1f} %", *ratio * kPercent) : "-";
}

std::string signed_number(std::optional<double> value) { return value ? fmt::format("{:+.3f}", *value) : "-"; }

std::string check_label(const results::RunResult& run) {
  std::string text =
      fmt::format("{} on {}, {}, {}, batch {}", run.model, run.platform, run.precision, run.initial_state, run.batch);
  for (const auto& [key, value] : run.overrides) text += fmt::format(", {} = {}", key, value);
  return text;
}

Json check_json(const Check& check) {
  Json json{{"schema", "cyclescope-check-1"},
            {"version", check.run.version},
            {"platform", check.run.platform},
            {"model", check.run.model},
            {"precision", check.run.precision},
            {"precision_label", check.run.precision_label},
            {"batch", check.run.batch},
            {"initial_state", check.run.initial_state},
            {"overrides", check.run.overrides},
            {"estimator", check.estimator},
            {"constants", check.constants},
            {"roofline_bound", check.run.roofline_bound},
            {"below_roofline", check.below_roofline()}};
  for (const CheckedQuantity& quantity : quantities(check)) json[quantity.name] = quantity_json(check, quantity);
  return json;
}

std::string check_csv(const Check& check) {
  std::vector<std::string> columns;
  for (const CheckedQuantity& quantity : quantities(check)) {
    for (const std::string& cause : quantity.split->causes) {
      if (std::find(columns.begin(), columns.end(), cause) == columns.end()) columns.push_back(cause);
    }
  }
  std::string text = "quantity,unit,operator,type,members,bound,estimate,simulation,relative_residual,log_ratio";
  for (const std::string& cause : columns) text += ",cause." + csv_cell(cause);
  text += "\n";
  for (const CheckedQuantity& quantity : quantities(check)) {
    for (std::size_t i = 0; i < quantity.split->rows.size(); ++i) {
      const UnitFacts facts = i < check.facts.size() ? check.facts[i] : UnitFacts{};
      text += csv_row(quantity, quantity.split->rows[i], facts, columns);
    }
    text += csv_row(quantity, quantity.split->total(), {}, columns);
  }
  return text;
}

std::string render(const Check& check, std::size_t operators, Format format) {
  switch (format) {
    case Format::json:
      return check_json(check).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    case Format::csv:
      return check_csv(check);
    case Format::table:
      break;
  }
  return check_table(check, operators);
}

}  // namespace cyclescope::run
