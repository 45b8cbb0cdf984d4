// Platforms as published, and settings that contradict each other.
#include "arch/hailo/family.h"
#include "tests/hailo/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::hailo;
using namespace cyclescope::hailo::test;

/// MAC/s times two.
double tops(const std::string& platform) {
  const config::Settings resolved = settings(platform);
  const auto macs = static_cast<double>(family().quarter_macs(resolved, Precision::int8)) / 4;
  return 2 * macs * static_cast<double>(chip(platform).clock_hz) / 1e12;
}

}  // namespace

TEST_CASE("peak rates are the published ones") {
  CHECK(tops("hailo-8") == Approx(26).epsilon(0.01));
  CHECK(tops("hailo-8l") == Approx(13).epsilon(0.01));
  CHECK(tops("hailo-10h") == Approx(20).epsilon(0.01));
}

TEST_CASE("external memory is the host's or the module's") {
  CHECK_FALSE(chip("hailo-8").local_dram);
  CHECK(chip("hailo-10h").local_dram);
  CHECK(chip("hailo-10h").host_bytes_per_second == 25'600'000'000);
  CHECK_THROWS_AS(chip("hailo-8", {"host_memory.bandwidth=10 GB/s"}), InputError);  // without effect
}

TEST_CASE("contradictions are named") {
  CHECK_THROWS_WITH(chip("hailo-8", {"hailo.macs=32 MAC"}), Catch::Contains("hailo.features squared = 64"));
  CHECK_THROWS_WITH(chip("hailo-8", {"allocator.control=1 %"}), Catch::Contains("allocator.control"));
  CHECK_THROWS_WITH(chip("hailo-8", {"hailo.weight_bits=5"}), Catch::Contains("hailo.weight_bits"));
}

TEST_CASE("precisions have the rates of their widths") {
  const config::Settings resolved = settings("hailo-8");
  const std::int64_t macs = 8 * 64 * 64;
  CHECK(family().quarter_macs(resolved, Precision::int8) == 4 * macs);
  CHECK(family().quarter_macs(resolved, Precision::fp16) == 2 * macs);
  CHECK(family().quarter_macs(resolved, Precision::fp32) == macs);
}

TEST_CASE("the mapping has a row per layer with context, clusters, memory and interval") {
  const auto rows = family().mapping(residual_block(), settings("hailo-8"), {});
  REQUIRE(rows.size() == 5);
  CHECK(rows[4].text("name") == "add_4");
  CHECK(rows[4].integer("context") == 0);
  CHECK(rows[4].text("buffer_rows") == "2, 6");
  CHECK(rows[0].text("buffer_rows") == "2 from memory");
  CHECK(rows[4].integer("buffer_bytes") == (2 + 6) * 16 * 10);
  CHECK_FALSE(rows[0].text("clusters").empty());
  CHECK(rows[0].integer("interval") == rows[0].integer("rows") * rows[0].integer("row_clocks") + 400);
}
