// Speed-up, serial fraction, knee and end of a series, from times chosen by hand; the file has the same bytes.
#include "sim/results/scaling_series.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "sim/results/atomic_file.h"
#include "tests/results/scaling_support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::results;
using ledger::Leaf;
using testing::array;
using testing::machine;

/// `tiles` tiles of 4 quarter-MACs per clock that together do `macs` MACs in `cycles`; what is left waits for DRAM.
ScalingPoint point(std::int64_t tiles, std::int64_t cycles, std::int64_t batch = 1, std::int64_t macs = 64) {
  std::vector<LaneResult> lanes;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const std::int64_t useful = 4 * macs / tiles;
    lanes.push_back(
        array(cycles, {{Leaf::useful_mac, useful}, {Leaf::waiting_operand_dram_bandwidth, 4 * cycles - useful}}));
  }
  RunResult result = machine(cycles, batch, macs, lanes);
  result.critical_path = {{"useful.mac", 10}, {"overhead.launch", 5}, {"waiting.dependency", 10}};
  result.energy_fj = {{"array", 3}, {"dram", 4}};
  return scaling_point(result, std::to_string(tiles), tiles);
}

ScalingSeries series() {
  ScalingSeries one{"test", "steady", "constant", "", {}, {{"3", "not modelled"}}, {}, {}};
  one.points = {point(1, 800), point(2, 400), point(4, 250), point(8, 248), point(16, 247)};
  complete(one);
  return one;
}

}  // namespace

TEST_CASE("speed-up, capacity and Karp-Flatt serial fraction") {
  const ScalingPoint base = point(1, 800);
  const ScalingPoint four = point(4, 250);
  CHECK(speed_up(base, four) == Approx(3.2));
  CHECK(ideal_speed_up(base, four) == Approx(4));
  CHECK(*serial_fraction(base, four) == Approx(1.0 / 12));  // (1/3.2 - 1/4) / (1 - 1/4) = 0.0625 / 0.75
  CHECK_FALSE(serial_fraction(base, base));
  // Amdahl with serial share 0.2: S = 1 / (0.2 + 0.8 / 8) = 3.333, of 1200 cycles 360 are left.
  CHECK(*serial_fraction(point(1, 1200), point(8, 360)) == Approx(0.2));
}

TEST_CASE("a lower clock is less capacity, not lost efficiency") {
  ScalingPoint base = point(1, 800);
  ScalingPoint slow = point(4, 200);  // perfect in cycles, at half the clock
  slow.clock_hz = base.clock_hz / 2;
  slow.makespan *= 2;
  CHECK(speed_up(base, slow) == Approx(2));
  CHECK(ideal_speed_up(base, slow) == Approx(2));
  CHECK(lost_efficiency(base.slots, 1, slow.slots, 1).lost == 0);
}

TEST_CASE("weak scaling compares times per frame") {
  const ScalingPoint base = point(1, 800, 1, 64);
  const ScalingPoint two = point(2, 1000, 2, 128);
  CHECK(speed_up(base, two) == Approx(1.6));
  ScalingSeries weak{"", "", "", "", {base, two}, {}, {}, {}};
  complete(weak);
  CHECK(weak.points[1].lost.efficiency() == Approx(0.8));  // 2 x 800 x 4 / (1000 x 8)
}

TEST_CASE("knee and end of a series") {
  const ScalingSeries one = series();
  // Marginal efficiencies: 800/400 - 1 = 1; 400/250 - 1 = 0.6; 250/248 - 1 = 0.008; 248/247 - 1 = 0.004
  REQUIRE(one.knee);
  CHECK(*one.knee == 2);
  // From 250 on nothing improves by more than 1 %: 247.5 is the limit, 247 is below it; from 248 on it is not.
  REQUIRE(one.last);
  CHECK(*one.last == 3);

  CHECK(*knee({point(1, 900), point(2, 601)}) == 0);        // 0.4975
  CHECK(*knee({point(1, 900), point(2, 600)}) == 1);        // 0.5 counts
  CHECK(*knee({point(1, 800), point(4, 320)}) == 1);        // 1.5 / 3
  CHECK(*knee({point(1, 800), point(2, 800)}) == 0);        // nothing gained
  CHECK_FALSE(pays_until({point(1, 800), point(2, 700)}));  // may fall further
  CHECK(*pays_until({point(1, 800), point(2, 792)}) == 0);  // exactly 1 % is not more than 1 %
  CHECK_FALSE(knee({point(1, 800)}));
  CHECK_FALSE(knee({point(2, 800), point(2, 700)}));
}

TEST_CASE("points slower by more than 2 % and a microsecond break a law") {
  // 1 us is `cycle` cycles of the machine of these tests.
  const std::int64_t cycle = 1'000'000'000 / (point(1, 1000).makespan / 1000);
  const auto slower = [](const ScalingPoint& a, const ScalingPoint& b) { return slower_points({a, b}); };
  CHECK(slower(point(1, 100 * cycle), point(2, 102 * cycle)).empty());  // exactly 2 %
  CHECK(slower(point(1, 100 * cycle), point(2, 103 * cycle)) == std::vector<std::size_t>{1});
  CHECK(slower(point(1, 10 * cycle), point(2, 11 * cycle)).empty());            // 10 %, but exactly 1 us
  CHECK(slower(point(1, 100 * cycle), point(2, 150 * cycle, 2, 128)).empty());  // two frames
  CHECK(slower(point(1, 100 * cycle), point(2, 50 * cycle)).empty());
}

TEST_CASE("the largest losses and the critical path are in order") {
  const ScalingSeries one = series();
  CHECK(one.points[0].lost.lost == 0);
  CHECK(one.points[2].lost.lost == 4 * 4 * 250 - 4 * 800);
  CHECK(one.points[2].largest_losses(3) == std::vector<ScalingCause>{ScalingCause::dram_bandwidth});
  CHECK(one.points[0].largest_losses(3).empty());
  CHECK(one.points[0].path.front().first == "useful.mac");
  CHECK(one.points[0].path.back().first == "overhead.launch");
  CHECK(one.points[0].energy_fj == 7);
}

TEST_CASE("the same series are the same bytes, another is not") {
  std::string name = "/tmp/cyclescope-scaling-XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  const auto bytes = [&](const std::vector<ScalingSeries>& all) {
    const std::string path = name + "/scaling.h5";
    write_scaling({{"schema", "cyclescope-scaling-1"}, {"model", "hand"}}, all, path);
    const std::string read = read_file(path);
    std::remove(path.c_str());
    return read;
  };
  const std::string first = bytes({series()});
  CHECK(first.rfind("cyclescope-scaling-1 ", 0) == 0);
  CHECK(first == bytes({series()}));
  ScalingSeries other = series();
  ++other.points[3].slots.useful;
  CHECK(first != bytes({other}));
  CHECK(bytes({}).size() > 512);
  rmdir(name.c_str());
}
