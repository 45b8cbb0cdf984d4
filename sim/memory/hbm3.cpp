// HBM3. Row and column commands have a bus each, shared by the two pseudo-channels of a channel. Ticks are half clocks:
// ACT takes a clock and a half from a rising edge, precharges and refreshes half a clock on either edge, column commands
// one clock from a rising edge. Stack ids are ranks; they share what is spaced per pseudo-channel (tRRD_S, turnarounds,
// refresh, tFAW), only reads of different ones need a gap (tCCDR).
// Source: JESD238 as Ramulator 2 `hbm3` states it.
#include <algorithm>

#include "sim/memory/technology.h"

namespace cyclescope::memory {
namespace {

using C = Command;

std::vector<TimingRule> stack_id_rules(const TimingClocks& t) {
  return {
      {Level::other_rank, C::RD, C::RD, t.burst + t.rank_gap, "tCCDR"},
      {Level::other_rank, C::WR, C::WR, t.tCCD_S, "tCCD_S"},
      {Level::other_rank, C::RD, C::WR, t.tRTW, "tRTW"},
      {Level::other_rank, C::WR, C::RD, t.WL + t.burst + t.tWTR_S, "WL + BL/n + tWTR_S"},
      {Level::other_rank, C::ACT, C::ACT, t.tRRD_S, "tRRD_S"},
      {Level::other_rank, C::ACT, C::REFpb, t.tRRD_S, "tRRD_S"},
      {Level::other_rank, C::REFpb, C::ACT, t.tPBR2ACT, "tRREFD"},
      {Level::other_rank, C::REFpb, C::REFpb, t.tPBR2PBR, "tRREFD"},
      {Level::other_rank, C::PRE, C::PRE, t.tPPD, "tPPD"},
      {Level::other_rank, C::PRE, C::PREab, t.tPPD, "tPPD"},
      // PREab and REFab go to all stack ids.
      {Level::other_rank, C::ACT, C::PREab, t.tRAS, "tRAS"},
      {Level::other_rank, C::RD, C::PREab, t.tRTP, "tRTP"},
      {Level::other_rank, C::WR, C::PREab, t.WL + t.burst + t.tWR, "WL + BL/n + tWR"},
      {Level::other_rank, C::PREab, C::ACT, t.tRPab, "tRPab"},
      {Level::other_rank, C::PRE, C::REFab, t.tRP, "tRP"},
      {Level::other_rank, C::REFab, C::ACT, t.tRFCab, "tRFCab"},
  };
}

}  // namespace

ConstraintTable hbm3_table(const TimingClocks& t) {
  ConstraintTable table;
  std::vector<TimingRule> common = common_rules(t);
  const auto other_rank = [](const TimingRule& rule) { return rule.level == Level::other_rank; };
  common.erase(std::remove_if(common.begin(), common.end(), other_rank), common.end());
  table.rules = join({common, per_bank_refresh_rules(t), precharge_rules(t), stack_id_rules(t)});
  table.windows = {{Command::ACT, 4, t.tFAW, "tFAW", true}};
  table.forms[static_cast<std::size_t>(Command::ACT)] = {3, 2, Bus::row};
  table.forms[static_cast<std::size_t>(Command::RD)] = {2, 2, Bus::column};
  table.forms[static_cast<std::size_t>(Command::WR)] = {2, 2, Bus::column};
  return table;
}

}  // namespace cyclescope::memory
