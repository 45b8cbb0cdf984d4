// The laws, recomputed from a result alone: nothing of what the program checked about itself is taken over.
#pragma once

#include <string>

#include "sim/results/result.h"
#include "workloads/graph.h"

namespace cyclescope::contract {

/// Every law that the program checked held, and there were some.
void check_reported_laws(const results::RunResult& result);

/// Lanes, capacity, path, exposed cycles, bytes, MACs and roofline of `result`, a run of `graph`.
void check_laws(const workloads::Graph& graph, const results::RunResult& result);

/// Whether the reported law whose name contains `words` held; fails the test when there is no such law.
bool holds(const results::RunResult& result, const std::string& words);

/// True when any reported law is broken.
bool any_broken(const results::RunResult& result);

/// Cycles of a cause on the critical path.
std::int64_t on_path(const results::RunResult& result, const std::string& cause);

/// Sum of femtoseconds that the lanes of a kind (`array`) spent in a leaf.
Femtoseconds in_lanes(const results::RunResult& result, const std::string& kind, ledger::Leaf leaf);

/// `result` with one step for the critical path: what is left does not depend on which of several equally long chains
/// was followed.
results::RunResult without_path(results::RunResult result);

}  // namespace cyclescope::contract
