// What `scaling` reads from its options: sizes with `...`, bandwidths in whole channels.
#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "sim/run/command_scaling_plan.h"

namespace {

using namespace cyclescope;
using run::channels_for;
using run::parse_sizes;
using Sizes = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("sizes go on by the ratio of the two before the dots") {
  CHECK(parse_sizes("tiles", "64") == Sizes{64});
  CHECK(parse_sizes("tiles", "1,2,7") == Sizes{1, 2, 7});
  CHECK(parse_sizes("tiles", "1,2,4,...,1024") == Sizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024});
  CHECK(parse_sizes("tiles", "3,9,...,81,100") == Sizes{3, 9, 27, 81, 100});
  CHECK(parse_sizes("tiles", "1,2,...,4") == Sizes{1, 2, 4});
  for (const char* wrong : {"", "0", "-1", "1,1", "2,1", "1,,2", "1.5", "...,4", "1,...,4", "2,3,...,9", "1,2,...",
                            "1,2,...,...,8", "1,2,...,12", "1,2,...,2", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_sizes("tiles", wrong), InputError);
  }
}

TEST_CASE("a bandwidth is a whole number of channels, to the rounding of published rates") {
  constexpr std::int64_t kLpddr5x8000 = 16'000'000'000;  // 8000 MT/s x 16 bit
  constexpr std::int64_t kLpddr5x8533 = 17'066'666'666;
  constexpr std::int64_t kLpddr56400 = 12'800'000'000;
  CHECK(channels_for("16", kLpddr5x8000) == 1);
  CHECK(channels_for("64", kLpddr5x8000) == 4);
  CHECK(channels_for("12.8", kLpddr56400) == 1);
  CHECK(channels_for("102.4", kLpddr56400) == 8);
  CHECK(channels_for("17.067", kLpddr5x8533) == 1);
  CHECK(channels_for("136.5", kLpddr5x8533) == 8);  // 136.533
  for (const char* wrong : {"", "0", "8", "20", "15.9", "-16", "16 GB/s", "1e2", "16.", ".5", "16.0000", "1234567"}) {
    INFO(wrong);
    CHECK_THROWS_AS(channels_for(wrong, kLpddr5x8000), InputError);
  }
}
