// Constraint rows that technologies share. Rows stand by level: bank, bank group, rank, other ranks of the data bus.
#include <algorithm>

#include "sim/memory/technology.h"

namespace cyclescope::memory {

using C = Command;

std::vector<TimingRule> common_rules(const TimingClocks& t) {
  const Tick write = t.WL + t.burst;  // WR to its last data
  return {
      {Level::bank, C::ACT, C::RD, t.tRCD, "tRCD"},
      {Level::bank, C::ACT, C::WR, t.tRCD_WR, "tRCD_WR"},
      {Level::bank, C::ACT, C::PRE, t.tRAS, "tRAS"},
      {Level::bank, C::ACT, C::ACT, t.tRC, "tRC"},
      {Level::bank, C::PRE, C::ACT, t.tRP, "tRP"},
      {Level::bank, C::RD, C::PRE, t.tRTP, "tRTP"},
      {Level::bank, C::WR, C::PRE, write + t.tWR, "WL + BL/n + tWR"},

      {Level::bank_group, C::ACT, C::ACT, t.tRRD_L, "tRRD_L"},
      {Level::bank_group, C::RD, C::RD, t.tCCD_L, "tCCD_L"},
      {Level::bank_group, C::WR, C::WR, t.tCCD_L, "tCCD_L"},
      {Level::bank_group, C::WR, C::RD, write + t.tWTR_L, "WL + BL/n + tWTR_L"},

      {Level::rank, C::ACT, C::ACT, t.tRRD_S, "tRRD_S"},
      {Level::rank, C::RD, C::RD, t.tCCD_S, "tCCD_S"},
      {Level::rank, C::WR, C::WR, t.tCCD_S, "tCCD_S"},
      {Level::rank, C::RD, C::WR, t.tRTW, "tRTW"},
      {Level::rank, C::WR, C::RD, write + t.tWTR_S, "WL + BL/n + tWTR_S"},
      {Level::rank, C::ACT, C::PREab, t.tRAS, "tRAS"},
      {Level::rank, C::RD, C::PREab, t.tRTP, "tRTP"},
      {Level::rank, C::WR, C::PREab, write + t.tWR, "WL + BL/n + tWR"},
      {Level::rank, C::PREab, C::ACT, t.tRPab, "tRPab"},
      {Level::rank, C::PRE, C::REFab, t.tRP, "tRP"},
      {Level::rank, C::PREab, C::REFab, t.tRPab, "tRPab"},
      {Level::rank, C::REFab, C::ACT, t.tRFCab, "tRFCab"},
      {Level::rank, C::REFab, C::REFab, t.tRFCab, "tRFCab"},

      {Level::other_rank, C::RD, C::RD, t.burst + t.rank_gap, "BL/n + rank gap"},
      {Level::other_rank, C::WR, C::WR, t.burst + t.rank_gap, "BL/n + rank gap"},
      {Level::other_rank, C::RD, C::WR, std::max(t.RL + t.burst + t.rank_gap - t.WL, t.burst),
       "RL + BL/n + rank gap - WL, at least BL/n"},
      {Level::other_rank, C::WR, C::RD, std::max(write + t.rank_gap - t.RL, t.burst),
       "WL + BL/n + rank gap - RL, at least BL/n"},
  };
}

std::vector<TimingRule> per_bank_refresh_rules(const TimingClocks& t) {
  return {
      {Level::bank, C::REFpb, C::ACT, t.tRFCpb, "tRFCpb"},
      {Level::bank, C::PRE, C::REFpb, t.tRP, "tRP"},
      {Level::rank, C::PREab, C::REFpb, t.tRPab, "tRPab"},
      {Level::rank, C::ACT, C::REFpb, t.tRRD_S, "tRRD_S"},
      {Level::rank, C::REFpb, C::ACT, t.tPBR2ACT, "tPBR2ACT"},
      {Level::rank, C::REFpb, C::REFpb, t.tPBR2PBR, "tPBR2PBR"},
      {Level::rank, C::REFpb, C::REFab, t.tRFCpb, "tRFCpb"},
      {Level::rank, C::REFab, C::REFpb, t.tRFCab, "tRFCab"},
  };
}

std::vector<TimingRule> precharge_rules(const TimingClocks& t) {
  return {
      {Level::rank, C::PRE, C::PRE, t.tPPD, "tPPD"},
      {Level::rank, C::PRE, C::PREab, t.tPPD, "tPPD"},
  };
}

}  // namespace cyclescope::memory
