// Time is an integer number of femtoseconds; a clock is a period, not a toggling signal.
#pragma once

#include <cstdint>

#include "sim/base/checked.h"

namespace cyclescope {

using Femtoseconds = std::int64_t;

constexpr Femtoseconds kNever = INT64_MAX;

/// A clock domain. Edges stand at every multiple of the period, starting at 0.
class Clock {
 public:
  explicit Clock(Femtoseconds period) : period_(period) {
    if (period <= 0) throw InternalError("a clock period must be positive");
  }

  /// Period of a clock of `hertz`, rounded to the nearest femtosecond.
  static Clock from_hertz(std::int64_t hertz) {
    if (hertz <= 0) throw InternalError("a clock frequency must be positive");
    constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
    return Clock((kFemtosecondsPerSecond + hertz / 2) / hertz);
  }

  [[nodiscard]] Femtoseconds period() const { return period_; }

  /// Duration of n clocks.
  [[nodiscard]] Femtoseconds cycles(std::int64_t n) const { return checked_mul(n, period_); }

  /// Clocks that cover a duration, rounded up (nanosecond parameters become cycles here, once).
  [[nodiscard]] std::int64_t ceil_cycles(Femtoseconds duration) const { return ceil_div(duration, period_); }

  /// First edge at or after t.
  [[nodiscard]] Femtoseconds edge(Femtoseconds t) const { return round_up(t, period_); }

  /// First edge strictly after t.
  [[nodiscard]] Femtoseconds next_edge(Femtoseconds t) const { return checked_mul(t / period_ + 1, period_); }

 private:
  Femtoseconds period_;
};

}  // namespace cyclescope
