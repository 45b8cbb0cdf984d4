// The hash that names the files of a point.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "sim/run/points.h"
#include "sim/run/version.h"

namespace cyclescope::run {

/// Hexadecimal SHA-1 of bytes.
std::string sha1(const std::string& bytes);

/// Keys of many points; reads each trace once.
class PointKeys {
 public:
  /// `sources`: hash of the program's sources.
  explicit PointKeys(std::string sources = source_hash()) : sources_(std::move(sources)) {}
  /// As point_key().
  std::string of(const PointSpec& spec);

 private:
  std::string sources_;
  std::map<std::string, std::string> traces_;  ///< path -> hash of its content
};

}  // namespace cyclescope::run
