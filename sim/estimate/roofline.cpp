#include "sim/estimate/roofline.h"

namespace cyclescope::estimate {
namespace {

/// amount / rate in femtoseconds, rounded down.
Femtoseconds at_rate(std::int64_t amount, std::int64_t per_second) {
  if (per_second <= 0) return 0;
  constexpr Int128 kFemtosecondsPerSecond = 1'000'000'000'000'000;
  return checked_narrow(static_cast<Int128>(amount) * kFemtosecondsPerSecond / per_second);
}

}  // namespace

Roofline roofline(const RooflineInput& input) {
  Roofline result{at_rate(input.macs, input.peak_macs_per_second), "compute"};
  const Femtoseconds memory = at_rate(input.bytes, input.peak_bytes_per_second);
  if (memory > result.time) result = {memory, "memory"};
  const Femtoseconds dependency = checked_mul(input.depth, input.clock_period);
  if (dependency > result.time) result = {dependency, "dependency"};
  return result;
}

}  // namespace cyclescope::estimate
