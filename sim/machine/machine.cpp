#include "sim/machine/machine.h"

#include <algorithm>

#include "sim/base/error.h"
#include "sim/kernel/module.h"

namespace cyclescope::machine {
namespace {

/// Throws InputError for a state that is neither.
bool is_steady(const RunOptions& options) {
  if (options.initial_state == "steady") return true;
  if (options.initial_state == "cold") return false;
  throw InputError("unknown initial state '" + options.initial_state + "': expected steady or cold");
}

}  // namespace

void execute(Machine& machine, ledger::Ledger& ledger, const RunOptions& options) {
  const bool steady = is_steady(options);
  if (steady) {  // the first of two inferences only leaves its state behind
    ledger.enable(false);
    machine.run_frame(false);
    ledger.enable(options.ledgers);
  }
  machine.run_frame(steady);
}

std::vector<ServedFrame> serve(Machine& machine, ledger::Ledger& ledger, const RunOptions& options,
                               const std::vector<Femtoseconds>& arrivals) {
  if (!std::is_sorted(arrivals.begin(), arrivals.end())) throw InternalError("frames that arrive in the past");
  bool warm = is_steady(options);
  ledger.enable(false);
  if (warm) machine.run_frame(false);
  const Femtoseconds origin = kernel::now();
  std::vector<ServedFrame> served;
  for (const Femtoseconds arrival : arrivals) {
    kernel::advance_to(origin + arrival);
    machine.run_frame(warm);
    warm = true;
    served.push_back({arrival, machine.frame().start - origin, machine.frame().end.at - origin});
  }
  return served;
}

}  // namespace cyclescope::machine
