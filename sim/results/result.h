// The result of one run: everything that later views read. Integers only; no host, no wall time, no paths.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/ledger/leaf.h"

namespace cyclescope::results {

/// Cycles per cause that telescope: they sum to the cycles of what they describe.
using CauseCycles = std::map<std::string, std::int64_t>;

struct OperatorResult {
  std::string name;
  std::string type;
  std::string precision_label;   ///< native | fallback | substituted | view
  std::int64_t start_cycle = 0;  ///< first activity, relative to t = 0
  std::int64_t end_cycle = 0;
  std::int64_t macs = 0;
  std::int64_t dram_bytes = 0;
  std::string bound;                              ///< group.leaf with most exposed cycles, `view` for a view
  CauseCycles exposed;                            ///< of the critical path
  std::map<std::string, std::int64_t> energy_fj;  ///< component -> femtojoules; machine::report says what is whose
};

struct LaneResult {
  std::string name;
  ledger::LeafSums time{};   ///< femtoseconds per leaf; sums to the makespan
  ledger::LeafSums slots{};  ///< quarter-MACs per leaf (arrays only, else zero)
};

/// One abutting segment of the critical path, oldest first.
struct PathStep {
  std::string cause;
  std::int32_t lane = 0;  ///< index into lanes
  std::int32_t op = -1;   ///< index into operators, -1 for none
  Femtoseconds from = 0;  ///< relative to t = 0
  Femtoseconds to = 0;
};

struct TrafficResult {
  std::string name;
  std::int64_t sent = 0;
  std::int64_t expected = 0;
  std::int64_t received = 0;
};

/// A law that every machine obeys, checked on this run: name, whether it held, the numbers.
struct LawResult {
  std::string name;
  bool holds = true;
  std::string detail;
};

struct RunResult {
  std::string schema = "cyclescope-run-1";
  std::string platform;
  std::string model;
  std::string precision;
  std::string precision_label;
  std::int64_t batch = 1;
  std::string initial_state;
  std::string version;
  std::int64_t clock_hz = 0;  ///< reference clock
  Femtoseconds clock_period = 0;
  Femtoseconds makespan = 0;  ///< latency
  std::int64_t cycles = 0;    ///< ceil(makespan / clock_period)
  Femtoseconds host_overhead = 0;
  Femtoseconds initiation_interval = 0;  ///< of a pipeline: from frame to frame of a stream; 0: not a pipeline
  std::int64_t frames_in_flight = 0;     ///< of a pipeline: latency of a frame over the interval, in hundredths
  std::int64_t macs = 0;
  std::int64_t macs_executed = 0;  ///< counted by the arrays
  std::int64_t dram_read_bytes = 0;
  std::int64_t dram_write_bytes = 0;
  std::int64_t host_read_bytes = 0;
  std::int64_t host_write_bytes = 0;
  std::int64_t compulsory_bytes = 0;   ///< for this initial state
  std::int64_t peak_memory_bytes = 0;  ///< external memory: weights and activations alive at once
  bool fits = true;
  std::int64_t peak_macs_per_second = 0;
  std::int64_t peak_bytes_per_second = 0;         ///< of external memory; 0 and INT64_MAX: it answers at once
  Femtoseconds roofline = 0;                      ///< proven lower bound of the makespan
  std::string roofline_bound;                     ///< compute | memory | dependency
  std::map<std::string, std::int64_t> energy_fj;  ///< component -> femtojoules; the total is their integer sum
  std::int64_t host_energy_fj = 0;
  CauseCycles critical_path;  ///< sums to cycles
  std::vector<OperatorResult> operators;
  std::vector<LaneResult> lanes;
  std::vector<PathStep> path;
  std::vector<TrafficResult> traffic;
  std::vector<LawResult> laws;
  std::map<std::string, std::string> overrides;  ///< settings that the command line changed, key -> value with unit
  std::map<std::string, std::string> settings;   ///< resolved configuration, key -> value with unit

  /// Of a pipeline one frame per interval, else the batch per latency; 0 without a latency.
  [[nodiscard]] double frames_per_second() const;
  /// Sum of energy_fj.
  [[nodiscard]] std::int64_t total_energy_fj() const;
  /// MAC-array utilisation: MACs executed over what the arrays could have done in the makespan, in parts per million.
  [[nodiscard]] std::int64_t utilisation_ppm() const;
};

/// Writes the result under a temporary name beside `path`, then renames. Throws InputError when it cannot; nothing is
/// left behind.
void write(const RunResult& result, const std::string& path);

/// Whether a file begins as results of any version do, be it whole or damaged; not so when it cannot be read.
bool begins_as_result(const std::string& path);

/// Reads a result back; throws InputError naming file, object and what was expected.
RunResult read(const std::string& path);

}  // namespace cyclescope::results
