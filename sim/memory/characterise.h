// Characterises a memory: one client with one pattern of traffic, what it attained, and where the time went.
//
// Timing: the frame lasts from the first issue, at 0, to the last reply; there is no warm-up, so a run of few requests
// shows the first latency. The client runs on the memory clock.
// Causes: the time of the data buses and that of the requests both close: they are added up in whole femtoseconds.
// Errors: InputError for a workload that the memory cannot take; InternalError when a sum does not close.
// Not modelled: a client's own limits; several clients at once.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/settings.h"
#include "sim/ledger/leaf.h"
#include "sim/memory/dram_config.h"

namespace cyclescope::memory {

enum class Pattern : std::uint8_t { read, write, mix, strided, random32, random64, random256, pingpong };

struct PatternInfo {
  const char* name;
  const char* description;
};

/// All patterns, in the order of the enum.
const std::vector<PatternInfo>& patterns();
const char* name(Pattern pattern);
/// Inverse of name. Throws InputError that lists the names.
Pattern parse_pattern(const std::string& text);

/// What to load a memory with. Zeros stand for the defaults that complete() fills in.
struct Workload {
  Pattern pattern = Pattern::read;
  std::int64_t requests = 0;
  std::int64_t request_bytes = 0;     ///< of read, write, mix and strided; the others have their own
  std::int64_t bytes_per_second = 0;  ///< offered load; 0: as much as the outstanding requests allow (saturated)
  std::int64_t stride = 0;            ///< of strided; completed, also of the sequential ones
  std::int64_t read_percent = 50;     ///< of mix; completed, of any
  std::int64_t outstanding = 0;       ///< requests under way at most
  std::uint64_t seed = 1;             ///< of random addresses
};

/// The workload with its defaults for this memory. Throws InputError when the memory cannot take it.
Workload complete(const Workload& workload, const DramConfig& config);

enum class EnergyPart : std::uint8_t { activate, read, write, io, phy, refresh, background };
constexpr std::size_t kEnergyParts = static_cast<std::size_t>(EnergyPart::background) + 1;
const char* name(EnergyPart part);

/// What came out, in integers. Trivially copyable: a child process hands it over as it is.
struct Measurement {
  Workload workload;  ///< completed
  std::int64_t channels = 0;
  std::int64_t data_buses = 0;
  std::int64_t peak_bytes_per_second = 0;
  Femtoseconds time = 0;  ///< of the frame
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
  std::int64_t bursts = 0;
  std::int64_t activates = 0;
  Femtoseconds latency_sum = 0;  ///< over all requests
  Femtoseconds latency_p50 = 0;  ///< of nearest rank, as the next
  Femtoseconds latency_p99 = 0;
  Femtoseconds latency_max = 0;
  ledger::LeafSums bus_time{};                         ///< over all data buses: time * data_buses in all
  ledger::LeafSums life{};                             ///< over all requests: latency_sum in all
  std::array<std::int64_t, kEnergyParts> energy_aj{};  ///< attojoules, by EnergyPart
};

/// Simulates. Once per process: SystemC elaborates once.
Measurement characterise(const config::Settings& settings, const Workload& workload);

}  // namespace cyclescope::memory
