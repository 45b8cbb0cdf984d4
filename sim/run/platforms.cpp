#include "sim/run/platforms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <system_error>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/config/ini.h"
#include "sim/run/directories.h"
#include "sim/run/estimator.h"
#include "sim/run/registry.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFamilyKey = "platform.family";
constexpr const char* kEstimator = "@estimator";
constexpr const char* kDescriptionKey = "platform.description";

/// Raw values of a file and, below them, of the files it names as base.
std::map<std::string, std::string> scan(const std::string& path, int depth) {
  constexpr int kDeepest = 16;
  if (depth > kDeepest) {
    throw InputError(fmt::format("{}: more than {} levels of base files; expected no cycle", path, kDeepest));
  }
  std::map<std::string, std::string> values;
  std::string bases;
  for (const config::IniLine& line : config::read_ini(path)) {
    if (line.key == "base") {
      bases = line.value;
    } else {
      values[line.key] = config::trim(line.value.substr(0, line.value.find('|')));
    }
  }
  std::istringstream names(bases);
  std::map<std::string, std::string> inherited;
  for (std::string name; names >> name;) {
    for (const auto& [key, value] : scan((fs::path(path).parent_path() / name).string(), depth + 1)) {
      inherited[key] = value;
    }
  }
  values.merge(inherited);
  return values;
}

bool is_path(const std::string& platform) {
  return platform.find('/') != std::string::npos || fs::path(platform).extension() == ".ini";
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::binary_search(names.begin(), names.end(), name);
}

/// Stems of the INI files of a directory, sorted.
std::vector<std::string> stems(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".ini") names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string path_in(const std::string& directory, const std::string& name) {
  return (fs::path(directory) / (name + ".ini")).string();
}

}  // namespace

std::vector<std::string> platform_names() { return stems(platform_directory()); }

std::vector<std::string> estimator_names() {
  std::vector<std::string> names = stems(estimator_directory());
  for (std::string& name : names) name += kEstimator;
  return names;
}

PlatformFile find_platform(const std::string& platform) {
  PlatformFile file;
  file.path = platform;
  if (!is_path(platform)) {
    std::vector<std::string> names = platform_names();
    const std::vector<std::string> hypothetical = estimator_names();
    if (contains(hypothetical, platform)) {
      file.hypothetical = true;
      file.path = path_in(estimator_directory(), platform.substr(0, platform.find(kEstimator)));
    } else if (contains(names, platform)) {
      file.path = path_in(platform_directory(), platform);
    } else {
      names.insert(names.end(), hypothetical.begin(), hypothetical.end());
      throw InputError(fmt::format("unknown platform '{}'{}; expected an INI file or one of {}", platform,
                                   suggestion(platform, names), fmt::join(names, ", ")));
    }
  }
  file.name = file.hypothetical ? platform + " (hypothetical)" : fs::path(file.path).stem().string();
  std::map<std::string, std::string> values = scan(file.path, 0);
  file.family = values[kFamilyKey];
  file.description = values[kDescriptionKey];
  return file;
}

Platform load_platform(const std::string& platform, const std::vector<std::string>& overrides, Precision precision,
                       const std::map<std::string, std::string>& typed) {
  const PlatformFile file = find_platform(platform);
  const machine::Family* family = find_family(file.family);
  if (family == nullptr) {
    std::vector<std::string> known;
    for (const machine::Family* candidate : families()) known.push_back(candidate->name());
    throw InputError(
        fmt::format("{}: {} = '{}'; expected one of {}", file.path, kFamilyKey, file.family, fmt::join(known, ", ")));
  }
  config::Schema schema = family->schema();
  if (!file.hypothetical) return {file.name, family, config::resolve(schema, file.path, overrides, {}, typed), false};
  declare_estimator(schema);
  const config::Settings settings = config::resolve(schema, file.path, overrides, {}, typed);
  const std::vector<config::Computed> replaced =
      estimator_settings(settings, family->quarter_macs(settings, precision), precision);
  return {file.name, family, config::resolve(schema, file.path, overrides, replaced, typed), true};
}

}  // namespace cyclescope::run
