#include "sim/run/run_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

#include "sim/run/output.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

long peak_resident_kib() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

}  // namespace

RunLog::RunLog(std::vector<std::string> command_line)
    : command_line_(std::move(command_line)),
      started_(std::chrono::system_clock::now()),
      clock_(std::chrono::steady_clock::now()) {}

std::string RunLog::text() const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - clock_;
  const std::tm started = fmt::gmtime(std::chrono::system_clock::to_time_t(started_));
  return fmt::format(
      "command cyclescope run {}\nversion {}\nhost {}\nstarted {:%Y-%m-%dT%H:%M:%SZ}\nwall_seconds {:.3f}\n"
      "peak_resident_kib {}\n",
      one_line(fmt::format("{}", fmt::join(command_line_, " "))), kVersion, host_name(), started, wall.count(),
      peak_resident_kib());
}

}  // namespace cyclescope::run
