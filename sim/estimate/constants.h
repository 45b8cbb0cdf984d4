// Constants of the public estimator: one file DIRECTORY/constants/NAME.ini per platform, every value with unit,
// confidence and source. DIRECTORY is configs/estimator; its own NAME.ini, where there is one, makes the hypothetical
// machine NAME@estimator out of the same constants. What platforms share is in constants/common/.
#pragma once

#include <string>
#include <vector>

#include "sim/config/settings.h"
#include "sim/estimate/branes.h"

namespace cyclescope::estimate {

/// Every precision a platform may have a peak at.
const std::vector<Precision>& estimator_precisions();

/// Key of a constant per precision: `estimator.peak_int8`.
std::string constant_key(const char* what, Precision precision);

/// Declares the keys of a file of constants, all `estimator.*`.
void declare_constants(config::Schema& schema);

/// Constants out of resolved settings. Throws InputError with file and line of the key at fault: a default precision
/// without a peak, no bandwidth, size corrections that do not rise.
BranesPlatform constants_from(const std::string& name, const config::Settings& settings);

/// Names that load_estimator_constants takes, sorted.
std::vector<std::string> estimator_platforms(const std::string& directory);

/// Reads the constants of a platform (`kpu-t64`); `overrides` are `estimator.KEY=VALUE UNIT` and win; `typed` as
/// of config::resolve. Throws InputError: unknown name (the known ones are listed), and as config::resolve and
/// constants_from do.
BranesPlatform load_estimator_constants(const std::string& directory, const std::string& name,
                                        const std::vector<std::string>& overrides = {},
                                        const std::map<std::string, std::string>& typed = {});

}  // namespace cyclescope::estimate
