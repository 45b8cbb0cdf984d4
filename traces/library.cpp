#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/error.h"
#include "traces/reader.h"

namespace cyclescope::traces {

namespace fs = std::filesystem;

std::string resolve_model(const std::string& model, const std::string& library_directory) {
  const std::vector<std::string> names = library(library_directory);
  if (std::binary_search(names.begin(), names.end(), model)) {
    return (fs::path(library_directory) / (model + ".h5")).string();
  }
  std::error_code error;
  if (fs::is_regular_file(model, error)) return model;
  throw InputError(
      fmt::format("model '{}' is neither a trace file nor in the library '{}': expected a path or one of {}", model,
                  library_directory, names.empty() ? "(empty)" : fmt::format("{}", fmt::join(names, ", "))));
}

std::vector<std::string> library(const std::string& library_directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(library_directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".h5") names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cyclescope::traces
