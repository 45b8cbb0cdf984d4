// Where results of points go: a directory of the user, or one that goes away.
#pragma once

#include <optional>
#include <string>

namespace cyclescope::run {

class PointDirectory {
 public:
  /// Makes the directory, or one for temporary files. Throws InputError.
  explicit PointDirectory(const std::optional<std::string>& wanted);
  PointDirectory(const PointDirectory&) = delete;
  PointDirectory& operator=(const PointDirectory&) = delete;
  ~PointDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool kept() const { return kept_; }

 private:
  bool kept_;
  std::string path_;
};

}  // namespace cyclescope::run
