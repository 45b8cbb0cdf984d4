#include "sim/run/estimator.h"

#include <fmt/format.h>

#include "sim/base/checked.h"
#include "sim/base/error.h"
#include "sim/config/quantity.h"
#include "sim/estimate/constants.h"

namespace cyclescope::run {
namespace {

using config::Computed;
using config::Settings;
using estimate::constant_key;

constexpr const char* kWhere = "@estimator";
constexpr std::int64_t kPartsPerUnit = 1'000'000;

/// value * parts per million, to the nearest integer.
std::int64_t share(std::int64_t value, std::int64_t ppm) {
  return checked_narrow((static_cast<Int128>(value) * ppm + kPartsPerUnit / 2) / kPartsPerUnit);
}

/// A machine parameter that takes `integer`, in the unit it is declared with.
Computed replaced(const Settings& settings, const std::string& key, std::int64_t integer, const std::string& source) {
  return {key, config::format_integer(*settings.at(key).declaration, integer), source, kWhere};
}

Computed clock(const Settings& settings, std::int64_t quarter_macs, Precision precision) {
  constexpr std::int64_t kGiga = 1'000'000'000;
  constexpr std::int64_t kMega = 1'000'000;
  Precision listed = precision;
  if (settings.integer(constant_key("peak", precision)) == 0) {
    listed = parse_precision(settings.text("estimator.default_precision"));
  }
  const std::int64_t peak = settings.integer(constant_key("peak", listed));
  if (quarter_macs == 0) {
    throw NotModelled(fmt::format("precision {} is not executed by this platform", name(precision)));
  }
  if (peak == 0) {
    throw InputError(fmt::format("{} is zero: expected the estimator's peak", constant_key("peak", listed)));
  }
  // Half the peak over the MACs of a clock, to the nearest hertz.
  const std::int64_t hertz = (4 * peak * kGiga + quarter_macs) / (2 * quarter_macs);
  const std::string fallback = listed == precision ? "" : fmt::format(", its fallback for {}", name(precision));
  return {settings.text("estimator.clock"), fmt::format("{}.{:06} MHz", hertz / kMega, hertz % kMega),
          fmt::format("{} peak {} GOPS{} / 2 / {:.12g} MAC per clock", name(listed), peak, fallback,
                      static_cast<double>(quarter_macs) / 4),
          kWhere};
}

}  // namespace

void declare_estimator(config::Schema& schema) {
  estimate::declare_constants(schema);
  schema.add({"estimator.clock", config::Quantity::text, "", "key of the engine clock", 0, 0, {}, {}, {}});
}

std::vector<Computed> estimator_settings(const Settings& settings, std::int64_t quarter_macs, Precision precision) {
  std::vector<Computed> computed{clock(settings, quarter_macs, precision)};
  computed.push_back(replaced(settings, "memory.port_bandwidth", settings.integer("estimator.bandwidth"),
                              settings.at("estimator.bandwidth").source));
  computed.push_back(replaced(settings, "memory.port_energy", settings.integer("estimator.energy_per_byte"),
                              settings.at("estimator.energy_per_byte").source));
  for (const Precision priced : estimate::estimator_precisions()) {
    const std::string key = fmt::format("energy.mac_{}", name(priced));
    if (settings.all().count(key) == 0) continue;  // no price of its own
    const std::int64_t op = settings.integer("estimator.energy_per_op");
    computed.push_back(
        replaced(settings, key, share(2 * op, settings.integer(constant_key("energy_scale", priced))),
                 fmt::format("two operations of {} times {}; {}", settings.text("estimator.energy_per_op"),
                             settings.text(constant_key("energy_scale", priced)),
                             settings.at("estimator.energy_per_op").source)));
  }
  computed.push_back(
      replaced(settings, "power.idle",
               share(settings.integer("estimator.thermal_power"), settings.integer("estimator.static_share")),
               fmt::format("{} of {}; {}", settings.text("estimator.static_share"),
                           settings.text("estimator.thermal_power"), settings.at("estimator.thermal_power").source)));
  return computed;
}

}  // namespace cyclescope::run
