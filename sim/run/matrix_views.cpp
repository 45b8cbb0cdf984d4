#include "sim/run/matrix_views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;
using results::Matrix;
using results::MatrixCell;
using results::MatrixColumn;
using results::MatrixRow;
using results::MatrixStatus;

constexpr const char* kSchema = "cyclescope-matrix-1";
constexpr double kFemto = 1e15;

Json to_json(const MatrixCell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return nullptr;
}

std::string to_csv(const MatrixCell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "yes" : "no";
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&cell)) return csv_cell(*text);
  return "";
}

Json counts_json(const Matrix& matrix) {
  const results::MatrixCounts counts = count(matrix);
  return {{"rows", matrix.rows.size()}, {"simulated", counts.simulated}, {"waiting", counts.waiting},
          {"refused", counts.refused},  {"failed", counts.failed},       {"with_warnings", counts.with_warnings}};
}

std::vector<std::string> table_row(const MatrixRow& row) {
  std::vector<std::string> cells{row.platform, row.model, row.precision, row.initial_state};
  const std::string estimate = duration(row.estimate.latency);
  const std::string energy = engineering(static_cast<double>(row.estimate.energy_fj) / kFemto, "J");
  if (row.simulated()) {
    cells.insert(cells.end(),
                 {duration(row.latency), estimate, engineering(static_cast<double>(row.energy_fj) / kFemto, "J"),
                  energy, plain(row.frames_per_second), engineering(row.average_power(), "W"),
                  row.target_met ? "yes" : "no", row.precision_label});
  } else {
    cells.insert(cells.end(),
                 {"-", estimate, "-", energy, "-", "-", "-", std::string(name(row.status)) + ": " + row.reason});
  }
  return cells;
}

std::string to_table(const Matrix& matrix) {
  TextTable table("<<<<>>>>>>><");
  table.row({"platform", "model", "precision", "state", "latency", "estimate", "energy", "estimate", "frames/s",
             "power", fmt::format("<= {}", duration(matrix.target)), "remark"});
  for (const MatrixRow& row : matrix.rows) {
    if (row.status != MatrixStatus::waiting) table.row(table_row(row));
  }
  std::string text = table.text("") + "\n";
  for (const WaitingGroup& group : waiting_groups(matrix)) {
    text += fmt::format("{}: {} ({})\n", group.reason, plural(group.rows, "row"), fmt::join(group.platforms, ", "));
  }
  const std::vector<std::string> warned = warnings(matrix);
  if (!warned.empty()) text += fmt::format("warnings\n  {}\n", fmt::join(warned, "\n  "));
  return text + matrix_summary(matrix);
}

}  // namespace

std::string row_label(const MatrixRow& row) {
  return fmt::format("{} {} {} {}", row.platform, row.model, row.precision, row.initial_state);
}

std::vector<std::string> warnings(const Matrix& matrix) {
  std::vector<std::string> lines;
  for (const MatrixRow& row : matrix.rows) {
    if (!row.warnings.empty()) lines.push_back(fmt::format("{}: {}", row_label(row), fmt::join(row.warnings, "; ")));
  }
  return lines;
}

std::vector<WaitingGroup> waiting_groups(const Matrix& matrix) {
  std::vector<WaitingGroup> groups;
  for (const MatrixRow& row : matrix.rows) {
    if (row.status != MatrixStatus::waiting) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& one) { return one.reason == row.reason; });
    if (group == groups.end()) group = groups.insert(groups.end(), {row.reason, 0, {}});
    ++group->rows;
    auto& platforms = group->platforms;
    if (std::find(platforms.begin(), platforms.end(), row.platform) == platforms.end()) {
      platforms.push_back(row.platform);
    }
  }
  return groups;
}

std::string matrix_summary(const Matrix& matrix) {
  const results::MatrixCounts counts = count(matrix);
  const auto all = static_cast<std::int64_t>(matrix.states.size()) * matrix.analyses;
  const std::string what =
      matrix.narrowed ? fmt::format("Narrowed to {} of {} rows", matrix.rows.size(), all) : fmt::format("{} rows", all);
  return fmt::format("{}: {} simulated, {} with warnings; {} waiting for a platform, {} refused, {} failed.\n", what,
                     counts.simulated, counts.with_warnings, counts.waiting, counts.refused, counts.failed);
}

std::string matrix_failures(const Matrix& matrix) {
  const std::int64_t failed = count(matrix).failed;
  if (failed == 0) return "";
  const auto first = std::find_if(matrix.rows.begin(), matrix.rows.end(),
                                  [](const MatrixRow& row) { return row.status == MatrixStatus::failed; });
  return fmt::format("{} of {} rows failed, first '{}': {}", failed, matrix.rows.size(), row_label(*first),
                     first->reason);
}

std::string matrix_json(const Matrix& matrix) {
  Json json{{"schema", kSchema},           {"version", matrix.version},
            {"narrowed", matrix.narrowed}, {"analyses", matrix.analyses},
            {"states", matrix.states},     {"target_s", static_cast<double>(matrix.target) / kFemto},
            {"target_fs", matrix.target},  {"counts", counts_json(matrix)},
            {"rows", Json::array()}};
  for (const MatrixRow& row : matrix.rows) {
    Json object = Json::object();
    for (const MatrixColumn& column : results::matrix_columns()) object[column.name] = to_json(column.value(row));
    json["rows"].push_back(std::move(object));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string matrix_csv(const Matrix& matrix) {
  std::string text;
  for (const MatrixColumn& column : results::matrix_columns())
    text += (text.empty() ? "" : ",") + std::string(column.name);
  text += "\n";
  for (const MatrixRow& row : matrix.rows) {
    std::vector<std::string> cells;
    for (const MatrixColumn& column : results::matrix_columns()) cells.push_back(to_csv(column.value(row)));
    text += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return text;
}

std::string render(const Matrix& matrix, Format format) {
  switch (format) {
    case Format::json:
      return matrix_json(matrix);
    case Format::csv:
      return matrix_csv(matrix);
    case Format::table:
      break;
  }
  return to_table(matrix);
}

Matrix matrix_from_json(const std::string& text, const std::string& path) {
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kSchema) {
      throw InputError(fmt::format("{}: schema is {}; expected \"{}\"", path, json.at("schema").dump(), kSchema));
    }
    Matrix matrix;
    matrix.version = json.at("version");
    matrix.narrowed = json.at("narrowed");
    matrix.analyses = json.at("analyses");
    matrix.target = json.at("target_fs");
    matrix.states = json.at("states").get<std::vector<std::string>>();
    const auto text_of = [](const Json& value) { return value.is_null() ? std::string() : value.get<std::string>(); };
    for (const Json& object : json.at("rows")) {
      MatrixRow row;
      row.model = object.at("model");
      row.platform = object.at("platform");
      row.precision = object.at("precision");
      row.initial_state = object.at("initial_state");
      row.status = results::parse_matrix_status(object.at("status"));
      row.reason = text_of(object.at("reason"));
      row.file = text_of(object.at("file"));
      matrix.rows.push_back(std::move(row));
    }
    return matrix;
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{}: {}; expected what cyclescope matrix writes", path, error.what()));
  }
}

}  // namespace cyclescope::run
