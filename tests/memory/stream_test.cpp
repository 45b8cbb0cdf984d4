// What access patterns attain, and how fast they are simulated (CPU time, printed only).
#include <cstdio>
#include <ctime>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

/// Runs a plan as fast as 32 outstanding requests per channel allow; prints and returns the share of peak attained.
double attained(const std::vector<Request>& plan, int channels, int outstanding,
                const std::vector<std::string>& overrides = {}) {
  Bench bench(settings(channels, overrides));
  Client client("client", *bench.memory, Clock(1 * kNs), outstanding, channels);
  client.keep_life = false;
  double bytes = 0;
  for (const Request& request : plan) {
    client.add(request);
    bytes += request.bytes;
  }
  client.start(0);
  const std::clock_t begin = std::clock();
  bench.run({&client});
  const double cpu = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const double seconds = static_cast<double>(bench.end) * 1e-15;
  const double share = bytes / seconds / static_cast<double>(bench.memory->peak_bytes_per_second());
  std::printf("attained %.4f of peak; %.2f M bursts per CPU second\n", share, bytes / 32 / cpu / 1e6);
  for (ledger::LaneId lane = 0; lane < bench.ledger.lane_count(); ++lane) {
    CHECK(bench.lane_sum(lane) == bench.end);
    CHECK(bench.lane_time(lane, ledger::Leaf::unknown) == 0);
  }
  for (std::size_t i = 0; i < ledger::kLeafCount; ++i) {
    const double part = static_cast<double>(bench.ledger.time(0)[i]) / static_cast<double>(bench.end);
    if (part > 0.0005) std::printf("  %-34s %.4f\n", ledger::name(static_cast<ledger::Leaf>(i)), part);
  }
  return share;
}

std::vector<Request> sequential(std::uint64_t granules, Direction direction) {
  std::vector<Request> plan;
  for (std::uint64_t i = 0; i < granules; ++i) {
    plan.push_back(direction == Direction::read ? read_at(i * 256) : write_at(i * 256));
  }
  return plan;
}

std::vector<Request> scattered(int requests, std::uint32_t bytes) {
  Random random(3);
  std::vector<Request> plan;
  for (int i = 0; i < requests; ++i) plan.push_back(read_at(random.below((1ULL << 30) / bytes) * bytes, bytes));
  return plan;
}

TEST_CASE("a sequential read stream attains 90 % of peak with per-bank refresh") {
  CHECK(attained(sequential(100'000, Direction::read), 1, 32) >= 0.90);
}

TEST_CASE("a sequential write stream attains 90 % of peak with per-bank refresh") {
  CHECK(attained(sequential(40'000, Direction::write), 1, 32) >= 0.90);
}

TEST_CASE("a sequential read stream over four channels attains 90 % of peak") {
  CHECK(attained(sequential(100'000, Direction::read), 4, 128) >= 0.90);
}

TEST_CASE("scattered 32 B reads stay below the activate bound and above three quarters of it") {
  // One activate per burst of 2 clocks, at most one per tRRD = 4 clocks: half of peak. Sixteen banks of tRC = 62
  // clocks would allow 16 x 2 / 62 = 0.516.
  const double share = attained(scattered(40'000, 32), 1, 64);
  CHECK(share <= 0.5);
  CHECK(share >= 0.375);
}

TEST_CASE("scattered 256 B reads attain two thirds of peak") {
  const double share = attained(scattered(20'000, 256), 1, 32);
  CHECK(share >= 0.66);
}

TEST_CASE("half reads, half writes attain 0.6 to 0.85 of peak") {
  std::vector<Request> plan;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    plan.push_back(read_at(i * 256));
    plan.push_back(write_at((1 << 26) + i * 256));
  }
  const double share = attained(plan, 1, 32);
  CHECK(share >= 0.60);
  CHECK(share <= 0.85);
}

}  // namespace
}  // namespace cyclescope::memory::test
