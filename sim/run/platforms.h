// Platforms: one INI file each, whose key platform.family says which family's schema the rest follows; and for some of
// them a hypothetical NAME@estimator (estimator.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/config/settings.h"
#include "sim/machine/family.h"

namespace cyclescope::run {

/// A platform file as far as it is known before its schema.
struct PlatformFile {
  std::string name;  ///< as printed: `kpu-t64`, `kpu-t64@estimator (hypothetical)`
  std::string path;
  std::string family;
  std::string description;
  bool hypothetical = false;  ///< an @estimator machine
};

/// A resolved platform.
struct Platform {
  std::string name;
  const machine::Family* family = nullptr;
  config::Settings settings;
  bool hypothetical = false;
};

/// Names in the platform directory, sorted.
std::vector<std::string> platform_names();

/// Names of the hypothetical machines, sorted: `kpu-t64@estimator`.
std::vector<std::string> estimator_names();

/// `platform` is one of these names or, with a slash or the ending `.ini`, a path. Throws InputError.
PlatformFile find_platform(const std::string& platform);

/// Finds and resolves; `overrides` are those of --set and win. Only an @estimator machine depends on `precision`: its
/// clock follows from it and from the settings, unless --set gives the clock. `typed` as of config::resolve. Throws
/// InputError, NotModelled.
Platform load_platform(const std::string& platform, const std::vector<std::string>& overrides,
                       Precision precision = Precision::int8, const std::map<std::string, std::string>& typed = {});

}  // namespace cyclescope::run
