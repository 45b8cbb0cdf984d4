// Tables of the critical path, shared by the summary of a run and by `explain`.
#pragma once

#include <cstddef>
#include <string>

#include "sim/results/result.h"

namespace cyclescope::run {

/// Cause, cycles, share. The last row is the sum, which is the cycles of the result unless a law is broken.
std::string cause_table(const results::RunResult& result);

/// The `limit` operators with most exposed cycles, then the others and what belongs to none in one row each.
std::string operator_table(const results::RunResult& result, std::size_t limit);

/// Lane, cycles, share.
std::string lane_table(const results::RunResult& result);

}  // namespace cyclescope::run
