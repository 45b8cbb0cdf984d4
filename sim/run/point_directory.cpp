#include "sim/run/point_directory.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "sim/base/error.h"

namespace cyclescope::run {

namespace fs = std::filesystem;

PointDirectory::PointDirectory(const std::optional<std::string>& wanted) : kept_(wanted.has_value()) {
  std::error_code error;
  if (kept_) {
    path_ = *wanted;
    fs::create_directories(path_, error);
    if (error || !fs::is_directory(path_)) {
      throw InputError(fmt::format("--out '{}': cannot create it; expected a directory", path_));
    }
    return;
  }
  path_ = (fs::temp_directory_path(error) / "cyclescope-points-XXXXXX").string();
  if (error || mkdtemp(path_.data()) == nullptr) {
    throw InputError(fmt::format("cannot create '{}': expected a writable directory for temporary files", path_));
  }
}

PointDirectory::~PointDirectory() {
  std::error_code ignored;
  if (!kept_) fs::remove_all(path_, ignored);
}

}  // namespace cyclescope::run
