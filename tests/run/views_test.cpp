// Views of a result: keys, sums, and numbers derived here by hand from the sample.
#include "sim/run/views.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/run/breakdown.h"
#include "tests/results/support.h"

namespace {

using namespace cyclescope;
using Json = nlohmann::ordered_json;
using results::testing::sample;

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& entry : object.items()) names.push_back(entry.key());
  return names;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

/// Lines of a section: after its header row, up to and with `total`.
std::vector<std::string> section(const std::string& text, const std::string& title) {
  std::vector<std::string> rows;
  bool inside = false;
  for (const std::string& line : lines(text)) {
    if (inside) rows.push_back(line);
    if (line.find(title) == 0) inside = true;
    if (inside && line.find("  total") == 0) break;
  }
  REQUIRE(rows.size() >= 2);
  rows.erase(rows.begin());
  return rows;
}

/// Cycles and tenths of a percent of a row `name  1,234  56.7 %`, whose name has no space.
std::pair<std::int64_t, std::int64_t> numbers(const std::string& row) {
  std::istringstream stream(row);
  std::string name;
  std::string cycles;
  std::string percent;
  stream >> name >> cycles >> percent;
  cycles.erase(std::remove(cycles.begin(), cycles.end(), ','), cycles.end());
  percent.erase(std::remove(percent.begin(), percent.end(), '.'), percent.end());
  return {std::stoll(cycles), std::stoll(percent)};
}

/// A path of random steps with its causes, cut at instants that are no clock edges.
results::RunResult random_path(std::uint64_t seed, std::size_t steps) {
  const std::vector<std::string> causes{"useful.mac",      "waiting.weights",    "structural.fill",
                                        "overhead.launch", "waiting.operand.l3", "waiting.dependency",
                                        "structural.drain"};
  results::RunResult result = sample();
  result.path.clear();
  result.critical_path.clear();
  std::mt19937_64 random(seed);
  Femtoseconds t = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    const Femtoseconds next = t + static_cast<Femtoseconds>(random() % 9'000'000);
    const std::string& cause = causes[random() % causes.size()];
    result.path.push_back(
        {cause, static_cast<std::int32_t>(random() % 2), static_cast<std::int32_t>(random() % 4) - 1, t, next});
    result.critical_path[cause] += ceil_div(next, result.clock_period) - ceil_div(t, result.clock_period);
    t = next;
  }
  result.makespan = t;
  result.cycles = ceil_div(t, result.clock_period);
  return result;
}

}  // namespace

TEST_CASE("JSON has the documented keys first, in their order") {
  const Json json = Json::parse(run::to_json(sample()));
  const std::vector<std::string> expected{"schema",
                                          "platform",
                                          "model",
                                          "precision",
                                          "precision_label",
                                          "batch",
                                          "initial_state",
                                          "version",
                                          "clock_hz",
                                          "cycles",
                                          "latency_s",
                                          "host_overhead_s",
                                          "throughput_fps",
                                          "energy_j",
                                          "host_energy_j",
                                          "average_power_w",
                                          "macs",
                                          "dram_read_bytes",
                                          "dram_write_bytes",
                                          "host_read_bytes",
                                          "host_write_bytes",
                                          "peak_memory_bytes",
                                          "fits",
                                          "utilisation",
                                          "critical_path",
                                          "energy",
                                          "operators"};
  const std::vector<std::string> found = keys(json);
  REQUIRE(found.size() > expected.size());
  CHECK(std::vector<std::string>(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(expected.size())) ==
        expected);
  CHECK(keys(json["operators"][0]) == std::vector<std::string>{"name", "type", "precision_label", "start_cycle",
                                                               "end_cycle", "macs", "dram_bytes", "bound", "exposed"});
  for (const char* key : {"roofline_s", "roofline_bound", "macs_executed", "compulsory_bytes", "energy_fj",
                          "energy_fj_total", "traffic", "laws"}) {
    CHECK(json.contains(key));
  }
}

TEST_CASE("JSON numbers follow from the stored integers") {
  const Json json = Json::parse(run::to_json(sample()));
  CHECK(json["schema"] == "cyclescope-run-1");
  CHECK(json["latency_s"] == 2e-7);        // 200 ns
  CHECK(json["throughput_fps"] == 1e7);    // 2 frames in 200 ns
  CHECK(json["energy_j"] == 1e-12);        // 700 + 100 + 200 fJ
  CHECK(json["average_power_w"] == 5e-6);  // 1 pJ in 200 ns
  CHECK(json["utilisation"] == 0.5);       // 12 800 of 128e9/s * 200 ns = 25 600
  CHECK(json["roofline_s"] == 1.6e-7);
  CHECK(json["energy"]["dram"] == 7e-13);
  CHECK(json["energy_fj"]["dram"] == 700);
  CHECK(json["energy_fj_total"] == 1000);
  CHECK(json["host_overhead_s"] == 7e-12);
  CHECK(json["fits"] == false);
  std::int64_t cycles = 0;
  for (const auto& cause : json["critical_path"].items()) cycles += cause.value().get<std::int64_t>();
  CHECK(cycles == json["cycles"]);
  CHECK(json["operators"].size() == 3);
  CHECK(json["operators"][1]["exposed"] == Json::object());
  CHECK(json["laws"][0]["holds"] == false);
  CHECK(json["traffic"][0]["received"] == 8191);
}

TEST_CASE("a pipeline has an interval, frames in flight, and a frame per interval") {
  results::RunResult result = sample();
  result.initiation_interval = 50'000'000;  // 50 ns, a quarter of the latency
  result.frames_in_flight = 400;
  const Json json = Json::parse(run::to_json(result));
  CHECK(json["initiation_interval_s"] == 5e-8);
  CHECK(json["frames_in_flight"] == 4.0);
  CHECK(json["throughput_fps"] == 2e7);
  const std::string text = run::to_table(result);
  CHECK(text.find("20,000,000 frames/s") != std::string::npos);
  CHECK(text.find("50.00 ns from frame to frame; 4.00 frames in flight") != std::string::npos);
  CHECK_FALSE(Json::parse(run::to_json(sample())).contains("initiation_interval_s"));
}

TEST_CASE("JSON of an empty run has no ratios over zero") {
  const Json json = Json::parse(run::to_json(results::RunResult()));
  CHECK(json["cycles"] == 0);
  CHECK(json["latency_s"] == 0);
  CHECK(json["throughput_fps"].is_null());
  CHECK(json["average_power_w"].is_null());
  CHECK(json["operators"] == Json::array());
  CHECK(json["critical_path"] == Json::object());
}

TEST_CASE("JSON stays valid when a name is no UTF-8") {
  results::RunResult result = sample();
  result.operators[0].name = "conv\xff";
  CHECK(Json::parse(run::to_json(result))["operators"].size() == 3);
}

TEST_CASE("CSV has one row per operator and quotes what needs it") {
  const std::vector<std::string> rows = lines(run::to_csv(sample()));
  REQUIRE(rows.size() == 1 + 3);
  CHECK(rows[0] ==
        "name,type,precision_label,start_cycle,end_cycle,macs,dram_bytes,bound,exposed_cycles,"
        "exposed.overhead.launch,exposed.useful.mac,exposed.waiting.operand.dram_row");
  CHECK(rows[1] == "conv1,conv2d,native,5,60,8192,3000,useful.mac,55,0,40,15");
  CHECK(rows[2] == "\"flatten, then\",reshape,view,60,60,0,0,view,0,0,0,0");
  CHECK(rows[3] == "\"fc \"\"last\"\"\",gemm,fallback,60,100,4096,2120,waiting.operand.dram_row,40,0,20,20");
}

TEST_CASE("the table says what is simulated and what is estimated") {
  const std::string text = run::to_table(sample());
  for (const char* expected :
       {"two_layers on kpu-test, int8 (fallback), batch 2, steady state", "Simulated\n",
        "200.0 ns, 100 cycles at 500 MHz", "10,000,000 frames/s", "energy            1.000 pJ\n",
        "dram 70.0 %, mac 20.0 %, leakage 10.0 %\n", "5.000 uW", "12,800 executed on arrays, 12,288 in the trace",
        "50.0 % of the MACs that all arrays could do in the latency",
        "4,096 B (4.000 KiB) read, 1,024 B (1.000 KiB) written", "8,192 B (8.000 KiB) at once, does not fit",
        "Estimated lower bound\n", "160.0 ns, bound by memory; the simulated latency is 1.25 x that",
        "critical path, simulated", "Laws: 2 checked, 1 BROKEN", "BROKEN bytes conserved: dram_read: 8191 of 8192"}) {
    INFO(expected);
    CHECK(text.find(expected) != std::string::npos);
  }
}

TEST_CASE("the causes of the table sum exactly to the total") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const results::RunResult result = random_path(seed, 1 + seed * 3);
    const std::vector<std::string> rows = section(run::to_table(result), "Where the cycles went");
    std::int64_t cycles = 0;
    std::int64_t tenths = 0;
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      const auto [row_cycles, row_tenths] = numbers(rows[i]);
      cycles += row_cycles;
      tenths += row_tenths;
    }
    CHECK(std::pair(cycles, tenths) == numbers(rows.back()));
    CHECK(numbers(rows.back()) == std::pair(result.cycles, std::int64_t{1000}));
  }
}

TEST_CASE("a path that does not close is shown as such, never made to fit") {
  results::RunResult result = sample();
  result.critical_path["useful.mac"] -= 1;
  const std::string text = run::to_table(result);
  CHECK(text.find("total (does not close: expected 100)      99") != std::string::npos);
}

TEST_CASE("cycles by cause, operator and lane telescope to the cycles of the result") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const results::RunResult result = random_path(seed, 200);
    std::int64_t causes = 0;
    std::int64_t operators = 0;
    std::int64_t lanes = 0;
    for (const auto& share : run::by_cause(result)) causes += share.cycles;
    for (const auto& share : run::by_operator(result)) operators += share.cycles;
    for (const auto& share : run::by_lane(result)) lanes += share.cycles;
    CHECK(causes == result.cycles);
    CHECK(operators == result.cycles);
    CHECK(lanes == result.cycles);
  }
}

TEST_CASE("explain prints the path by cause, operator and lane") {
  const std::string table = run::explain(sample(), run::Format::table);
  // The path of the sample: 10 ns before any operator, 110 ns in conv1, 80 ns in fc; 2 ns per cycle.
  CHECK(table.find("conv1                   55   55.0 %") != std::string::npos);
  CHECK(table.find("fc \"last\"               40   40.0 %") != std::string::npos);
  CHECK(table.find("(no operator)            5    5.0 %") != std::string::npos);
  CHECK(table.find("array.0      60   60.0 %") != std::string::npos);
  const Json json = Json::parse(run::explain(sample(), run::Format::json));
  CHECK(json["by_lane"][0]["name"] == "array.0");
  CHECK(json["by_operator"][0]["cycles"] == 55);
  CHECK(run::explain(sample(), run::Format::csv).find("lane,dma.0,40\n") != std::string::npos);
}

TEST_CASE("an operator's exposed cycles are those of the path") {
  const results::RunResult result = sample();
  for (const run::OperatorShare& share : run::by_operator(result)) {
    if (share.op < 0) continue;
    std::int64_t exposed = 0;
    for (const auto& cause : result.operators[static_cast<std::size_t>(share.op)].exposed) exposed += cause.second;
    CHECK(exposed == share.cycles);
  }
}

TEST_CASE("formats have names") {
  CHECK(run::parse_format("csv") == run::Format::csv);
  CHECK_THROWS_AS(run::parse_format("xml"), InputError);
}
