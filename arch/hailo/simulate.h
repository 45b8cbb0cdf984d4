// A network through a chip: plan, simulation, result.
#pragma once

#include "sim/machine/family.h"

namespace cyclescope::hailo {

/// What Family::run promises. The interval of a plan of one context is that of a stream of frames (machine.h); of several
/// contexts the latency over the batch.
results::RunResult simulate(const workloads::Graph& graph, const config::Settings& settings,
                            const machine::RunOptions& options);

}  // namespace cyclescope::hailo
