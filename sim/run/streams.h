// Several cameras on one machine: N streams of frames at one rate, all cameras triggered at the same instant, served in
// turn. What comes out is simulated frame by frame: when each was there, started and ended.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/machine/family.h"
#include "sim/run/request.h"
#include "sim/run/views.h"

namespace cyclescope::run {

struct StreamsRequest {
  std::int64_t streams = 1;
  std::int64_t frames = 3;  ///< of each stream
  double fps = 30;          ///< of each stream
  [[nodiscard]] Femtoseconds period() const;
};

/// What was served; frame i of stream s is served[i * streams + s].
struct StreamsReport {
  StreamsRequest request;
  std::string platform;
  std::string model;
  std::string precision;
  std::string precision_label;  ///< how the precision is executed
  std::string initial_state;
  std::map<std::string, std::string> overrides;  ///< settings that the command line changed, key -> value with unit
  std::vector<machine::ServedFrame> served;

  /// From start to end, the queue left out, and from arrival to end, the queue included. Femtoseconds.
  [[nodiscard]] double mean_service() const;
  [[nodiscard]] Femtoseconds worst_service() const;
  [[nodiscard]] double mean_latency() const;
  [[nodiscard]] Femtoseconds worst_latency() const;
  [[nodiscard]] Femtoseconds worst_latency_of(std::int64_t stream) const;
  /// Streams whose every frame ends before the next one arrives.
  [[nodiscard]] std::int64_t streams_in_time() const;
  /// Mean service time of all streams over the period: above 1 the queue grows for ever.
  [[nodiscard]] double load() const;
};

/// Simulates. One call per process. Throws InputError for a batch other than 1, and what the family does.
StreamsReport serve_streams(const Request& request, const StreamsRequest& streams);

std::string render(const StreamsReport& report, Format format);

}  // namespace cyclescope::run
