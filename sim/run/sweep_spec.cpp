#include "sim/run/sweep_spec.h"

#include <fmt/format.h>

#include <set>

#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

constexpr std::size_t kMostPoints = 1'000'000;
constexpr std::int64_t kLargestBatch = 1'000'000;

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The key of a `key=value` of --set.
std::string key_of(const std::string& set) { return trimmed(set.substr(0, set.find('='))); }

template <class Value>
void check_once(const std::string& what, const std::vector<Value>& list) {
  std::set<Value> seen;
  for (const Value& value : list) {
    if (!seen.insert(value).second)
      throw InputError(fmt::format("{} names {} twice; expected each value once", what, value));
  }
}

template <class Value>
void check_list(const char* what, const std::vector<Value>& list) {
  if (list.empty()) throw InputError(fmt::format("no {} given; expected at least one", what));
  check_once(what, list);
}

void check_keys(const SweepSpec& spec) {
  std::set<std::string> keys;
  for (const std::string& set : spec.sets) keys.insert(key_of(set));
  for (const Axis& axis : spec.axes) {
    if (axis.values.empty()) throw InputError(fmt::format("axis '{}' has no values; expected at least one", axis.key));
    check_once("axis " + axis.key, axis.values);
    if (!keys.insert(axis.key).second) {
      throw InputError(fmt::format("axis '{}' is given twice, or also set; expected each key once", axis.key));
    }
  }
}

/// Odometer over lists of the given sizes, the last fastest. False after the last combination.
bool advance(std::vector<std::size_t>& position, const std::vector<std::size_t>& sizes) {
  for (std::size_t i = position.size(); i-- > 0;) {
    if (++position[i] < sizes[i]) return true;
    position[i] = 0;
  }
  return false;
}

std::vector<std::size_t> sizes_of(const SweepSpec& spec) {
  std::vector<std::size_t> sizes{spec.platforms.size(), spec.models.size(), spec.precisions.size(), spec.states.size(),
                                 spec.batches.size()};
  for (const Axis& axis : spec.axes) sizes.push_back(axis.values.size());
  return sizes;
}

}  // namespace

std::vector<std::string> names_of(const std::vector<Precision>& precisions) {
  std::vector<std::string> names;
  for (const Precision precision : precisions) names.emplace_back(name(precision));
  return names;
}

std::vector<Precision> precisions_of(const std::vector<std::string>& names) {
  std::vector<Precision> precisions;
  for (const std::string& word : names) precisions.push_back(parse_precision(word));
  return precisions;
}

std::vector<std::string> comma_list(const std::string& what, const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    found.push_back(trimmed(text.substr(at, comma - at)));
    if (found.back().empty()) throw InputError(fmt::format("{} '{}': expected no empty value", what, text));
    at = comma + 1;
  }
  return found;
}

Axis parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || trimmed(text.substr(0, equals)).empty()) {
    throw InputError(fmt::format("--axis '{}': expected KEY=VALUE,VALUE,...", text));
  }
  return {trimmed(text.substr(0, equals)), comma_list("--axis", text.substr(equals + 1))};
}

void check(const SweepSpec& spec) {
  check_list("platform", spec.platforms);
  check_list("model", spec.models);
  check_list("precision", names_of(spec.precisions));
  check_list("state", spec.states);
  check_list("batch", spec.batches);
  for (const std::string& state : spec.states) {
    if (state != "steady" && state != "cold") {
      throw InputError(fmt::format("unknown initial state '{}': expected steady or cold", state));
    }
  }
  for (const std::int64_t batch : spec.batches) {
    if (batch < 1 || batch > kLargestBatch) {
      throw InputError(fmt::format("batch {}: expected an integer from 1 to {}", batch, kLargestBatch));
    }
  }
  check_keys(spec);
  std::size_t points = 1;
  for (const std::size_t size : sizes_of(spec)) {
    points *= size;
    if (points > kMostPoints) throw InputError(fmt::format("more than {} points; expected fewer", kMostPoints));
  }
}

std::vector<PointSpec> expand(const SweepSpec& spec) {
  std::vector<PointSpec> points;
  const std::vector<std::size_t> sizes = sizes_of(spec);
  std::vector<std::size_t> at(sizes.size(), 0);
  do {
    PointSpec point{spec.platforms[at[0]], spec.models[at[1]], spec.sets, {}, ""};
    point.options.precision = spec.precisions[at[2]];
    point.options.initial_state = spec.states[at[3]];
    point.options.batch = spec.batches[at[4]];
    point.options.strict_precision = spec.strict_precision;
    point.label = fmt::format("{} {} {} {} batch {}", point.platform, point.model, name(point.options.precision),
                              point.options.initial_state, point.options.batch);
    for (std::size_t i = 0; i < spec.axes.size(); ++i) {
      point.sets.push_back(spec.axes[i].key + "=" + spec.axes[i].values[at[5 + i]]);
      point.typed[point.sets.back()] = "--axis " + point.sets.back();
      point.label += " " + point.sets.back();
    }
    points.push_back(std::move(point));
  } while (advance(at, sizes));
  return points;
}

}  // namespace cyclescope::run
