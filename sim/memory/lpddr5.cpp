#include "sim/memory/lpddr5.h"

namespace cyclescope::memory {

ConstraintTable lpddr5_table(const TimingClocks& t) {
  using C = Command;
  const Tick write = t.WL + t.burst;  // WR to its last data
  ConstraintTable table;
  table.rules = {
      // row commands
      {Level::bank, C::ACT, C::RD, t.tRCD, "tRCD"},
      {Level::bank, C::ACT, C::WR, t.tRCD, "tRCD"},
      {Level::bank, C::ACT, C::PRE, t.tRAS, "tRAS"},
      {Level::channel, C::ACT, C::PREab, t.tRAS, "tRAS"},
      {Level::bank, C::ACT, C::ACT, t.tRC, "tRC"},
      {Level::bank_group, C::ACT, C::ACT, t.tRRD_L, "tRRD_L"},
      {Level::channel, C::ACT, C::ACT, t.tRRD_S, "tRRD_S"},
      {Level::channel, C::ACT, C::REFpb, t.tRRD_S, "tRRD_S"},
      {Level::bank, C::PRE, C::ACT, t.tRP, "tRPpb"},
      {Level::bank, C::PRE, C::REFpb, t.tRP, "tRPpb"},
      {Level::channel, C::PRE, C::REFab, t.tRP, "tRPpb"},
      {Level::channel, C::PRE, C::PRE, t.tPPD, "tPPD"},
      {Level::channel, C::PRE, C::PREab, t.tPPD, "tPPD"},
      {Level::channel, C::PREab, C::ACT, t.tRPab, "tRPab"},
      {Level::channel, C::PREab, C::REFpb, t.tRPab, "tRPab"},
      {Level::channel, C::PREab, C::REFab, t.tRPab, "tRPab"},
      // column commands
      {Level::channel, C::RD, C::RD, t.tCCD_S, "tCCD_S"},
      {Level::bank_group, C::RD, C::RD, t.tCCD_L, "tCCD_L"},
      {Level::channel, C::WR, C::WR, t.tCCD_S, "tCCD_S"},
      {Level::bank_group, C::WR, C::WR, t.tCCD_L, "tCCD_L"},
      {Level::channel, C::RD, C::WR, t.tRTW, "tRTW"},
      {Level::channel, C::WR, C::RD, write + t.tWTR_S, "WL + BL/n + tWTR_S"},
      {Level::bank_group, C::WR, C::RD, write + t.tWTR_L, "WL + BL/n + tWTR_L"},
      {Level::bank, C::RD, C::PRE, t.tRTP, "tRTP"},
      {Level::channel, C::RD, C::PREab, t.tRTP, "tRTP"},
      {Level::bank, C::WR, C::PRE, write + t.tWR, "WL + BL/n + tWR"},
      {Level::channel, C::WR, C::PREab, write + t.tWR, "WL + BL/n + tWR"},
      // refresh
      {Level::bank, C::REFpb, C::ACT, t.tRFCpb, "tRFCpb"},
      {Level::channel, C::REFpb, C::REFab, t.tRFCpb, "tRFCpb"},
      {Level::channel, C::REFpb, C::ACT, t.tPBR2ACT, "tPBR2ACT"},
      {Level::channel, C::REFpb, C::REFpb, t.tPBR2PBR, "tPBR2PBR"},
      {Level::channel, C::REFab, C::ACT, t.tRFCab, "tRFCab"},
      {Level::channel, C::REFab, C::REFpb, t.tRFCab, "tRFCab"},
      {Level::channel, C::REFab, C::REFab, t.tRFCab, "tRFCab"},
  };
  table.windows = {{C::ACT, 4, t.tFAW, "tFAW"}};
  return table;
}

}  // namespace cyclescope::memory
