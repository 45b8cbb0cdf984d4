// What streams attain, and how fast they are simulated.
#include <chrono>
#include <cstdio>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

/// Share of peak that a stream of `granules` requests attains after the pipeline filled; prints it.
double stream_share(const std::vector<std::string>& overrides, int channels, int granules, Direction direction) {
  Bench bench(settings(channels, overrides));
  Client client("client", *bench.memory, Clock(1 * kNs), 32 * channels, channels);
  client.keep_life = false;
  for (int i = 0; i < granules; ++i) {
    const auto address = static_cast<std::uint64_t>(i) * 256;
    client.add(direction == Direction::read ? read_at(address) : write_at(address));
  }
  client.start(0);
  const auto begin = std::chrono::steady_clock::now();
  bench.run({&client});
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const double bytes = 256.0 * granules;
  const double seconds = static_cast<double>(bench.end) * 1e-15;
  const double share = bytes / seconds / static_cast<double>(bench.memory->peak_bytes_per_second());
  std::printf("stream: %.4f of peak, %.2f M bursts/s\n", share, bytes / 32 / wall.count() / 1e6);
  for (ledger::LaneId lane = 0; lane < bench.ledger.lane_count(); ++lane) CHECK(bench.lane_sum(lane) == bench.end);
  for (std::size_t i = 0; i < ledger::kLeafCount; ++i) {
    if (bench.ledger.time(0)[i] > 0) {
      std::printf("  %-34s %.4f\n", ledger::name(static_cast<ledger::Leaf>(i)),
                  static_cast<double>(bench.ledger.time(0)[i]) / static_cast<double>(bench.end));
    }
  }
  return share;
}

TEST_CASE("a sequential read stream attains 90 % of peak with per-bank refresh") {
  CHECK(stream_share({}, 1, 100'000, Direction::read) >= 0.90);
}

TEST_CASE("a sequential write stream attains 90 % of peak with per-bank refresh") {
  CHECK(stream_share({}, 1, 40'000, Direction::write) >= 0.90);
}

TEST_CASE("a sequential read stream over four channels attains 90 % of peak") {
  CHECK(stream_share({}, 4, 100'000, Direction::read) >= 0.90);
}

}  // namespace
}  // namespace cyclescope::memory::test
