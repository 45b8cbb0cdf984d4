// A file that appears under its final name complete, or not at all: it is written under a temporary name in the same
// directory and renamed.
#pragma once

#include <string>
#include <string_view>

namespace cyclescope::results {

/// Errors are InputError: the file, what the system said, and what was expected.
class AtomicFile {
 public:
  /// Creates the temporary file. Refuses a `path` that exists and is no regular file.
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the temporary file unless it was committed.
  ~AtomicFile();

  void write(std::string_view bytes);
  /// Brings the bytes to the disk and gives the file its final name.
  void commit();

 private:
  [[noreturn]] void fail(int error) const;

  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

/// Writes a whole file; it is complete when it gets its name. Throws InputError.
void write_file(const std::string& path, std::string_view bytes);

/// Throws InputError unless a file could be created at `path` now. Leaves nothing behind.
void check_writable(const std::string& path);

/// All bytes of a regular file. Throws InputError.
std::string read_file(const std::string& path);

}  // namespace cyclescope::results
