// Figures of served streams, from frames made by hand.
#include "sim/run/streams.h"

#include <catch2/catch.hpp>

namespace cyclescope::run {
namespace {

constexpr Femtoseconds kMs = 1'000'000'000'000;

/// Two streams of 100 frames/s, two frames each, in milliseconds: the machine takes 6 for a frame, 4 for the last one.
StreamsReport two_streams() {
  StreamsReport report;
  report.request = {2, 2, 100};
  report.served = {
      {0, 0, 6 * kMs}, {0, 6 * kMs, 12 * kMs}, {10 * kMs, 12 * kMs, 18 * kMs}, {10 * kMs, 18 * kMs, 22 * kMs}};
  return report;
}

}  // namespace

TEST_CASE("latency of a served frame counts from its arrival, service from its start") {
  const StreamsReport report = two_streams();
  CHECK(report.request.period() == 10 * kMs);
  CHECK(report.worst_service() == 6 * kMs);
  CHECK(report.mean_service() == Approx(5.5 * kMs));  // (6 + 6 + 6 + 4) / 4
  CHECK(report.mean_latency() == Approx(9.5 * kMs));  // (6 + 12 + 8 + 12) / 4
  CHECK(report.worst_latency() == 12 * kMs);
  CHECK(report.worst_latency_of(0) == 8 * kMs);
  CHECK(report.worst_latency_of(1) == 12 * kMs);
}

TEST_CASE("a stream is in time when each of its frames ends before the next one is there") {
  StreamsReport report = two_streams();
  CHECK(report.streams_in_time() == 1);
  CHECK(report.load() == Approx(1.1));  // two frames of 5.5 ms every 10 ms
  report.served[1].end = report.served[3].end = 20 * kMs;
  report.served[1].arrival = report.served[3].arrival = 10 * kMs;  // exactly a period
  CHECK(report.streams_in_time() == 2);
  ++report.served[3].end;
  CHECK(report.streams_in_time() == 1);
}

TEST_CASE("the period of a rate is rounded to a femtosecond") {
  CHECK(StreamsRequest{1, 1, 30}.period() == 33'333'333'333'333);
  CHECK(StreamsRequest{1, 1, 29.97}.period() == 33'366'700'033'367);
}

}  // namespace cyclescope::run
