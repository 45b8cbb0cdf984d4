// From the ledger of a finished frame to a result: path, lanes, energy, bytes, and the laws every machine obeys.
#pragma once

#include "sim/ledger/ledger.h"
#include "sim/machine/machine.h"
#include "sim/results/result.h"

namespace cyclescope::machine {

/// Fills makespan, cycles, critical_path, path, exposed cycles per operator, lanes, traffic and energy. The operators
/// must be there already, with their external bytes, in the order of the ledger's operator indices. An operator has the
/// energy of the actions that were counted for it; of external memory, which knows no operators, in proportion to its
/// external bytes; of constant powers for its time on the critical path. What is left belongs to none.
void report(const ledger::Ledger& ledger, const Frame& frame, results::RunResult& result);

/// Checks what can be checked on one run (design: the laws) and appends to result.laws: roofline, MACs, bytes
/// conserved, compulsory bytes, time and capacity ledgers closed, path closed, no free operator.
void check_laws(const ledger::Ledger& ledger, results::RunResult& result);

}  // namespace cyclescope::machine
