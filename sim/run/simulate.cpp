#include "sim/run/simulate.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/version.h"

namespace cyclescope::run {

results::RunResult simulate(const Request& request) {
  results::RunResult result =
      request.platform.family->run(request.trace.graph, request.platform.settings, request.options);
  result.platform = request.platform.name;
  result.version = kVersion;
  for (const auto& [key, setting] : request.platform.settings.all()) result.settings[key] = setting.text;
  result.overrides = overrides_of(request);
  return result;
}

std::map<std::string, std::string> overrides_of(const Request& request) {
  std::map<std::string, std::string> overrides;
  for (const auto& [key, setting] : request.platform.settings.all()) {
    if (setting.set_where == "--set") overrides[key] = setting.text;
  }
  return overrides;
}

void check_laws(const results::RunResult& result) {
  const auto broken =
      std::find_if(result.laws.begin(), result.laws.end(), [](const results::LawResult& law) { return !law.holds; });
  if (broken == result.laws.end()) return;
  throw CheckFailed(
      fmt::format("{} on {}: law '{}' is broken: {}", result.model, result.platform, broken->name, broken->detail));
}

std::string log_path(const std::string& out) { return out + ".log"; }

void save(const results::RunResult& result, const RunLog& log, const std::string& out) {
  results::AtomicFile log_file(log_path(out));
  log_file.write(log.text());
  results::write(result, out);
  log_file.commit();
}

}  // namespace cyclescope::run
