// From a result and its trace to the units of a split (sim/estimate/split.h): which operators of the estimator stand
// against which operators of the machine, and what each took.
#pragma once

#include <string>
#include <vector>

#include "sim/estimate/split.h"
#include "sim/results/result.h"
#include "workloads/fusion.h"
#include "workloads/graph.h"

namespace cyclescope::run {

/// What tables say of a unit beside its split.
struct UnitFacts {
  std::string members;     ///< names of the operators of the trace, in its order, separated by spaces
  std::string bound;       ///< cause with most time of it on the critical path; `view`, or `hidden` when it has none
  std::int64_t ops = 0;    ///< operations as the estimator counts them
  std::int64_t bytes = 0;  ///< bytes as the estimator counts them, FP32
};

struct CheckUnits {
  std::vector<estimate::SplitUnit> units;  ///< in the order of their first operator
  std::vector<UnitFacts> facts;            ///< of the units
  estimate::SplitUnit rest;                ///< what belongs to no operator
};

/// `groups` are what the machine executes as one, in the order of the operators of the result. Time behind the data of
/// another client of external memory (`waiting.arbitration` on a lane `dram...`) is time of its bandwidth here. The
/// compulsory bytes of the state are shared among units in proportion to the bytes that are compulsory for a unit alone
/// at most (its parameters, the inputs and outputs of the network), as far as it moved that many. Throws InputError when
/// the operators of the result are not those of the groups.
CheckUnits check_units(const results::RunResult& result, const workloads::Graph& graph,
                       const std::vector<workloads::FusedGroup>& groups);

}  // namespace cyclescope::run
