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

std::string key_of(const char* what, Precision precision) {
  return fmt::format("estimator.{}_{}", what, name(precision));
}

}  // namespace

void declare_estimator(config::Schema& schema) {
  constexpr std::int64_t kMost = 1'000'000'000;
  Declaration fallback{
      "estimator.default_precision", Quantity::choice, "", "whose peak precisions without one have", 0, 0, {}, {}, {}};
  for (const Precision precision : kPrecisions) {
    fallback.choices.emplace_back(name(precision));
    schema.add({key_of("peak", precision),
                Quantity::count,
                "GOPS",
                "peak of the estimator, two operations per MAC",
                0,
                kMost,
                {},
                "0 GOPS",
                "the estimator lists none"});
  }
  schema.add(fallback);
  schema.add({"estimator.clock", Quantity::text, "", "key of the engine clock", 0, 0, {}, {}, {}});
}

config::Computed estimator_clock(const config::Settings& settings, std::int64_t quarter_macs, Precision precision) {
  constexpr std::int64_t kGiga = 1'000'000'000;
  constexpr std::int64_t kMega = 1'000'000;
  Precision listed = precision;
  if (settings.integer(key_of("peak", precision)) == 0) {
    listed = parse_precision(settings.text("estimator.default_precision"));
  }
  const std::int64_t peak = settings.integer(key_of("peak", listed));
  if (quarter_macs == 0) {
    throw NotModelled(fmt::format("precision {} is not executed by this platform", name(precision)));
  }
  if (peak == 0) {
    throw InputError(fmt::format("{} is zero: expected the estimator's peak", key_of("peak", listed)));
  }
  // Half the peak over the MACs of a clock, to the nearest hertz.
  const std::int64_t hertz = (4 * peak * kGiga + quarter_macs) / (2 * quarter_macs);
  const std::string fallback = listed == precision ? "" : fmt::format(", its fallback for {}", name(precision));
  return {settings.text("estimator.clock"), fmt::format("{}.{:06} MHz", hertz / kMega, hertz % kMega),
          fmt::format("{} peak {} GOPS{} / 2 / {:.12g} MAC per clock", name(listed), peak, fallback,
                      static_cast<double>(quarter_macs) / 4),
          "@estimator"};
}

}  // namespace cyclescope::run
