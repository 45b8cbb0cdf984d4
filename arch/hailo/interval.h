// The interval between frames of a stream, from when they came out. Pure.
#pragma once

#include <vector>

#include "sim/base/time.h"

namespace cyclescope::hailo {

/// Mean distance of the frames of a window, rounded to a femtosecond: the last of the first two windows, of as many frames
/// and at least `window`, that abut and differ by at most 0.1 %. Longer ones average out what comes back with a period of
/// its own, as refresh does. 0 when there are none.
inline Femtoseconds settled_interval(const std::vector<Femtoseconds>& out, std::size_t window) {
  constexpr Femtoseconds kPermille = 1000;
  for (std::size_t end = 2 * window; end < out.size(); ++end) {
    for (std::size_t w = window; 2 * w <= end; ++w) {
      const Femtoseconds first = out[end - w] - out[end - 2 * w];
      const Femtoseconds second = out[end] - out[end - w];
      if (checked_mul(second > first ? second - first : first - second, kPermille) > first) continue;
      const auto frames = static_cast<Femtoseconds>(w);
      return (second + frames / 2) / frames;
    }
  }
  return 0;
}

}  // namespace cyclescope::hailo
