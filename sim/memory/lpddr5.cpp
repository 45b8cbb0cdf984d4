// LPDDR5 / LPDDR5X in bank-group mode. One double-data-rate command bus: one command per clock, ACT-1 and ACT-2 count as one,
// for ACT-2 fits into the free clock beside a column command.
// Source: JESD209-5B as Ramulator 2 `lpddr5` states it.
// Not modelled: the CAS command that starts WCK (WCK always on), the slot of ACT-2.
#include "sim/memory/technology.h"

namespace cyclescope::memory {

ConstraintTable lpddr5_table(const TimingClocks& t) {
  ConstraintTable table;
  table.rules = join({common_rules(t), per_bank_refresh_rules(t), precharge_rules(t)});
  for (TimingRule& rule : table.rules) {
    const bool turn = rule.preceding == Command::WR && rule.following == Command::RD;
    if (!turn || rule.level != Level::bank_group) continue;
    rule.clocks = t.WL + t.tCCD_L + t.tWTR_L;  // BL/n_max is the column cycle of a bank group
    rule.parameter = "WL + BL/n_max + tWTR_L";
  }
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW"}};
  return table;
}

}  // namespace cyclescope::memory
