// The interval between frames of a stream, from when they came out. Pure.
#pragma once

#include <vector>

#include "sim/base/time.h"

namespace cyclescope::hailo {

/// Mean distance of frames n + window .. n + 2 window, of the first n for which it and that of n .. n + window differ by at
/// most 0.1 %; rounded to a femtosecond. 0 when there is none.
inline Femtoseconds settled_interval(const std::vector<Femtoseconds>& out, std::size_t window) {
  constexpr Femtoseconds kPermille = 1000;
  for (std::size_t n = 0; n + 2 * window < out.size(); ++n) {
    const Femtoseconds first = out[n + window] - out[n];
    const Femtoseconds second = out[n + 2 * window] - out[n + window];
    if (checked_mul(second > first ? second - first : first - second, kPermille) > first) continue;
    const auto frames = static_cast<Femtoseconds>(window);
    return (second + frames / 2) / frames;
  }
  return 0;
}

}  // namespace cyclescope::hailo
