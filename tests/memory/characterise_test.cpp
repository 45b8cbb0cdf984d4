// What a memory attains under a pattern, against times worked out by hand for LPDDR5X-8000: controller 20 ns each way,
// tRCD 19, RL 22, a burst 2, tRC 62 (all in ns and clocks alike).
#include "sim/memory/characterise.h"

#include <numeric>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

using Catch::Matchers::Contains;
using ledger::Leaf;

constexpr Femtoseconds kAlone = (20 + 19 + 22 + 2 + 20) * kNs;

Workload workload(Pattern pattern, std::int64_t requests) {
  Workload result;
  result.pattern = pattern;
  result.requests = requests;
  return result;
}

Femtoseconds at(const ledger::LeafSums& sums, Leaf leaf) { return sums[static_cast<std::size_t>(leaf)]; }

std::int64_t sum(const ledger::LeafSums& sums) { return std::accumulate(sums.begin(), sums.end(), std::int64_t{0}); }

void check_pingpong(const Measurement& result) {
  CHECK(result.time == kAlone + 199 * 62 * kNs);
  CHECK(result.activates == 200);
  CHECK(result.bursts == 200);
  CHECK(result.bytes_read == 200 * 32);
}

TEST_CASE("rows of one bank in turn have period tRC") {
  check_pingpong(characterise(settings(1, {"dram.refresh=off"}), workload(Pattern::pingpong, 200)));
}

TEST_CASE("the bank of the ping-pong is found without hashing too") {
  check_pingpong(characterise(settings(1, {"dram.refresh=off", "dram.hash=off"}), workload(Pattern::pingpong, 200)));
}

TEST_CASE("the bank of the ping-pong is found in a flat mapping of several channels") {
  check_pingpong(
      characterise(settings(3, {"dram.refresh=off", "dram.mapping=ChRaBaRoCo"}), workload(Pattern::pingpong, 200)));
}

TEST_CASE("at low load every read takes as long as one alone, and the time of both ends adds up") {
  Workload low = workload(Pattern::read, 100);
  low.request_bytes = 32;
  low.bytes_per_second = 160'000'000;  // every 200 ns: idle rows are closed after 150 ns
  const Measurement result = characterise(settings(1, {"dram.refresh=off"}), low);
  CHECK(result.time == 99 * 200 * kNs + kAlone);
  CHECK(result.latency_sum == 100 * kAlone);
  CHECK(result.latency_p50 == kAlone);
  CHECK(result.latency_p99 == kAlone);
  CHECK(result.latency_max == kAlone);
  CHECK(at(result.life, Leaf::waiting_operand_dram_latency) == 100 * (20 + 22 + 20) * kNs);
  CHECK(at(result.life, Leaf::waiting_operand_dram_row) == 100 * 19 * kNs);
  CHECK(at(result.life, Leaf::waiting_operand_dram_bandwidth) == 100 * 2 * kNs);
  // Per request 19 of row, 22 of RL, 2 of data; the rest nobody wanted anything.
  CHECK(at(result.bus_time, Leaf::useful_transfer) == 100 * 2 * kNs);
  CHECK(at(result.bus_time, Leaf::waiting_operand_dram_latency) == 100 * 22 * kNs);
  CHECK(at(result.bus_time, Leaf::waiting_operand_dram_row) == 100 * 19 * kNs);
  CHECK(sum(result.bus_time) == result.time);
  CHECK(result.activates == 100);
}

TEST_CASE("a row that stays open needs no tRCD: percentiles tell first from later reads") {
  Workload low = workload(Pattern::read, 100);
  low.request_bytes = 32;
  low.bytes_per_second = 640'000'000;  // every 50 ns, each bank of a granule every 100 ns: rows stay open
  const Measurement result = characterise(settings(1, {"dram.refresh=off", "dram.hash=off"}), low);
  // 13 granules in two banks each, where the next but one comes after 400 ns.
  CHECK(result.activates == 26);
  CHECK(result.latency_p50 == kAlone - 19 * kNs);
  CHECK(result.latency_max == kAlone);
}

TEST_CASE("a saturated stream keeps the bus busy, and as many requests under way as it may") {
  Workload stream = workload(Pattern::read, 20'000);
  const Measurement result = characterise(settings(2), stream);
  CHECK(result.workload.outstanding == 32);
  CHECK(at(result.bus_time, Leaf::useful_transfer) == 20'000 * 8 * 2 * kNs);
  CHECK(at(result.bus_time, Leaf::useful_transfer) > sum(result.bus_time) / 100 * 97);
  CHECK(sum(result.bus_time) == 2 * result.time);
  CHECK(result.latency_sum <= 32 * result.time);  // Little's law, but for the end
  CHECK(result.latency_sum > 32 * (result.time / 100 * 99));
}

TEST_CASE("shares of a mix add up, reads have their share, energy is what was done") {
  Workload mix = workload(Pattern::mix, 10'000);
  mix.read_percent = 67;
  const Measurement result = characterise(settings(1), mix);
  CHECK(result.bytes_read == 6'700 * 256);
  CHECK(result.bytes_written == 3'300 * 256);
  CHECK(sum(result.bus_time) == result.time);
  CHECK(sum(result.life) == result.latency_sum);
  CHECK(at(result.bus_time, Leaf::waiting_operand_dram_turnaround) > 0);
  const auto energy = [&](EnergyPart part) { return result.energy_aj[static_cast<std::size_t>(part)]; };
  constexpr std::int64_t kPicojoule = 1'000'000;
  CHECK(energy(EnergyPart::activate) == result.activates * 700 * kPicojoule);
  CHECK(energy(EnergyPart::read) == 6'700LL * 8 * 563'200'000);
  CHECK(energy(EnergyPart::write) == 3'300 * 8 * 512 * kPicojoule);
  CHECK(energy(EnergyPart::io) == 80'000 * 230'400'000LL);
  CHECK(energy(EnergyPart::phy) == 80'000 * 256 * kPicojoule);
  CHECK(energy(EnergyPart::background) == 22 * result.time);  // 22 mW = 22 aJ per fs
}

TEST_CASE("a request larger than a granule ends with its last transfer") {
  Workload large = workload(Pattern::read, 1);
  large.request_bytes = 1024;
  const Measurement result = characterise(settings(1, {"dram.refresh=off"}), large);
  CHECK(result.bursts == 32);
  CHECK(result.bytes_read == 1024);
  CHECK(result.latency_sum == result.time);
  CHECK(result.latency_max == result.time);
  CHECK(result.time >= kAlone + 31 * 2 * kNs);
}

TEST_CASE("a workload that a memory cannot take is refused in words") {
  const DramConfig config = resolve_dram(settings(1));
  const auto refuse = [&](Workload wrong, const std::string& naming) {
    REQUIRE_THROWS_AS(complete(wrong, config), InputError);
    CHECK_THROWS_WITH(complete(wrong, config), Contains(naming));
  };
  Workload wrong = workload(Pattern::strided, 0);
  wrong.stride = 100;
  refuse(wrong, "stride of 100 B: expected a multiple of the request (256 B)");
  wrong = workload(Pattern::read, 0);
  wrong.bytes_per_second = 16'000'000'001;
  refuse(wrong, "load");
  wrong.bytes_per_second = 1;
  refuse(wrong, "more than 10 s");
  wrong = workload(Pattern::read, 0);
  wrong.outstanding = 1'000'000;
  refuse(wrong, "outstanding");
  wrong = workload(Pattern::read, 0);
  wrong.request_bytes = 1 << 20;
  refuse(wrong, "request bytes");
  wrong = workload(Pattern::mix, 0);
  wrong.read_percent = 101;
  refuse(wrong, "percentage of reads");
  CHECK_THROWS_WITH(parse_pattern("radom32"), Contains("did you mean 'random32'"));
}

TEST_CASE("a ping-pong needs more rows than requests under way") {
  const config::Settings tiny = settings(1, {"dram.rows=16", "dram.channel_capacity=512 KiB"});
  CHECK_THROWS_WITH(characterise(tiny, workload(Pattern::pingpong, 100)), Contains("needs 17 rows"));
}

}  // namespace
}  // namespace cyclescope::memory::test
