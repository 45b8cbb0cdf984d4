// HBM2 / HBM2e in pseudo-channel mode. Row and column commands have a bus each, shared by the two pseudo-channels of a
// channel; ACT takes two clocks, all others one.
// Source: JESD235D as Ramulator 2 `hbm2` states it.
#include "sim/memory/technology.h"

namespace cyclescope::memory {

ConstraintTable hbm2_table(const TimingClocks& t) {
  ConstraintTable table;
  table.rules = join({common_rules(t), per_bank_refresh_rules(t)});
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW"}};
  table.forms[static_cast<std::size_t>(Command::ACT)].slot = 2;
  for (const Command command : {Command::RD, Command::WR}) {
    table.forms[static_cast<std::size_t>(command)].bus = Bus::column;
  }
  return table;
}

}  // namespace cyclescope::memory
