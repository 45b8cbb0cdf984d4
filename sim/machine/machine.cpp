#include "sim/machine/machine.h"

namespace cyclescope::machine {

void execute(Machine& machine, ledger::Ledger& ledger, const RunOptions& options) {
  const bool steady = options.initial_state == "steady";
  if (!steady && options.initial_state != "cold") {
    throw InputError("unknown initial state '" + options.initial_state + "': expected steady or cold");
  }
  if (steady) {  // the first of two inferences only leaves its state behind
    ledger.enable(false);
    machine.run_frame(false);
    ledger.enable(options.ledgers);
  }
  machine.run_frame(steady);
}

}  // namespace cyclescope::machine
