// NAME@estimator: what it replaces, and that it replaces nothing else.
#include "sim/run/estimator.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/run/platforms.h"

namespace {

using namespace cyclescope;
using Catch::Contains;

run::Platform load(const std::string& name, Precision precision = Precision::int8,
                   const std::vector<std::string>& overrides = {}) {
  setenv("CYCLESCOPE_ROOT", CYCLESCOPE_SOURCE_DIR, 1);
  return run::load_platform(name, overrides, precision);
}

const std::vector<std::string> kNames{"kpu-t256", "kpu-t64", "kpu-t768"};

}  // namespace

TEST_CASE("the clock gives half the estimator's peak in MAC/s, after its own fallback") {
  const struct {
    const char* name;
    Precision precision;
    std::int64_t hertz;
  } expected[]{{"kpu-t64@estimator", Precision::int8, 52'642'822},       // 6.9 T / 2 / 65536 = 52642822.3
               {"kpu-t64@estimator", Precision::bf16, 50'354'004},       // 3.3 T / 2 / 32768 = 50354003.9
               {"kpu-t64@estimator", Precision::fp16, 105'285'645},      // INT8's 6.9 T / 2 / 32768 = 105285644.5
               {"kpu-t64@estimator", Precision::fp32, 1'036'658'654},    // INT8's 6.9 T / 2 / 3328 = 1036658653.8
               {"kpu-t256@estimator", Precision::int8, 64'468'384},      // 33.8 T / 2 / 262144 = 64468383.8
               {"kpu-t768@estimator", Precision::int8, 132'138'098},     // 130.1 T / 2 / 492288 = 132138098.02
               {"kpu-t768@estimator", Precision::fp32, 6'600'040'584}};  // INT8's 130.1 T / 2 / 9856 = 6600040584.4
  for (const auto& e : expected) {
    INFO(e.name << " " << name(e.precision));
    const run::Platform platform = load(e.name, e.precision);
    CHECK(platform.settings.integer("clock.fabric") == e.hertz);
    CHECK(platform.settings.at("clock.fabric").confidence == "derived");
    CHECK(platform.settings.at("clock.fabric").set_where == "@estimator");
  }
  CHECK_THAT(load("kpu-t64@estimator", Precision::fp16).settings.at("clock.fabric").source,
             Contains("int8 peak 6900 GOPS") && Contains("fallback for fp16") && Contains("32768"));
}

TEST_CASE("clock, external memory and stated energies are replaced, nothing else") {
  const std::set<std::string> replaced{"clock.fabric",       "memory.ideal",    "memory.port_bandwidth",
                                       "memory.port_energy", "energy.mac_int8", "energy.mac_bf16",
                                       "energy.mac_fp32",    "power.idle",      "platform.description"};
  for (const std::string& name : kNames) {
    const run::Platform real = load(name);
    const run::Platform hypothetical = load(name + "@estimator");
    std::set<std::string> different;
    for (const auto& [key, setting] : real.settings.all()) {
      const config::Setting& other = hypothetical.settings.at(key);
      if (other.integer != setting.integer || other.text != setting.text) different.insert(key);
    }
    INFO(name);
    CHECK(different == replaced);
  }
}

TEST_CASE("the constants are the estimator's") {
  const struct {
    const char* name;
    std::int64_t bandwidth, byte, mac_int8, mac_bf16, mac_fp32, idle;
  } expected[]{// GB/s; aJ: 12 pJ/B, two operations of 0.1 pJ x 0.125, 0.5, 1; 0.30 x TDP
               {"kpu-t64@estimator", 64, 12'000'000, 25'000, 100'000, 200'000, 1'800'000},
               {"kpu-t256@estimator", 256, 11'000'000, 22'500, 90'000, 180'000, 9'000'000},
               {"kpu-t768@estimator", 512, 10'000'000, 20'000, 80'000, 160'000, 18'000'000}};
  for (const auto& e : expected) {
    INFO(e.name);
    const config::Settings s = load(e.name).settings;
    CHECK(s.text("memory.ideal") == "port");
    CHECK(s.integer("memory.port_bandwidth") == e.bandwidth * 1'000'000'000);
    CHECK(s.integer("memory.port_energy") == e.byte);
    CHECK(s.integer("energy.mac_int8") == e.mac_int8);
    CHECK(s.integer("energy.mac_bf16") == e.mac_bf16);
    CHECK(s.integer("energy.mac_fp32") == e.mac_fp32);
    CHECK(s.integer("power.idle") == e.idle);
  }
}

TEST_CASE("an estimator machine is called hypothetical and listed") {
  const run::Platform platform = load("kpu-t64@estimator");
  CHECK(platform.name == "kpu-t64@estimator (hypothetical)");
  CHECK(platform.hypothetical);
  CHECK_THAT(run::find_platform("kpu-t64@estimator").description, Contains("hypothetical"));
  CHECK_FALSE(load("kpu-t64").hypothetical);
  CHECK(run::estimator_names() == std::vector<std::string>{"hailo-10h@estimator", "hailo-8@estimator",
                                                           "kpu-t256@estimator", "kpu-t64@estimator",
                                                           "kpu-t768@estimator"});
  CHECK(run::platform_names() ==  // the common files are none
        std::vector<std::string>{"hailo-10h", "hailo-8", "hailo-8l", "kpu-t256", "kpu-t64", "kpu-t768"});
}

TEST_CASE("the clock follows what --set changes, unless it is set itself") {
  const auto clock = [](const std::vector<std::string>& sets) {
    return load("kpu-t64@estimator", Precision::int8, sets).settings.integer("clock.fabric");
  };
  CHECK(clock({"kpu.tiles=16 tiles"}) == 210'571'289);  // 6.9 T / 2 / (16 x 1024) = 210571289.06
  // Matrix tiles have sides of their own: 6.9 T / 2 / (57 x 512 + 7 x 1024) = 94905369.7.
  CHECK(clock({"array.rows=16 PE"}) == 94'905'370);
  CHECK(clock({"estimator.peak_int8=13800"}) == 105'285'645);  // 13.8 T / 2 / 65536
  CHECK(clock({"clock.fabric=1 GHz"}) == 1'000'000'000);
  CHECK(clock({"kpu.tiles=16 tiles", "clock.fabric=1 GHz"}) == 1'000'000'000);
}

TEST_CASE("a constant of the estimator that --set changes reaches the machine, unless the machine's own is set") {
  const auto value = [](const std::string& key, const std::vector<std::string>& sets) {
    return load("kpu-t64@estimator", Precision::int8, sets).settings.integer(key);
  };
  CHECK(value("memory.port_bandwidth", {"estimator.bandwidth=128 GB/s"}) == 128'000'000'000);
  CHECK(value("memory.port_energy", {"estimator.energy_per_byte=13 pJ"}) == 13'000'000);
  CHECK(value("energy.mac_int8", {"estimator.energy_per_op=0.2 pJ"}) == 50'000);    // 2 x 0.2 pJ x 0.125
  CHECK(value("energy.mac_bf16", {"estimator.energy_scale_bf16=25 %"}) == 50'000);  // 2 x 0.1 pJ x 0.25
  CHECK(value("power.idle", {"estimator.thermal_power=10 W"}) == 3'000'000);        // 0.30 x 10 W
  CHECK(value("power.idle", {"estimator.static_share=50 %"}) == 3'000'000);         // 0.50 x 6 W
  CHECK(value("memory.port_bandwidth", {"estimator.bandwidth=128 GB/s", "memory.port_bandwidth=1 GB/s"}) ==
        1'000'000'000);
  CHECK_THAT(load("kpu-t64@estimator").settings.at("memory.port_bandwidth").source, Contains("kpu_t64.py"));
}

TEST_CASE("a precision that is not executed is refused, and so is an unknown machine") {
  CHECK_THROWS_WITH(load("kpu-t64@estimator", Precision::int4), Contains("int4"));
  CHECK_THROWS_WITH(load("kpu-t65@estimator"), Contains("kpu-t65@estimator") && Contains("kpu-t64@estimator"));
  CHECK_THROWS_AS(load("kpu-t64@estimator", Precision::int4), NotModelled);
}
