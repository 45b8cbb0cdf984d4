// DRAM technologies: each is one function that returns its constraint table, listed here.
//
// Adding one: a file NAME.cpp with its table, a line in technology.cpp, a part file in configs/memory, a test.
// Source: the rules are those of the JEDEC standards as public simulators state them (Ramulator 2, DRAMSys); the clocks
// come resolved from the part file.
// Not modelled in any: power-down, self-refresh, refresh management (RFM), temperature-scaled refresh, on-die ECC.
#pragma once

#include <string>
#include <vector>

#include "sim/memory/timing.h"

namespace cyclescope::memory {

/// Timing parameters in ticks, JEDEC names.
struct TimingClocks {
  Tick burst = 0;  ///< data bus ticks per burst, BL/n
  Tick RL = 0;
  Tick WL = 0;
  Tick tRCD = 0;     ///< ACT to RD
  Tick tRCD_WR = 0;  ///< ACT to WR
  Tick tRP = 0;      ///< per bank
  Tick tRPab = 0;    ///< all banks
  Tick tRAS = 0;
  Tick tRC = 0;
  Tick tRRD_S = 0;
  Tick tRRD_L = 0;
  Tick tFAW = 0;
  Tick tCCD_S = 0;
  Tick tCCD_L = 0;
  Tick tWTR_S = 0;
  Tick tWTR_L = 0;
  Tick tWR = 0;
  Tick tRTP = 0;
  Tick tRTW = 0;  ///< RD to WR
  Tick tPPD = 0;
  Tick rank_gap = 0;  ///< data bus idle between bursts of different ranks
  Tick tREFI = 0;
  Tick tRFCab = 0;
  Tick tRFCpb = 0;
  Tick tPBR2ACT = 0;
  Tick tPBR2PBR = 0;
};

struct Technology {
  const char* name;             ///< value of dram.technology
  Tick ticks_per_clock;         ///< 2 where row commands end on half clocks
  bool refreshes_single_banks;  ///< has REFpb
  bool refreshes_all_ranks;     ///< REFab covers all ranks of the data bus (stack ids), not one
  ConstraintTable (*table)(const TimingClocks& clocks);
};

/// All technologies, in the order of dram.technology's choices.
const std::vector<Technology>& technologies();

ConstraintTable lpddr4_table(const TimingClocks& t);
ConstraintTable lpddr5_table(const TimingClocks& t);
ConstraintTable hbm2_table(const TimingClocks& t);
ConstraintTable hbm3_table(const TimingClocks& t);
ConstraintTable ddr4_table(const TimingClocks& t);

/// Rows that every JEDEC DRAM has: bank, bank group and rank, several ranks, all-bank refresh.
std::vector<TimingRule> common_rules(const TimingClocks& t);
/// Rows of technologies with REFpb.
std::vector<TimingRule> per_bank_refresh_rules(const TimingClocks& t);
/// Rows of technologies that space precharges.
std::vector<TimingRule> precharge_rules(const TimingClocks& t);

/// Several groups of rows as one.
std::vector<TimingRule> join(std::initializer_list<std::vector<TimingRule>> groups);

}  // namespace cyclescope::memory
