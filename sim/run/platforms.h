// Platforms: one INI file each, whose key platform.family says which family's schema the rest follows.
#pragma once

#include <string>
#include <vector>

#include "sim/config/settings.h"
#include "sim/machine/family.h"

namespace cyclescope::run {

/// A platform file as far as it is known before its schema.
struct PlatformFile {
  std::string name;
  std::string path;
  std::string family;
  std::string description;
};

/// A resolved platform.
struct Platform {
  std::string name;
  const machine::Family* family = nullptr;
  config::Settings settings;
};

/// Names in the platform directory, sorted.
std::vector<std::string> platform_names();

/// `platform` is a name in the platform directory or, with a slash or the ending `.ini`, a path. Throws InputError.
PlatformFile find_platform(const std::string& platform);

/// Finds and resolves; `overrides` are those of --set. Throws InputError.
Platform load_platform(const std::string& platform, const std::vector<std::string>& overrides);

}  // namespace cyclescope::run
