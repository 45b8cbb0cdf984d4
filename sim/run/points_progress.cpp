#include "sim/run/points_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace cyclescope::run {
namespace {

constexpr std::size_t kBar = 30;    // characters
constexpr std::size_t kLines = 20;  // one per 5 %

std::string bar(std::size_t done, std::size_t total) {
  const std::size_t full = done * kBar / total;
  return "[" + std::string(full, '#') + std::string(kBar - full, '.') + "]";
}

}  // namespace

std::string remaining_time(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(std::size_t total, std::size_t reused, bool show)
    : total_(total),
      reused_(reused),
      show_(show && total > 0),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()) {
  if (show_ && reused > 0) fmt::print(stderr, "{} of {} points are there already\n", reused, total);
  next_line_ = reused_ + std::max<std::size_t>(total_ / kLines, 1);
}

void Progress::update(std::size_t done) {
  if (!show_ || done == 0) return;
  const std::size_t all = reused_ + done;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  const std::string left =
      remaining_time(passed.count() * static_cast<double>(total_ - all) / static_cast<double>(done));
  if (terminal_) {
    fmt::print(stderr, "\r{} {} of {} points, {} left\033[K", bar(all, total_), all, total_, left);
    if (all == total_) fmt::print(stderr, "\r\033[K");
  } else if (all >= next_line_ || all == total_) {
    fmt::print(stderr, "{} of {} points, {} left\n", all, total_, left);
    while (next_line_ <= all) next_line_ += std::max<std::size_t>(total_ / kLines, 1);
  }
  std::fflush(stderr);
}

}  // namespace cyclescope::run
