// The critical path of a result, added up in several ways. Displayed cycles telescope: every way sums to the cycles of
// the result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/results/result.h"

namespace cyclescope::run {

/// Critical cycles of one cause, operator or lane.
struct Share {
  std::string name;
  std::int64_t cycles = 0;
};

/// Largest first, then by name (operators and lanes: by index).
std::vector<Share> by_cause(const results::RunResult& result);
std::vector<Share> by_lane(const results::RunResult& result);

/// As above, with the index of the operator; -1 for time on the path that belongs to none.
struct OperatorShare {
  std::int32_t op = -1;
  std::int64_t cycles = 0;
};
std::vector<OperatorShare> by_operator(const results::RunResult& result);

/// Name of an operator of the result; `(no operator)` for -1.
std::string operator_name(const results::RunResult& result, std::int32_t op);

}  // namespace cyclescope::run
