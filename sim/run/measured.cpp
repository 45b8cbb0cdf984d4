#include "sim/run/measured.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "sim/base/error.h"
#include "sim/config/ini.h"
#include "sim/estimate/csv.h"
#include "sim/estimate/published.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kMeasurements{
    "platform", "vendor_platform_name", "model",  "model_source", "input_shape", "precision", "batch", "metric",
    "value",    "conditions",           "source", "date",         "notes",       "fitted_by"};
const std::vector<std::string> kPlatforms{"platform", "vendor_platform_name", "conditions", "simulated_as", "set",
                                          "reason"};
const std::vector<std::string> kNetworks{"platform", "model", "input_shape", "trace", "counted", "remark"};

std::string path_of(const std::string& directory, const char* name) { return (fs::path(directory) / name).string(); }

const std::string& required(const estimate::CsvRow& row, const std::string& column) {
  if (row.text(column).empty()) row.refuse(column, "a name");
  return row.text(column);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!config::trim(part).empty()) parts.push_back(config::trim(part));
  }
  return parts;
}

Measurement measurement(const estimate::CsvRow& row) {
  Measurement found;
  found.line = row.line();
  found.platform = required(row, "platform");
  found.board = required(row, "vendor_platform_name");
  found.model = required(row, "model");
  found.input_shape = row.text("input_shape");
  found.precision = required(row, "precision");
  found.batch = required(row, "batch");
  found.metric = required(row, "metric");
  found.text = row.text("value");
  const auto number = estimate::parse_printed(found.text);
  if (!number || number->value <= 0) row.refuse("value", "a decimal number above 0");
  found.value = number->value;
  found.conditions = row.text("conditions");
  found.source = required(row, "source");
  found.date = row.text("date");
  found.notes = row.text("notes");
  found.fitted_by = split(row.text("fitted_by"), ' ');
  return found;
}

PlatformRule platform_rule(const estimate::CsvRow& row) {
  return {row.line(),
          required(row, "platform"),
          required(row, "vendor_platform_name"),
          row.text("conditions"),
          required(row, "simulated_as"),
          split(row.text("set"), ';'),
          row.text("reason")};
}

NetworkRule network_rule(const estimate::CsvRow& row) {
  const std::string& counted = row.text("counted");
  if (counted != "yes" && counted != "no") row.refuse("counted", "yes or no");
  return {row.line(),
          required(row, "platform"),
          required(row, "model"),
          row.text("input_shape"),
          required(row, "trace"),
          counted == "yes",
          row.text("remark")};
}

bool fits(const PlatformRule& rule, const Measurement& row) {
  return rule.platform == row.platform && rule.board == row.board &&
         row.conditions.find(rule.conditions) != std::string::npos;
}

template <class Other>
bool same_network(const NetworkRule& rule, const Other& other) {
  return rule.platform == other.platform && rule.model == other.model && rule.input_shape == other.input_shape;
}

}  // namespace

const PlatformRule& Measured::platform_of(const Measurement& row) const {
  const auto rule = std::find_if(platforms.begin(), platforms.end(), [&](const auto& one) { return fits(one, row); });
  if (rule == platforms.end()) throw InternalError("a measurement without a platform");
  return *rule;
}

const NetworkRule* Measured::network_of(const Measurement& row) const {
  const auto rule =
      std::find_if(networks.begin(), networks.end(), [&](const auto& one) { return same_network(one, row); });
  return rule == networks.end() ? nullptr : &*rule;
}

Measured read_measured(const std::string& directory) {
  Measured tables;
  tables.directory = directory;
  for (const auto& row : estimate::read_csv(path_of(directory, "platforms.csv"), kPlatforms)) {
    tables.platforms.push_back(platform_rule(row));
  }
  const std::string networks = path_of(directory, "networks.csv");
  for (const auto& row : estimate::read_csv(networks, kNetworks)) {
    const NetworkRule rule = network_rule(row);
    for (const NetworkRule& other : tables.networks) {
      if (!same_network(other, rule)) continue;
      throw InputError(fmt::format("{}:{}: {} '{}' again after line {}; expected a network once", networks, rule.line,
                                   rule.platform, rule.model, other.line));
    }
    tables.networks.push_back(rule);
  }
  const std::string measured = path_of(directory, "measured.csv");
  for (const auto& row : estimate::read_csv(measured, kMeasurements)) {
    const Measurement found = measurement(row);
    if (std::none_of(tables.platforms.begin(), tables.platforms.end(), [&](const auto& r) { return fits(r, found); })) {
      throw InputError(fmt::format("{}:{}: '{}', '{}': expected a line for it in platforms.csv", measured, found.line,
                                   found.platform, found.board));
    }
    tables.rows.push_back(found);
  }
  return tables;
}

}  // namespace cyclescope::run
