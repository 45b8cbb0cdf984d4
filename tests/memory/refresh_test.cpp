// Refresh: what it costs a stream, what is counted in idle time, frames.
#include <cmath>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

using ledger::Leaf;

void add_stream(Client& client, int granules) {
  client.keep_life = false;
  for (int i = 0; i < granules; ++i) client.add(read_at(static_cast<std::uint64_t>(i) * 256));
  client.start(0);
}

TEST_CASE("all-bank refresh costs a stream (tRTP + tRPab + tRFCab + tRCD) of every tREFI") {
  Bench on(settings(1, {"dram.refresh=all_bank"}));
  Bench off(settings(1, {"dram.refresh=off"}));
  Client a("a", *on.memory, Clock(1 * kNs), 32);
  Client b("b", *off.memory, Clock(1 * kNs), 32);
  add_stream(a, 40'000);
  add_stream(b, 40'000);
  on.run({&a});
  off.run({&b});
  const double ratio = static_cast<double>(off.end) / static_cast<double>(on.end);
  const double expected = 1.0 - (10.0 + 22 + 280 + 19) / 3906;
  INFO(ratio << " against " << expected);
  CHECK(std::abs(ratio - expected) < 0.01);
  CHECK(on.lane_time(0, Leaf::waiting_operand_dram_refresh) > 0);
  CHECK(off.count("refresh") == 0);
}

TEST_CASE("refresh goes on in idle time, is counted up to the end, and keeps no event pending") {
  Bench bench(settings(1));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  client.add(read_at(0, 32));
  client.start(0);
  kernel::run_until_quiescent();
  CHECK(kernel::now() == client.last());
  const Femtoseconds end = 1'000'000 * kNs;
  bench.memory->finish(end);
  bench.ledger.finish(end);
  CHECK(bench.count("refresh") == 2049);  // floor(1 000 000 ns / floor(3906.25 / 8) ns)
  CHECK(bench.lane_sum(0) == end);
}

TEST_CASE("a second frame starts with books of its own and the banks as time left them") {
  Bench bench(settings(1));
  Client client("client", *bench.memory, Clock(1 * kNs), 8);
  for (std::uint64_t i = 0; i < 64; ++i) client.add(read_at(i * 256));
  const Femtoseconds t0 = 100'000 * kNs;
  client.start(0);
  bench.run({&client});
  const std::int64_t refreshes = bench.count("refresh");
  CHECK(refreshes == bench.end / (488 * kNs));
  CHECK(bench.count("read") == 512);

  const Femtoseconds first_end = bench.end;
  bench.ledger.restart(first_end);
  bench.memory->restart(first_end);
  for (std::uint64_t i = 0; i < 64; ++i) client.add(read_at(i * 256), t0);
  client.start(t0);
  bench.run({&client});
  CHECK(bench.count("read") == 512);
  CHECK(bench.lane_sum(0) == bench.end - first_end);
  CHECK(bench.lane_time(0, Leaf::unknown) == 0);
  CHECK(bench.memory->bytes_read() == 64 * 256);
  CHECK(refreshes + bench.count("refresh") == bench.end / (488 * kNs));
}

TEST_CASE("a stream opens each row once: counted actions price the energy of the streaming figure") {
  Bench bench(settings(1, {"dram.refresh=off"}));
  Client client("client", *bench.memory, Clock(1 * kNs), 32);
  add_stream(client, 4096);  // 1 MiB
  bench.run({&client});
  CHECK(bench.count("activate") == 512);  // 1 MiB in rows of 2 KiB
  CHECK(bench.count("read") == 32768);
  CHECK(bench.count("io") == 32768);
  CHECK(bench.count("burst") == 32768);
  std::int64_t attojoules = 0;
  for (const auto& action : bench.ledger.actions()) attojoules += action.count * action.attojoules;
  const double picojoules_per_bit = static_cast<double>(attojoules) / 1e6 / (8.0 * 1024 * 1024);
  CHECK(picojoules_per_bit == Approx(2.2 + 0.9 + 1.0 + 700.0 / 2048 / 8).epsilon(0.001));
}

}  // namespace
}  // namespace cyclescope::memory::test
