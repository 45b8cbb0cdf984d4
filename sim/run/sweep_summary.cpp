#include "sim/run/sweep_summary.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/results/result.h"
#include "sim/run/format.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFemto = 1e15;
constexpr int kNotModelled = 3;

/// A platform or model without its place: results hold no paths.
std::string short_name(const std::string& name) {
  const std::filesystem::path path(name);
  const bool file = name.find('/') != std::string::npos || path.extension() == ".ini" || path.extension() == ".h5";
  return file ? path.stem().string() : name;
}

double from_femto(std::int64_t value) { return static_cast<double>(value) / kFemto; }

}  // namespace

SweepSummary::SweepSummary(const SweepSpec& spec, const std::vector<PointSpec>& points,
                           const std::vector<PointOutcome>& outcomes) {
  for (const Axis& axis : spec.axes) keys_.push_back(axis.key);
  for (std::size_t i = 0; i < points.size(); ++i) {
    Row row{short_name(points[i].platform),
            short_name(points[i].model),
            points[i].options,
            {},
            points[i].label,
            outcomes[i],
            "",
            0,
            0,
            0};
    for (std::size_t set = spec.sets.size(); set < points[i].sets.size(); ++set) {
      row.values.push_back(points[i].sets[set].substr(keys_[set - spec.sets.size()].size() + 1));
    }
    if (outcomes[i].exit_code == 0) {
      const results::RunResult result = results::read(outcomes[i].file);
      row.precision_label = result.precision_label;
      row.cycles = result.cycles;
      row.latency = result.makespan;
      row.energy = result.total_energy_fj();
    }
    rows_.push_back(std::move(row));
  }
}

std::string SweepSummary::to_json() const {
  Json json{{"schema", "cyclescope-sweep-summary-1"}, {"version", kVersion}, {"points", Json::array()}};
  for (const Row& row : rows_) {
    const bool ok = row.outcome.exit_code == 0;
    const auto value = [ok](auto number) { return ok ? Json(number) : Json(nullptr); };
    Json point{{"platform", row.platform},
               {"model", row.model},
               {"precision", name(row.options.precision)},
               {"initial_state", row.options.initial_state},
               {"batch", row.options.batch},
               {"axis", Json::object()}};
    for (std::size_t i = 0; i < keys_.size(); ++i) point["axis"][keys_[i]] = row.values[i];
    point["exit_code"] = row.outcome.exit_code;
    point["message"] = row.outcome.message;
    point["file"] = ok ? Json("points/" + std::filesystem::path(row.outcome.file).filename().string()) : Json(nullptr);
    point["precision_label"] = ok ? Json(row.precision_label) : Json(nullptr);
    point["cycles"] = value(row.cycles);
    point["latency_s"] = value(from_femto(row.latency));
    point["energy_j"] = value(from_femto(row.energy));
    point["latency_fs"] = value(row.latency);
    point["energy_fj"] = value(row.energy);
    json["points"].push_back(std::move(point));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string SweepSummary::to_csv() const {
  std::string text = "platform,model,precision,initial_state,batch";
  for (const std::string& key : keys_) text += "," + csv_cell(key);
  text += ",exit_code,precision_label,cycles,latency_s,energy_j,latency_fs,energy_fj,file,message\n";
  for (const Row& row : rows_) {
    text += fmt::format("{},{},{},{},{}", csv_cell(row.platform), csv_cell(row.model), name(row.options.precision),
                        row.options.initial_state, row.options.batch);
    for (const std::string& value : row.values) text += "," + csv_cell(value);
    text += fmt::format(",{},", row.outcome.exit_code);
    if (row.outcome.exit_code == 0) {
      text += fmt::format("{},{},{},{},{},{},points/{},\n", csv_cell(row.precision_label), row.cycles,
                          from_femto(row.latency), from_femto(row.energy), row.latency, row.energy,
                          std::filesystem::path(row.outcome.file).filename().string());
    } else {
      text += fmt::format(",,,,,,,{}\n", csv_cell(row.outcome.message));
    }
  }
  return text;
}

std::string SweepSummary::to_table() const {
  TextTable table("<<<<>" + std::string(keys_.size(), '>') + ">>><");
  std::vector<std::string> header{"platform", "model", "precision", "state", "batch"};
  header.insert(header.end(), keys_.begin(), keys_.end());
  header.insert(header.end(), {"cycles", "latency", "energy", "remark"});
  table.row(header);
  for (const Row& row : rows_) {
    std::vector<std::string> cells{row.platform, row.model, name(row.options.precision), row.options.initial_state,
                                   grouped(row.options.batch)};
    cells.insert(cells.end(), row.values.begin(), row.values.end());
    if (row.outcome.exit_code == 0) {
      cells.insert(cells.end(), {grouped(row.cycles), duration(row.latency), engineering(from_femto(row.energy), "J"),
                                 row.precision_label});
    } else {
      const std::string what = row.outcome.exit_code == kNotModelled ? "not modelled" : "failed";
      cells.insert(cells.end(), {"-", "-", "-", what + ": " + row.outcome.message});
    }
    table.row(std::move(cells));
  }
  return table.text("");
}

std::string SweepSummary::render(Format format) const {
  switch (format) {
    case Format::json:
      return to_json();
    case Format::csv:
      return to_csv();
    case Format::table:
      break;
  }
  return to_table();
}

std::string SweepSummary::failures() const {
  const Row* first = nullptr;
  std::size_t count = 0;
  for (const Row& row : rows_) {
    if (row.outcome.exit_code == 0 || row.outcome.exit_code == kNotModelled) continue;
    if (count++ == 0) first = &row;
  }
  if (count == 0) return "";
  return fmt::format("{} of {} points failed, first '{}': {}", count, rows_.size(), first->label,
                     first->outcome.message);
}

}  // namespace cyclescope::run
