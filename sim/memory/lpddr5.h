// LPDDR5 / LPDDR5X in bank-group mode: its constraint table.
//
// Source: the rules are those of JESD209-5B as public simulators state them (Ramulator 2 `lpddr5`, DRAMSys); the clocks
// come resolved from the part file (configs/memory).
// Not modelled: the CAS command that starts WCK, ACT-1/ACT-2 as two slots (one slot per command), power-down,
// self-refresh, refresh management (RFM), temperature-scaled refresh.
#pragma once

#include "sim/memory/timing.h"

namespace cyclescope::memory {

/// Timing parameters in memory clocks, JEDEC names.
struct TimingClocks {
  Tick burst = 0;  ///< data bus clocks per burst, BL/n
  Tick RL = 0;
  Tick WL = 0;
  Tick tRCD = 0;
  Tick tRP = 0;    ///< per bank
  Tick tRPab = 0;  ///< all banks
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
  Tick tREFI = 0;
  Tick tRFCab = 0;
  Tick tRFCpb = 0;
  Tick tPBR2ACT = 0;
  Tick tPBR2PBR = 0;
};

ConstraintTable lpddr5_table(const TimingClocks& t);

}  // namespace cyclescope::memory
