#include "sim/run/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/error.h"
#include "sim/config/quantity.h"
#include "sim/estimate/constants.h"
#include "sim/estimate/operator_lists.h"
#include "sim/run/directories.h"
#include "sim/run/registry.h"

namespace cyclescope::run {
namespace {

using estimate::BranesPlatform;
using results::RunResult;

constexpr double kFemto = 1e15;
constexpr double kFemtoPerMilli = 1e12;
constexpr double kAttojoule = 1e-18;

/// The platform whose constants count: `kpu-t64` of `kpu-t64@estimator (hypothetical)`.
std::string constants_of(const std::string& platform) { return platform.substr(0, platform.find('@')); }

/// Whether the run is of the machine that a row was published of.
bool as_published(const RunResult& result) {
  return result.batch == 1 && result.overrides.empty() && constants_of(result.platform) == result.platform;
}

const machine::Family& family_of(const RunResult& result) {
  const auto found = result.settings.find("platform.family");
  const machine::Family* family = found == result.settings.end() ? nullptr : find_family(found->second);
  if (family != nullptr) return *family;
  throw InputError(
      fmt::format("the result of {} on {} has no setting platform.family that is known; expected a result of "
                  "this program",
                  result.model, result.platform));
}

/// Price of a MAC, 0 where the platform has none. What executes a precision that has no price of its own is as wide.
double joules_per_mac(const RunResult& result, Precision precision) {
  const config::Declaration price{"energy.mac", config::Quantity::energy, "pJ", "", 0, INT64_MAX, {}, {}, {}};
  std::vector<Precision> candidates{precision};
  for (const Precision other : estimate::estimator_precisions()) {
    if (bits(other) == bits(precision)) candidates.push_back(other);
  }
  for (const Precision candidate : candidates) {
    const auto found = result.settings.find(fmt::format("energy.mac_{}", name(candidate)));
    if (found == result.settings.end()) continue;
    return static_cast<double>(config::parse_value(price, found->second, true).integer) * kAttojoule;
  }
  return 0;
}

/// What external memory took for each byte that it moved.
double joules_per_byte(const RunResult& result) {
  std::int64_t energy = 0;
  for (const auto& [component, femtojoules] : result.energy_fj) {
    if (component.rfind("dram", 0) == 0) energy += femtojoules;
  }
  const std::int64_t bytes = result.dram_read_bytes + result.dram_write_bytes;
  return bytes == 0 ? 0 : static_cast<double>(energy) / kFemto / static_cast<double>(bytes);
}

std::int64_t from_milli(const estimate::PrintedNumber& number) { return std::llround(number.value * kFemtoPerMilli); }

estimate::Totals sum_of_units(const estimate::Split& latency, const estimate::Split& energy) {
  estimate::Totals totals;
  for (std::size_t i = 0; i + 1 < latency.rows.size(); ++i) {
    totals.latency += latency.rows[i].estimate;
    totals.energy += energy.rows[i].estimate;
  }
  return totals;
}

/// Only what is printed later is kept.
RunResult summary(RunResult result) {
  result.path.clear();
  result.lanes.clear();
  result.settings.clear();
  return result;
}

}  // namespace

Estimator::Estimator(std::vector<std::string> overrides)
    : overrides_(std::move(overrides)),
      lists_(estimate::read_operator_lists(estimator_directory())),
      rows_(estimate::read_published_results(estimator_directory())) {
  constexpr const char* kPrefix = "estimator.";
  for (std::string& one : overrides_) {
    const std::string typed = "--constant " + one;
    if (one.rfind(kPrefix, 0) != 0) one = kPrefix + one;
    typed_[one] = typed;
  }
}

const BranesPlatform& Estimator::constants(const std::string& platform) {
  const auto found = constants_.find(platform);
  if (found != constants_.end()) return found->second;
  return constants_
      .emplace(platform, estimate::load_estimator_constants(estimator_directory(), platform, overrides_, typed_))
      .first->second;
}

std::optional<estimate::PublishedTotals> Estimator::published(const RunResult& result, const BranesPlatform& platform) {
  const auto list = lists_.find(result.model);
  if (!overrides_.empty() || !as_published(result) || list == lists_.end()) return std::nullopt;
  const Precision precision = parse_precision(result.precision);
  const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const estimate::PublishedResult& one) {
    return one.variant == estimate::ResultVariant::seed && one.model == result.model && one.platform == platform.name &&
           one.precision == precision && one.latency_ms && one.energy_mj;
  });
  if (row == rows_.end()) return std::nullopt;
  const estimate::BranesEstimate listed = estimate::branes(list->second, platform, precision);
  return estimate::PublishedTotals{
      {from_milli(*row->latency_ms), from_milli(*row->energy_mj)},
      {std::llround(listed.latency() * kFemto), std::llround(listed.energy.total() * kFemto)}};
}

Check Estimator::check(const RunResult& result, const workloads::Graph& graph) {
  estimate::SplitInput input;
  input.precision = parse_precision(result.precision);
  input.constants = constants(constants_of(result.platform));
  input.published = published(result, input.constants);
  input.machine = {result.peak_macs_per_second,
                   result.peak_bytes_per_second,
                   result.roofline,
                   result.roofline_bound,
                   joules_per_mac(result, input.precision),
                   joules_per_byte(result)};
  CheckUnits units = check_units(result, graph, family_of(result).groups(graph));
  input.units = std::move(units.units);
  input.rest = std::move(units.rest);

  Check check;
  check.run = summary(result);
  check.estimator = input.constants.name;
  check.constants = overrides_;
  if (input.published) check.printed = input.published->printed;
  check.latency = estimate::split_latency(input);
  check.energy = estimate::split_energy(input);
  check.recomputed = sum_of_units(check.latency, check.energy);
  check.facts = std::move(units.facts);
  return check;
}

}  // namespace cyclescope::run
