// LPDDR4 / LPDDR4X: no bank groups (the part states tCCD_L = tCCD_S). One single-data-rate command bus: ACT and the
// column commands are two parts of two clocks each, PRE and REF one part.
// Source: JESD209-4 as DRAMSys states it (command lengths, tPPD, REFpb of one bank).
// Not modelled: the two parts of a command are sent back to back; times count from the first clock.
#include "sim/memory/technology.h"

namespace cyclescope::memory {

ConstraintTable lpddr4_table(const TimingClocks& t) {
  ConstraintTable table;
  table.rules = join({common_rules(t), per_bank_refresh_rules(t), precharge_rules(t)});
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW"}};
  table.forms.fill({2, 1, Bus::row});
  for (const Command command : {Command::ACT, Command::RD, Command::WR}) {
    table.forms[static_cast<std::size_t>(command)].slot = 4;
  }
  return table;
}

}  // namespace cyclescope::memory
