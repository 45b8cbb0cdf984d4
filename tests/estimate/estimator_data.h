// The data of configs/estimator, read once per test.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "sim/estimate/constants.h"
#include "sim/estimate/operator_lists.h"
#include "sim/estimate/published.h"

namespace cyclescope::estimate {

inline std::string data_directory() { return std::string(CYCLESCOPE_SOURCE_DIR) + "/configs/estimator"; }

inline std::vector<PublishedResult> published(ResultVariant variant) {
  std::vector<PublishedResult> rows;
  for (const PublishedResult& row : read_published_results(data_directory())) {
    if (row.variant == variant) rows.push_back(row);
  }
  return rows;
}

/// Constants of all platforms by name.
inline std::map<std::string, BranesPlatform> all_platforms() {
  std::map<std::string, BranesPlatform> platforms;
  for (const std::string& name : estimator_platforms(data_directory())) {
    platforms[name] = load_estimator_constants(data_directory(), name);
  }
  return platforms;
}

}  // namespace cyclescope::estimate
