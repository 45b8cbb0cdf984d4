// The roofline: a lower bound of the latency that no machine of these rates can beat. Pure function; shares no timing
// code with the simulator.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/time.h"

namespace cyclescope::estimate {

/// What has to be done and the rates at which it can be done at best.
struct RooflineInput {
  std::int64_t macs = 0;
  std::int64_t peak_macs_per_second = 0;
  std::int64_t bytes = 0;                  ///< compulsory external bytes for the given initial state
  std::int64_t peak_bytes_per_second = 0;  ///< 0: external memory is ideal
  std::int64_t depth = 0;                  ///< operators on the longest dependency chain, at least one clock each
  Femtoseconds clock_period = 0;
};

struct Roofline {
  Femtoseconds time = 0;
  std::string bound;  ///< compute | memory | dependency
};

/// max(MACs / peak, bytes / bandwidth, depth * clock), each rounded down to whole femtoseconds.
Roofline roofline(const RooflineInput& input);

}  // namespace cyclescope::estimate
