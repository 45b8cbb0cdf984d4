// Clocks in integer femtoseconds.
#include "sim/base/time.h"

#include <catch2/catch.hpp>
#include <cstdint>

namespace cyclescope {
namespace {

TEST_CASE("the period of a clock is the nearest femtosecond") {
  CHECK(Clock::from_hertz(1'000'000'000).period() == 1'000'000);
  CHECK(Clock::from_hertz(475'000'000).period() == 2'105'263);    // 2105263.16 fs
  CHECK(Clock::from_hertz(1'410'000'000).period() == 709'220);    // 709219.86 fs
  CHECK(Clock::from_hertz(1).period() == 1'000'000'000'000'000);  // one second
}

TEST_CASE("a clock without a positive period is an internal error") {
  CHECK_THROWS_AS(Clock(0), InternalError);
  CHECK_THROWS_AS(Clock(-1), InternalError);
  CHECK_THROWS_AS(Clock::from_hertz(0), InternalError);
  CHECK_THROWS_AS(Clock::from_hertz(-5), InternalError);
}

TEST_CASE("durations and edges agree with walking along the clock") {
  const Clock clock(7);
  for (Femtoseconds t = 0; t < 100; ++t) {
    std::int64_t cycles = 0;
    while (cycles * 7 < t) ++cycles;
    CHECK(clock.ceil_cycles(t) == cycles);
    CHECK(clock.edge(t) == cycles * 7);
    CHECK(clock.next_edge(t) == (t % 7 == 0 ? t + 7 : cycles * 7));
  }
  CHECK(clock.cycles(3) == 21);
  CHECK_THROWS_AS(clock.cycles(INT64_MAX), InternalError);
}

}  // namespace
}  // namespace cyclescope
