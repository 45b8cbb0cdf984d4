#include "sim/run/estimator.h"

#include <fmt/format.h>

#include <array>

#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

using config::Declaration;
using config::Quantity;

constexpr std::array<Precision, 5> kPrecisions{Precision::int4, Precision::int8, Precision::bf16, Precision::fp16,
                                               Precision::fp32};

Declaration number(const std::string& key, const char* unit, const char* none, const char* why, const char* text) {
  constexpr std::int64_t kMost = 1'000'000'000;
  return {key, Quantity::count, unit, text, 0, kMost, {}, none, why};
}

std::string key_of(const char* what, Precision precision) {
  return fmt::format("estimator.{}_{}", what, name(precision));
}

}  // namespace

void declare_estimator(config::Schema& schema) {
  Declaration fallback{
      "estimator.default_precision", Quantity::choice, "", "whose peak precisions without one have", 0, 0, {}, {}, {}};
  for (const Precision precision : kPrecisions) {
    fallback.choices.emplace_back(name(precision));
    schema.add(number(key_of("peak", precision), "GOPS", "0 GOPS", "the estimator lists none",
                      "peak of the estimator, two operations per MAC"));
    schema.add(number(key_of("macs_per_clock", precision), "MAC", "0 MAC", "not executed",
                      "MACs per clock of the whole platform"));
  }
  schema.add(fallback);
  schema.add({"estimator.clock", Quantity::text, "", "key of the engine clock", 0, 0, {}, {}, {}});
}

config::Computed estimator_clock(const config::Settings& settings, Precision precision) {
  constexpr std::int64_t kGiga = 1'000'000'000;
  constexpr std::int64_t kMega = 1'000'000;
  Precision listed = precision;
  if (settings.integer(key_of("peak", precision)) == 0) {
    listed = parse_precision(settings.text("estimator.default_precision"));
  }
  const std::int64_t peak = settings.integer(key_of("peak", listed));
  const std::int64_t macs = settings.integer(key_of("macs_per_clock", precision));
  if (macs == 0) {
    throw NotModelled(fmt::format("precision {} is not executed by this platform: {} is zero", name(precision),
                                  key_of("macs_per_clock", precision)));
  }
  if (peak == 0) {
    throw InputError(fmt::format("{} is zero: expected the estimator's peak", key_of("peak", listed)));
  }
  const std::int64_t hertz = (peak * kGiga + macs) / (2 * macs);  // half the peak per MAC, to the nearest hertz
  const std::string fallback = listed == precision ? "" : fmt::format(", its fallback for {}", name(precision));
  return {settings.text("estimator.clock"), fmt::format("{}.{:06} MHz", hertz / kMega, hertz % kMega),
          fmt::format("{} peak {} GOPS{} / 2 / {} MAC per clock", name(listed), peak, fallback, macs), "@estimator"};
}

}  // namespace cyclescope::run
