#include "sim/results/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::results {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw InputError(
        fmt::format("cannot write '{}': it exists and is no regular file; expected the name of a file", path_));
  }
  const fs::path target(path_);
  if (!target.has_filename()) fail(EISDIR);
  temporary_ = (target.parent_path() / fmt::format(".{}.{}.tmp", target.filename().string(), getpid())).string();
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) {
    const int error = errno;
    temporary_.clear();
    fail(error);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  if (fsync(descriptor_) != 0) fail(errno);
  const int closing = std::exchange(descriptor_, -1);
  if (close(closing) != 0) fail(errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(errno);
  temporary_.clear();
}

void AtomicFile::fail(int error) const {
  throw InputError(fmt::format("cannot write '{}': {}; expected a file in a writable directory with space", path_,
                               std::strerror(error)));
}

void write_file(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void check_writable(const std::string& path) { const AtomicFile probe(path); }

std::string read_file(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw InputError(fmt::format("{}: cannot open; expected a file", path));
  std::ifstream stream(path, std::ios::binary);
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(fs::file_size(path, error)));
  if (error || !stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw InputError(fmt::format("{}: cannot read; expected a readable file", path));
  }
  return bytes;
}

}  // namespace cyclescope::results
