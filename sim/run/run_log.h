// The log beside a result: everything about a run that is not its result (host, time, command line).
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace cyclescope::run {

class RunLog {
 public:
  /// The run begins now.
  explicit RunLog(std::vector<std::string> command_line);

  /// Lines `key value`, up to now.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> command_line_;
  std::chrono::system_clock::time_point started_;
  std::chrono::steady_clock::time_point clock_;
};

}  // namespace cyclescope::run
