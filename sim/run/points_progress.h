// How far many points are, on standard error: a bar with the time that is left on a terminal, else a line per 5 %.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace cyclescope::run {

/// `12.3 s`, `4 min 5 s`, `2 h 3 min`
std::string remaining_time(double seconds);

class Progress {
 public:
  /// `total` points, of which `reused` need no simulation. Silent unless `show`.
  Progress(std::size_t total, std::size_t reused, bool show);
  /// `done` of the points that need simulation have ended.
  void update(std::size_t done);

 private:
  std::size_t total_;
  std::size_t reused_;
  bool show_;
  bool terminal_;
  std::size_t next_line_ = 0;  ///< points at which the next line is due
  std::chrono::steady_clock::time_point start_;
};

}  // namespace cyclescope::run
