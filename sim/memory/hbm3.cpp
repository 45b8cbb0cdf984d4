// HBM3. Row and column commands have a bus each, shared by the two pseudo-channels of a channel. Ticks are half clocks:
// ACT takes a clock and a half from a rising edge, precharges and refreshes half a clock on either edge, column commands
// one clock from a rising edge. Stack ids are ranks.
// Source: JESD238 as Ramulator 2 `hbm3` states it.
#include "sim/memory/technology.h"

namespace cyclescope::memory {

ConstraintTable hbm3_table(const TimingClocks& t) {
  ConstraintTable table;
  table.rules = join({common_rules(t), per_bank_refresh_rules(t), precharge_rules(t)});
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW"}};
  table.forms[static_cast<std::size_t>(Command::ACT)] = {3, 2, Bus::row};
  table.forms[static_cast<std::size_t>(Command::RD)] = {2, 2, Bus::column};
  table.forms[static_cast<std::size_t>(Command::WR)] = {2, 2, Bus::column};
  return table;
}

}  // namespace cyclescope::memory
