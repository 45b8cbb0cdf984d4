// The files of points in a directory: what is there, and what a failed point leaves.
#pragma once

#include <optional>
#include <string>

#include "sim/base/error.h"
#include "sim/run/points.h"

namespace cyclescope::run {

class PointStore {
 public:
  /// The points of `directory`; touches nothing.
  explicit PointStore(const std::string& directory);
  PointStore(const PointStore&) = delete;
  PointStore& operator=(const PointStore&) = delete;
  ~PointStore();

  /// Makes the directory and, unless another process works in it, clears what a killed one left. Throws InputError.
  void open();

  [[nodiscard]] std::string result_path(const std::string& key) const;
  /// The outcome of an earlier process; nothing when there is none or its file is damaged.
  [[nodiscard]] std::optional<PointOutcome> find(const std::string& key) const;
  /// Records a failure that would repeat itself.
  void record(const std::string& key, const Error& error) const;

 private:
  [[nodiscard]] std::string failure_path(const std::string& key) const;
  void clear_temporaries() const;

  std::string directory_;
  int lock_ = -1;
};

}  // namespace cyclescope::run
