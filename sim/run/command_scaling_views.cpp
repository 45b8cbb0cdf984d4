#include "sim/run/command_scaling_views.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/run/format.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;
using results::CauseSlots;
using results::ScalingCause;
using results::ScalingPoint;
using results::ScalingSeries;

constexpr const char* kSchema = "cyclescope-scaling-1";
constexpr double kFemto = 1e15;

double real(std::int64_t value) { return static_cast<double>(value); }

Json causes(const CauseSlots& slots) {
  Json json = Json::object();
  for (std::size_t cause = 0; cause < slots.size(); ++cause) {
    json[results::key(static_cast<ScalingCause>(cause))] = slots[cause];
  }
  return json;
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const ScalingSeries& series, std::size_t i) {
  const ScalingPoint& base = series.points.front();
  const ScalingPoint& point = series.points[i];
  Json json;
  json["label"] = point.label;
  json["size"] = point.size;
  json["mesh_width"] = point.mesh_width;
  json["mesh_height"] = point.mesh_height;
  json["work"] = point.work;
  json["latency_s"] = real(point.makespan) / kFemto;
  json["energy_j"] = real(point.energy_fj) / kFemto;
  json["speed_up"] = results::speed_up(base, point);
  json["ideal_speed_up"] = results::ideal_speed_up(base, point);
  json["efficiency"] = point.lost.efficiency();
  json["marginal_efficiency"] = or_null(marginal_efficiency(series, i));
  json["serial_fraction"] = or_null(results::serial_fraction(base, point));
  json["makespan_fs"] = point.makespan;
  json["cycles"] = point.cycles;
  json["clock_hz"] = point.clock_hz;
  json["energy_fj"] = point.energy_fj;
  json["arrays"] = point.slots.arrays;
  json["slots_per_cycle"] = point.slots.slots_per_cycle;
  json["slots"] = point.slots.all;
  json["useful_slots"] = point.slots.useful;
  json["lost_slots"] = causes(point.slots.lost);
  json["efficiency_denominator"] = point.lost.denominator;
  json["efficiency_lost"] = point.lost.lost;
  json["efficiency_terms"] = causes(point.lost.terms);
  json["critical_path"] = Json::object();
  for (const auto& [cause, cycles] : point.path) json["critical_path"][cause] = cycles;
  return json;
}

Json to_json(const ScalingSeries& series) {
  Json json;
  json["platform"] = series.platform;
  json["state"] = series.state;
  json["memory"] = series.memory;
  json["fixed"] = series.fixed;
  const auto label = [&](const std::optional<std::size_t>& index) {
    return index ? Json(series.points[*index].label) : Json(nullptr);
  };
  json["knee"] = label(series.knee);
  json["pays_until"] = label(series.last);
  json["slower_than_before"] = Json::array();
  for (const std::size_t i : results::slower_points(series.points)) {
    json["slower_than_before"].push_back(series.points[i].label);
  }
  json["points"] = Json::array();
  for (std::size_t i = 0; i < series.points.size(); ++i) json["points"].push_back(to_json(series, i));
  json["left_out"] = Json::array();
  for (const results::LeftOut& left : series.left_out) {
    json["left_out"].push_back({{"label", left.label}, {"message", left.message}});
  }
  return json;
}

/// Names and values of one row.
std::vector<std::pair<std::string, std::string>> cells(const ScalingHead& head, const ScalingSeries& series,
                                                       std::size_t i) {
  const ScalingPoint& base = series.points.front();
  const ScalingPoint& point = series.points[i];
  const auto number = [](double value) { return fmt::format("{}", value); };
  const auto optional = [&](const std::optional<double>& value) { return value ? number(*value) : std::string(); };
  std::vector<std::pair<std::string, std::string>> row{
      {"model", csv_cell(head.model)},
      {"precision", head.precision},
      {"axis", head.axis},
      {"platform", csv_cell(series.platform)},
      {"state", series.state},
      {"memory", series.memory},
      {"fixed", series.fixed},
      {"label", csv_cell(point.label)},
      {"size", std::to_string(point.size)},
      {"mesh_width", std::to_string(point.mesh_width)},
      {"mesh_height", std::to_string(point.mesh_height)},
      {"work", std::to_string(point.work)},
      {"latency_s", number(real(point.makespan) / kFemto)},
      {"cycles", std::to_string(point.cycles)},
      {"clock_hz", std::to_string(point.clock_hz)},
      {"energy_j", number(real(point.energy_fj) / kFemto)},
      {"speed_up", number(results::speed_up(base, point))},
      {"ideal_speed_up", number(results::ideal_speed_up(base, point))},
      {"efficiency", number(point.lost.efficiency())},
      {"marginal_efficiency", optional(marginal_efficiency(series, i))},
      {"serial_fraction", optional(results::serial_fraction(base, point))},
      {"knee", series.knee == i ? "1" : "0"},
      {"pays_until", series.last == i ? "1" : "0"},
      {"arrays", std::to_string(point.slots.arrays)},
      {"slots", std::to_string(point.slots.all)},
      {"slots.useful", std::to_string(point.slots.useful)}};
  for (std::size_t cause = 0; cause < results::kScalingCauses; ++cause) {
    if (static_cast<ScalingCause>(cause) == ScalingCause::elsewhere) continue;  // only between two points
    row.emplace_back(fmt::format("slots.{}", results::key(static_cast<ScalingCause>(cause))),
                     std::to_string(point.slots.lost[cause]));
  }
  for (std::size_t cause = 0; cause < results::kScalingCauses; ++cause) {
    row.emplace_back(fmt::format("loss.{}", results::key(static_cast<ScalingCause>(cause))),
                     number(real(point.lost.terms[cause]) / real(point.lost.denominator)));
  }
  return row;
}

}  // namespace

std::optional<double> marginal_efficiency(const ScalingSeries& series, std::size_t i) {
  if (i == 0 || series.platform.empty()) return std::nullopt;
  const ScalingPoint& before = series.points[i - 1];
  const ScalingPoint& point = series.points[i];
  const double slow = real(before.makespan) * real(point.work);
  const double fast = real(point.makespan) * real(before.work);
  return (slow - fast) / fast * real(before.size) / (real(point.size) - real(before.size));
}

std::string describe(const ScalingSeries& series) {
  return fmt::format("{}{}{} state, {} memory", series.fixed, series.fixed.empty() ? "" : ", ", series.state,
                     series.memory);
}

std::string scaling_json(const ScalingReport& report) {
  Json json;
  json["schema"] = kSchema;
  json["version"] = kVersion;
  json["model"] = report.head.model;
  json["precision"] = report.head.precision;
  json["axis"] = report.head.axis;
  json["weak"] = report.head.weak;
  json["sets"] = report.head.sets;
  json["series"] = Json::array();
  for (const ScalingSeries& series : report.series) json["series"].push_back(to_json(series));
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Coverage scaling_coverage(const ScalingReport& report) {
  Coverage covered{{{"model", report.head.model},
                    {"precision", report.head.precision},
                    {"axis", report.head.axis},
                    {"--weak", report.head.weak ? "on" : "off"},
                    {"--set", fmt::format("[{}]", fmt::join(report.head.sets, ", "))}},
                   {}};
  for (const ScalingSeries& series : report.series) {
    const auto add = [&](const std::string& label) {
      covered.rows.push_back(fmt::format("{} {}, {}", series.platform, label, describe(series)));
    };
    for (const ScalingPoint& point : series.points) add(point.label);
    for (const results::LeftOut& left : series.left_out) add(left.label);
  }
  return covered;
}

Coverage scaling_coverage(const std::string& json, const std::string& path) {
  try {
    const Json table = Json::parse(json);
    if (table.at("schema") != kSchema) {
      throw InputError(fmt::format("{}: schema is {}; expected \"{}\"", path, table.at("schema").dump(), kSchema));
    }
    ScalingReport report;
    report.head = {table.at("axis"), table.at("model"), table.at("precision"), table.at("weak"),
                   table.at("sets").get<std::vector<std::string>>()};
    for (const Json& one : table.at("series")) {
      ScalingSeries series;
      series.platform = one.at("platform");
      series.state = one.at("state");
      series.memory = one.at("memory");
      series.fixed = one.at("fixed");
      for (const char* list : {"points", "left_out"}) {
        for (const Json& point : one.at(list)) series.left_out.push_back({point.at("label"), ""});
      }
      report.series.push_back(std::move(series));
    }
    return scaling_coverage(report);
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{}: {}; expected what cyclescope scaling writes", path, error.what()));
  }
}

std::string scaling_csv(const ScalingReport& report) {
  std::string text;
  for (const ScalingSeries& series : report.series) {
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      std::vector<std::string> names;
      std::vector<std::string> values;
      for (const auto& [name, value] : cells(report.head, series, i)) {
        names.push_back(name);
        values.push_back(value);
      }
      if (text.empty()) text = fmt::format("{}\n", fmt::join(names, ","));
      text += fmt::format("{}\n", fmt::join(values, ","));
    }
  }
  return text;
}

std::string render(const ScalingReport& report, Format format) {
  if (format == Format::json) return scaling_json(report);
  return format == Format::csv ? scaling_csv(report) : scaling_table(report);
}

}  // namespace cyclescope::run
