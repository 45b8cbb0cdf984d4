// From the ledger of a finished frame to a result: path, lanes, energy, bytes, and the laws every machine obeys.
#pragma once

#include "sim/ledger/ledger.h"
#include "sim/machine/machine.h"
#include "sim/results/result.h"

namespace cyclescope::machine {

/// Fills makespan, cycles, critical_path, path, exposed cycles per operator, lanes, traffic and energy. The operators
/// must be there already, in the order of the ledger's operator indices.
void report(const ledger::Ledger& ledger, const Frame& frame, results::RunResult& result);

/// Checks what can be checked on one run (design: the laws) and appends to result.laws: roofline, MACs, bytes
/// conserved, compulsory bytes, time and capacity ledgers closed, path closed, no free operator.
void check_laws(const ledger::Ledger& ledger, results::RunResult& result);

}  // namespace cyclescope::machine
