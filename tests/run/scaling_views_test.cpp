// Tables, JSON and CSV of scaling, from series whose figures are chosen by hand.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/run/command_scaling_views.h"
#include "tests/results/scaling_support.h"

namespace {

using namespace cyclescope;
using ledger::Leaf;
using results::testing::array;
using results::testing::machine;

/// `tiles` tiles of 4 quarter-MACs per clock that do 64 MACs; what is left waits for the NoC.
results::ScalingPoint point(const std::string& label, std::int64_t tiles, std::int64_t cycles) {
  std::vector<results::LaneResult> lanes;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const std::int64_t useful = 4 * 64 / tiles;
    lanes.push_back(array(cycles, {{Leaf::useful_mac, useful}, {Leaf::waiting_operand_noc, 4 * cycles - useful}}));
  }
  results::RunResult result = machine(cycles, 1, 64, lanes);
  result.critical_path = {{"useful.mac", cycles / 4}, {"waiting.operand.noc", cycles - cycles / 4}};
  results::ScalingPoint made = results::scaling_point(result, label, tiles);
  made.mesh_width = tiles;
  made.mesh_height = 1;
  return made;
}

run::ScalingReport report(const std::string& axis, const std::vector<results::ScalingPoint>& points) {
  results::ScalingSeries series;
  series.platform = axis == "platform" ? "" : "chip";
  series.state = "steady";
  series.memory = "constant";
  series.points = points;
  series.left_out = {{"3", "does not fit"}};
  results::complete(series);
  return {{axis, "net", "int8", false, {}}, {series}};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("claims about chips are ruled on with what takes the loss") {
  results::ScalingPoint fast = point("kpu-t256", 4, 400);  // half the latency in cycles, twice the clock
  fast.clock_hz *= 2;
  fast.makespan /= 2;
  const std::string text = run::scaling_table(report("platform", {point("kpu-t64", 1, 800), fast}));
  // S = 800 / 200 = 4 at 8 times the capacity: E = 1600 x 2 / (4 x 1600) = 0.5, all of the loss in the NoC.
  CHECK(contains(text,
                 "  claim kpu-t64 -> kpu-t256 = 4.0x: simulated 4.00x with 8.00x the capacity\n"
                 "    largest losses: NoC 50.0 %\n"));
  CHECK(contains(text, "kpu-t256"));
  CHECK(contains(text, "2.00x\n"));  // the clock, last in its row
  CHECK_FALSE(contains(text, "Knee"));
}

TEST_CASE("a series says base, ruling, knee and what was left out") {
  const std::string text =
      run::scaling_table(report("tiles", {point("1", 1, 800), point("2", 2, 400), point("4", 4, 399)}));
  CHECK(contains(text, "net on chip, int8, strong scaling by tiles; steady state, constant memory\n"));
  CHECK(contains(text, "  base: 1, the first that ran\n  left out: 3: does not fit\n"));
  CHECK(contains(text, "  Ruling: tiles 1 -> 4: simulated 2.01x with 4.00x the capacity\n"));
  CHECK(contains(text, "  Knee: tiles 2 is the largest"));
  CHECK(contains(text, "  Beyond tiles 2 latency never improves by more than 1 %.\n"));
  CHECK(contains(text, "waiting.operand.noc 75.0 %, useful.mac 25.0 %"));
  CHECK(contains(text, "  tiles  mesh   latency"));
  CHECK(contains(text, "\n      4   4x1  399.0 ps"));
  CHECK(contains(text, "  1 - efficiency  0.0  49.9\n"));  // 1 - 3200 / 6384
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() < 120);
}

TEST_CASE("a point that lost less than the base has no largest loss, only causes that it made up for") {
  results::RunResult result = machine(300, 1, 64, {});
  for (int tile = 0; tile < 2; ++tile) {
    result.lanes.push_back(array(
        300, {{Leaf::useful_mac, 128}, {Leaf::waiting_operand_noc, 800}, {Leaf::structural_drain, 4 * 300 - 928}}));
  }
  const results::ScalingPoint twice = results::scaling_point(result, "2", 2);
  // Of 2400 slots 2 x 272 drain; the base has 2944 slots in the NoC and these 1600.
  CHECK(contains(run::scaling_table(report("tiles", {point("1", 1, 800), twice})),
                 "    largest losses: none in all, in spite of fill and drain 22.7 %\n"));
  CHECK(contains(run::scaling_table(report("tiles", {point("1", 1, 800), point("2", 2, 300)})),
                 "    largest losses: none\n"));
}

TEST_CASE("as many points as fit a line are in one table, more go on below") {
  std::vector<results::ScalingPoint> points;
  for (std::int64_t i = 1; i <= 25; ++i) points.push_back(point(std::to_string(i), 1, 900 - i));
  const std::string text = run::scaling_table(report("tiles", points));
  std::size_t sums = 0;
  for (std::size_t at = text.find("  useful MACs "); at != std::string::npos;
       at = text.find("  useful MACs ", at + 1)) {
    ++sums;
  }
  CHECK(sums == 2);  // (120 - 25) / (5 + 2) = 13 to a line, then 12
}

TEST_CASE("JSON and CSV carry the same points") {
  const run::ScalingReport two = report("tiles", {point("1", 1, 800), point("2", 2, 500)});
  const auto json = nlohmann::json::parse(run::scaling_json(two));
  const auto& second = json.at("series").at(0).at("points").at(1);
  CHECK(second.at("efficiency_lost") == 2 * 4 * 500 - 4 * 800);
  CHECK(second.at("efficiency_terms").at("noc") == 800);
  CHECK(second.at("efficiency_denominator") == 4000);
  CHECK(second.at("mesh_width") == 2);
  CHECK(second.at("mesh_height") == 1);
  CHECK(second.at("marginal_efficiency").get<double>() == Approx(0.6));  // 800 / 500 - 1
  CHECK(json.at("series").at(0).at("points").at(0).at("marginal_efficiency").is_null());
  CHECK(json.at("series").at(0).at("knee") == "2");
  CHECK(json.at("series").at(0).at("pays_until").is_null());
  const std::string csv = run::scaling_csv(two);
  CHECK(contains(csv, "loss.noc"));
  CHECK(contains(csv,
                 "\nnet,int8,tiles,chip,steady,constant,,2,2,2,1,1,5e-10,500,1000000000000,0,1.6,2,0.8,0.6,0.25,1,0,2,"
                 "4000,256,"));
}
