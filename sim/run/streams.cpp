#include "sim/run/streams.h"

#include <algorithm>
#include <cmath>

#include "sim/base/error.h"
#include "sim/run/simulate.h"

namespace cyclescope::run {
namespace {

using machine::ServedFrame;

constexpr double kFemto = 1e15;

Femtoseconds service(const ServedFrame& frame) { return frame.end - frame.start; }
Femtoseconds latency(const ServedFrame& frame) { return frame.end - frame.arrival; }

template <class Figure>
double mean(const std::vector<ServedFrame>& frames, Figure&& figure) {
  double sum = 0;
  for (const ServedFrame& frame : frames) sum += static_cast<double>(figure(frame));
  return frames.empty() ? 0 : sum / static_cast<double>(frames.size());
}

template <class Figure>
Femtoseconds worst(const std::vector<ServedFrame>& frames, Figure&& figure) {
  Femtoseconds found = 0;
  for (const ServedFrame& frame : frames) found = std::max(found, figure(frame));
  return found;
}

}  // namespace

Femtoseconds StreamsRequest::period() const { return std::llround(kFemto / fps); }

double StreamsReport::mean_service() const { return mean(served, service); }
Femtoseconds StreamsReport::worst_service() const { return worst(served, service); }
double StreamsReport::mean_latency() const { return mean(served, latency); }
Femtoseconds StreamsReport::worst_latency() const { return worst(served, latency); }

Femtoseconds StreamsReport::worst_latency_of(std::int64_t stream) const {
  Femtoseconds found = 0;
  for (std::size_t i = static_cast<std::size_t>(stream); i < served.size();
       i += static_cast<std::size_t>(request.streams)) {
    found = std::max(found, latency(served[i]));
  }
  return found;
}

std::int64_t StreamsReport::streams_in_time() const {
  std::int64_t in_time = 0;
  for (std::int64_t stream = 0; stream < request.streams; ++stream) {
    in_time += worst_latency_of(stream) <= request.period() ? 1 : 0;
  }
  return in_time;
}

double StreamsReport::load() const {
  return mean_service() * static_cast<double>(request.streams) / static_cast<double>(request.period());
}

StreamsReport serve_streams(const Request& request, const StreamsRequest& streams) {
  if (request.options.batch != 1) {
    throw InputError("--batch: a stream is served frame by frame; expected a batch of 1 beside --streams");
  }
  std::vector<Femtoseconds> arrivals;
  for (std::int64_t frame = 0; frame < streams.frames; ++frame) {
    arrivals.insert(arrivals.end(), static_cast<std::size_t>(streams.streams), frame * streams.period());
  }
  machine::ServedFrames served =
      request.platform.family->serve(request.trace.graph, request.platform.settings, request.options, arrivals);
  return {streams,
          request.platform.name,
          request.trace.graph.model,
          name(request.options.precision),
          std::move(served.precision_label),
          request.options.initial_state,
          overrides_of(request),
          std::move(served.frames)};
}

}  // namespace cyclescope::run
