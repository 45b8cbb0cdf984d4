// One simulation, from a request to a checked result; `run` and the points of sweeps share it.
#pragma once

#include <map>
#include <string>

#include "sim/results/result.h"
#include "sim/run/request.h"
#include "sim/run/run_log.h"

namespace cyclescope::run {

/// Simulates and fills in platform, version, settings and overrides. One call per process. Throws what the family does.
results::RunResult simulate(const Request& request);

/// Settings that the command line changed, key -> value with unit.
std::map<std::string, std::string> overrides_of(const Request& request);

/// Throws CheckFailed naming the first law that does not hold.
void check_laws(const results::RunResult& result);

/// `out`.log
std::string log_path(const std::string& out);

/// Writes the result to `out` and the log beside it; both are complete before either gets its name. Throws InputError.
void save(const results::RunResult& result, const RunLog& log, const std::string& out);

}  // namespace cyclescope::run
