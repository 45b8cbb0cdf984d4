// What the tables of a directory cover. A second command into the directory replaces them, so it says first which rows
// they lose and which settings of all rows change; results of points are kept whatever the tables cover.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cyclescope::run {

struct Coverage {
  std::vector<std::pair<std::string, std::string>> settings;  ///< of all rows, as `target` and `10.00 ms`
  std::vector<std::string> rows;                              ///< labels
};

/// What `here` takes out of the tables that cover `there`, or changes for all of them:
/// `4 of 8 rows are not covered any more, the first 'kpu-t64 vit_b_16 int8 steady'; target was 10.00 ms and is 33.33 ms`.
/// Empty when all rows and settings stay. Both have the same settings, in the same order.
std::string losses(const Coverage& there, const Coverage& here);

/// Tells the losses of the tables of `directory` on standard error, in one line; nothing without any.
void tell_losses(const std::string& directory, const std::string& losses);

}  // namespace cyclescope::run
