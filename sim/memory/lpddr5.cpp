// LPDDR5 / LPDDR5X in bank-group mode. One double-data-rate command bus: one command per clock, ACT-1 and ACT-2 two.
// Source: JESD209-5B as Ramulator 2 `lpddr5` states it.
// Not modelled: the CAS command that starts WCK (WCK always on), clocks between ACT-1 and ACT-2.
#include "sim/memory/technology.h"

namespace cyclescope::memory {

ConstraintTable lpddr5_table(const TimingClocks& t) {
  ConstraintTable table;
  table.rules = join({common_rules(t), per_bank_refresh_rules(t), precharge_rules(t)});
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW"}};
  table.forms[static_cast<std::size_t>(Command::ACT)].slot = 2;
  return table;
}

}  // namespace cyclescope::memory
