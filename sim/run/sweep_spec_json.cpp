#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/run/output.h"
#include "sim/run/sweep_spec.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "cyclescope-sweep-1";
const std::vector<std::string> kFields{"schema", "platform",         "model", "precision", "state",
                                       "batch",  "strict_precision", "set",   "axis"};

Json to_object(const SweepSpec& spec) {
  Json json;
  json["schema"] = kSchema;
  json["platform"] = spec.platforms;
  json["model"] = spec.models;
  json["precision"] = names_of(spec.precisions);
  json["state"] = spec.states;
  json["batch"] = spec.batches;
  json["strict_precision"] = spec.strict_precision;
  json["set"] = spec.sets;
  json["axis"] = Json::object();
  for (const Axis& axis : spec.axes) json["axis"][axis.key] = axis.values;
  return json;
}

/// A list of values, or one value.
template <class Value>
std::vector<Value> list(const Json& json) {
  if (json.is_array()) return json.get<std::vector<Value>>();
  return {json.get<Value>()};
}

/// Integers only: JSON's 1.5 would become 1.
std::vector<std::int64_t> integers(const Json& json) {
  const auto wrong = [](const Json& value) { return !value.is_number_integer(); };
  if (json.is_array() ? std::any_of(json.begin(), json.end(), wrong) : wrong(json)) {
    throw InputError("expected integers");
  }
  return list<std::int64_t>(json);
}

void read_field(SweepSpec& spec, const std::string& field, const Json& value) {
  if (field == "schema" && value != kSchema) throw InputError(fmt::format("expected \"{}\"", kSchema));
  if (field == "platform") spec.platforms = list<std::string>(value);
  if (field == "model") spec.models = list<std::string>(value);
  if (field == "precision") spec.precisions = precisions_of(list<std::string>(value));
  if (field == "state") spec.states = list<std::string>(value);
  if (field == "batch") spec.batches = integers(value);
  if (field == "strict_precision") spec.strict_precision = value.get<bool>();
  if (field == "set") spec.sets = list<std::string>(value);
  if (field != "axis") return;
  if (!value.is_object()) throw InputError("expected an object of keys and lists of values");
  for (const auto& [key, values] : value.items()) spec.axes.push_back({key, list<std::string>(values)});
}

/// Parses; a key that stands twice in an object would silently lose one of its values.
Json parse_strictly(const std::string& text, const std::string& source) {
  std::vector<std::vector<std::string>> open;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto key = value.get<std::string>();
      if (std::find(open.back().begin(), open.back().end(), key) != open.back().end()) {
        throw InputError(fmt::format("{}: '{}' stands there twice; expected it once", source, key));
      }
      open.back().push_back(key);
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception& error) {
    throw InputError(fmt::format("{}: no JSON: {}", source, one_line(error.what())));
  }
}

}  // namespace

SweepSpec spec_from_json(const std::string& text, const std::string& source) {
  const Json json = parse_strictly(text, source);
  if (!json.is_object()) throw InputError(source + ": expected a JSON object");
  SweepSpec spec;
  for (const auto& [field, value] : json.items()) {
    if (std::find(kFields.begin(), kFields.end(), field) == kFields.end()) {
      throw InputError(fmt::format("{}: unknown field '{}'{}", source, field, suggestion(field, kFields)));
    }
    try {
      read_field(spec, field, value);
    } catch (const Json::exception&) {
      throw InputError(fmt::format("{}: '{}': expected {}", source, field,
                                   field == "strict_precision" ? "true or false" : "texts, or a list of them"));
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: '{}': {}", source, field, error.what()));
    }
  }
  try {
    check(spec);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", source, error.what()));
  }
  return spec;
}

std::string spec_to_json(const SweepSpec& spec) {
  return to_object(spec).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string difference(const SweepSpec& there, const SweepSpec& here) {
  const Json a = to_object(there);
  const Json b = to_object(here);
  const auto dump = [](const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); };
  for (const std::string& field : kFields) {
    if (a.at(field) != b.at(field)) {
      return fmt::format("{} is {} there and {} here", field, dump(a.at(field)), dump(b.at(field)));
    }
  }
  return "";
}

}  // namespace cyclescope::run
