#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/run/breakdown.h"
#include "sim/run/format.h"
#include "sim/run/path_tables.h"
#include "sim/run/views.h"

namespace cyclescope::run {
namespace {

struct Section {
  std::string name;
  std::vector<Share> shares;
};

std::vector<Section> sections(const results::RunResult& result) {
  std::vector<Share> operators;
  for (const OperatorShare& share : by_operator(result)) {
    operators.push_back({operator_name(result, share.op), share.cycles});
  }
  return {{"cause", by_cause(result)}, {"operator", operators}, {"lane", by_lane(result)}};
}

std::string explain_json(const results::RunResult& result) {
  nlohmann::ordered_json json;
  json["schema"] = "cyclescope-explain-1";
  json["platform"] = result.platform;
  json["model"] = result.model;
  json["initial_state"] = result.initial_state;
  json["cycles"] = result.cycles;
  for (const Section& section : sections(result)) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const Share& share : section.shares) {
      rows.push_back(nlohmann::ordered_json{{"name", share.name}, {"cycles", share.cycles}});
    }
    json["by_" + section.name] = rows;
  }
  constexpr int kJsonIndent = 2;
  return json.dump(kJsonIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string explain_csv(const results::RunResult& result) {
  std::string text = "by,name,cycles\n";
  for (const Section& section : sections(result)) {
    for (const Share& share : section.shares) {
      text += fmt::format("{},{},{}\n", section.name, csv_cell(share.name), share.cycles);
    }
  }
  return text;
}

std::string explain_table(const results::RunResult& result) {
  constexpr std::size_t kAll = SIZE_MAX;
  return fmt::format(
      "{} on {}, {}, {} state: {} on the critical path (simulated)\n{}\nBy cause\n{}\nBy operator\n{}\nBy lane\n{}",
      result.model, result.platform, result.precision, result.initial_state, plural(result.cycles, "cycle"),
      changed(result.overrides), cause_table(result), operator_table(result, kAll), lane_table(result));
}

}  // namespace

Format parse_format(const std::string& text) {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  if (text == "csv") return Format::csv;
  throw InputError("unknown format '" + text + "': expected one of table, json, csv");
}

std::string render(const results::RunResult& result, Format format) {
  switch (format) {
    case Format::table:
      return to_table(result);
    case Format::json:
      return to_json(result);
    case Format::csv:
      return to_csv(result);
  }
  throw InternalError("no such format");
}

std::string explain(const results::RunResult& result, Format format) {
  switch (format) {
    case Format::table:
      return explain_table(result);
    case Format::json:
      return explain_json(result);
    case Format::csv:
      return explain_csv(result);
  }
  throw InternalError("no such format");
}

}  // namespace cyclescope::run
