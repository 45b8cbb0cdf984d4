// The roofline by hand.
#include "sim/estimate/roofline.h"

#include <catch2/catch.hpp>

namespace cyclescope::estimate {
namespace {

constexpr Femtoseconds kNs = 1'000'000;

/// 8000 MACs at 1 T/s = 8 ns; 300 bytes at 50 GB/s = 6 ns; 4 operators of at least one 1 ns clock = 4 ns.
RooflineInput example() { return {8000, 1'000'000'000'000, 300, 50'000'000'000, 4, kNs}; }

TEST_CASE("compute bound") {
  const Roofline r = roofline(example());
  CHECK(r.time == 8 * kNs);
  CHECK(r.bound == "compute");
}

TEST_CASE("memory bound") {
  RooflineInput input = example();
  input.bytes = 500;  // 10 ns
  const Roofline r = roofline(input);
  CHECK(r.time == 10 * kNs);
  CHECK(r.bound == "memory");
}

TEST_CASE("dependency bound") {
  RooflineInput input = example();
  input.depth = 9;  // 9 ns
  const Roofline r = roofline(input);
  CHECK(r.time == 9 * kNs);
  CHECK(r.bound == "dependency");
}

TEST_CASE("memory without a bandwidth is ideal") {
  RooflineInput input = example();
  input.bytes = 1'000'000'000;
  input.peak_bytes_per_second = 0;
  const Roofline r = roofline(input);
  CHECK(r.time == 8 * kNs);
  CHECK(r.bound == "compute");
}

TEST_CASE("one unit more or less decides, and ties go to compute, then memory") {
  RooflineInput input = example();
  input.bytes = 400;  // 8 ns as well
  input.depth = 8;    // 8 ns as well
  CHECK(roofline(input).bound == "compute");
  input.macs = 7999;  // 7.999 ns
  CHECK(roofline(input).bound == "memory");
  input.bytes = 399;  // 7.98 ns
  CHECK(roofline(input).bound == "dependency");
  CHECK(roofline(input).time == 8 * kNs);
}

TEST_CASE("an empty network takes no time") {
  CHECK(roofline({0, 1'000'000'000'000, 0, 50'000'000'000, 0, kNs}).time == 0);
}

TEST_CASE("a lower bound is rounded down to whole femtoseconds") {
  // 1 MAC at 3 MAC/s: 333 333 333 333 333.3 fs; 2 bytes at 3 byte/s: 666 666 666 666 666.7 fs.
  CHECK(roofline({1, 3, 0, 0, 0, 1}).time == 333'333'333'333'333);
  CHECK(roofline({1, 3, 2, 3, 0, 1}).time == 666'666'666'666'666);
}

TEST_CASE("products beyond 64 bits are exact, times beyond 64 bits an error") {
  // 4 089 184 256 MACs = 124 792 x 32 768, so at 32 768 MACs per nanosecond 124 792 ns; MACs x 10^15 is 4 x 10^24.
  CHECK(roofline({4'089'184'256, 32'768'000'000'000, 0, 0, 0, 1}).time == 124'792 * kNs);
  CHECK_THROWS_AS(roofline({INT64_MAX, 1, 0, 0, 0, 1}), InternalError);
  CHECK_THROWS_AS(roofline({0, 1, 0, 0, INT64_MAX, 2}), InternalError);
}

}  // namespace
}  // namespace cyclescope::estimate
