#include "sim/run/coverage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <set>

#include "sim/run/output.h"

namespace cyclescope::run {

std::string losses(const Coverage& there, const Coverage& here) {
  const std::set<std::string> covered(here.rows.begin(), here.rows.end());
  std::vector<std::string> lost;
  for (const std::string& row : there.rows) {
    if (covered.count(row) == 0) lost.push_back(row);
  }
  std::vector<std::string> parts;
  if (!lost.empty()) {
    parts.push_back(fmt::format("{} of {} rows are not covered any more, the first '{}'", lost.size(),
                                there.rows.size(), lost.front()));
  }
  for (std::size_t i = 0; i < here.settings.size(); ++i) {
    const auto& [name, value] = here.settings[i];
    const std::string& before = there.settings.at(i).second;
    if (before != value) parts.push_back(fmt::format("{} was {} and is {}", name, before, value));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void tell_losses(const std::string& directory, const std::string& losses) {
  if (losses.empty()) return;
  const std::string line = fmt::format(
      "cyclescope: note: the tables in '{}' are replaced: {}; results of points are kept, and the options of before "
      "bring the tables back",
      directory, losses);
  std::fputs((one_line(line) + "\n").c_str(), stderr);
}

}  // namespace cyclescope::run
