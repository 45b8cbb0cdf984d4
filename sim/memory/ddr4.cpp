// DDR4: one command bus, one command per clock, refresh of whole ranks only.
// Source: JESD79-4 as Ramulator 2 `ddr4` and DRAMsim3 state it.
#include "sim/memory/technology.h"

namespace cyclescope::memory {

ConstraintTable ddr4_table(const TimingClocks& t) {
  ConstraintTable table;
  table.rules = common_rules(t);
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW"}};
  return table;
}

}  // namespace cyclescope::memory
