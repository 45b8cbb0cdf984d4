// Parameters of an external memory: declaration, resolution into clocks, consistency.
//
// Timing: nanoseconds become memory clocks here, once, rounding up (the refresh interval, an upper limit, down); clocks
// become ticks of the technology.
// Errors: InputError naming the keys that contradict each other.
#pragma once

#include "sim/base/time.h"
#include "sim/config/settings.h"
#include "sim/memory/technology.h"

namespace cyclescope::memory {

/// Declares `dram.*`, `memory.*` and `sim.aggregate`.
void declare(config::Schema& schema);

enum class RefreshMode : std::uint8_t { per_bank, all_bank, off };
enum class Mapping : std::uint8_t { interleaved, row_bank_column, bank_row_column };

/// Prices of one action, attojoules.
struct DramEnergy {
  std::int64_t activate = 0;               ///< ACT and its PRE, one row of one bank
  std::int64_t read = 0;                   ///< core, per burst
  std::int64_t write = 0;                  ///< core, per burst
  std::int64_t io = 0;                     ///< both ends, per burst
  std::int64_t phy = 0;                    ///< controller and PHY logic, per burst
  std::int64_t refresh = 0;                ///< per refresh command of the configured kind
  std::int64_t background_microwatts = 0;  ///< per data bus
};

struct DramConfig {
  Clock clock{1};            ///< of ticks
  Tick ticks_per_clock = 1;  ///< of the memory clock
  TimingClocks timing;
  ConstraintTable table;

  int channels = 0;
  int pseudo_channels = 1;  ///< per channel
  BankGeometry banks;       ///< of one pseudo-channel
  std::int64_t burst_bytes = 0;
  std::int64_t row_bytes = 0;
  std::int64_t rows = 0;
  std::int64_t granule = 0;
  Mapping mapping = Mapping::interleaved;
  bool hash = true;

  RefreshMode refresh = RefreshMode::per_bank;
  int refresh_banks = 0;      ///< banks covered by one refresh command of the configured kind
  Tick refresh_interval = 0;  ///< between due refresh commands of one pseudo-channel
  int refresh_postpone = 0;   ///< due commands that may be put off before one is forced

  int read_queue = 0;   ///< bursts
  int write_queue = 0;  ///< bursts
  int write_high = 0;
  int write_low = 0;
  int direction_batch = 0;              ///< bursts a direction keeps when both wait
  Tick write_age = 0;                   ///< a waiting write this old starts a drain
  Tick starvation_limit = 0;            ///< a request this old goes first
  bool auto_precharge = true;           ///< when only other rows of the bank are waited for
  int row_hit_cap = 0;                  ///< younger hits that may pass an older request for another row
  Tick row_idle = 0;                    ///< an unused open row is closed after this
  Femtoseconds controller_latency = 0;  ///< each way

  DramEnergy energy;
  bool aggregate = true;

  [[nodiscard]] int data_buses() const { return channels * pseudo_channels; }
  [[nodiscard]] std::int64_t capacity() const;
  [[nodiscard]] std::int64_t peak_bytes_per_second() const;
};

/// Reads and checks the settings declared above.
DramConfig resolve_dram(const config::Settings& settings);

}  // namespace cyclescope::memory
