#include "sim/run/directories.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

bool holds_data(const fs::path& root) {
  std::error_code ignored;
  return fs::is_directory(root / "configs" / "platforms", ignored);
}

/// The directory above sim/run/ at the time of compilation.
fs::path compiled_root() { return fs::path(__FILE__).parent_path().parent_path().parent_path(); }

fs::path executable_root() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path().parent_path();
}

}  // namespace

std::string root_directory() {
  if (const char* set = std::getenv("CYCLESCOPE_ROOT"); set != nullptr && *set != '\0') {
    if (holds_data(set)) return set;
    throw InputError("CYCLESCOPE_ROOT=" + std::string(set) + ": no data there; expected it to hold configs/platforms");
  }
  for (const fs::path& root : {compiled_root(), executable_root()}) {
    if (holds_data(root)) return root.string();
  }
  throw InputError("cannot find the data directory; expected CYCLESCOPE_ROOT to name one that holds configs/platforms");
}

std::string platform_directory() { return (fs::path(root_directory()) / "configs" / "platforms").string(); }

std::string estimator_directory() { return (fs::path(root_directory()) / "configs" / "estimator").string(); }

std::string claims_directory() { return (fs::path(root_directory()) / "configs" / "claims").string(); }

std::string measured_directory() { return (fs::path(root_directory()) / "configs" / "measured").string(); }

std::string matrix_file() { return (fs::path(root_directory()) / "configs" / "matrix.ini").string(); }

std::string library_directory() { return (fs::path(root_directory()) / "traces" / "library").string(); }

}  // namespace cyclescope::run
