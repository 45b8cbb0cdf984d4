// Units of a check on a small graph with a hand-made result, and the estimator's data behind a real platform.
#include "sim/run/check.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "sim/estimate/count.h"
#include "sim/run/check_many.h"
#include "sim/run/check_views.h"
#include "tests/workloads/small_networks.h"

namespace cyclescope::run {
namespace {

using Catch::Contains;
using results::OperatorResult;
using results::RunResult;
using workloads::Graph;
using workloads::OperatorType;

workloads::FusionRules rules() {
  workloads::FusionRules rules;
  rules.fold_batch_norm = rules.activation = rules.residual = true;
  return rules;
}

/// Input 1x8x4x4, a convolution to 16 channels, ReLU, a view and a linear layer to 10.
Graph network() {
  workloads::SmallNet net;
  const workloads::TensorId conv = net.conv(net.input({1, 8, 4, 4}), 16);
  const workloads::TensorId relu = net.pointwise(OperatorType::relu, {conv});
  net.graph.outputs = {net.linear(net.reshape(relu, {1, 256}), 10)};
  return net.graph;
}

OperatorResult operator_of(const std::string& name, const std::string& label, std::int64_t bytes) {
  OperatorResult op;
  op.name = name;
  op.precision_label = label;
  op.dram_bytes = bytes;
  return op;
}

/// As KPU-T64 would have it, with round numbers: the linear layer in two operators, of which only the first moves bytes.
RunResult result() {
  RunResult result;
  result.platform = "kpu-t64";
  result.model = "test";
  result.precision = "int8";
  result.initial_state = "steady";
  result.settings = {{"platform.family", "kpu"}, {"energy.mac_int8", "0.10 pJ"}};
  result.compulsory_bytes = 2'856;
  result.peak_macs_per_second = 31'000'000'000'000;
  result.peak_bytes_per_second = 64'000'000'000;
  result.roofline = 44'625'000;  // 2,856 B at 64 GB/s
  result.roofline_bound = "memory";
  result.dram_read_bytes = 3'000;
  result.operators = {operator_of("conv2d_0", "native", 256), operator_of("reshape_2", "view", 0),
                      operator_of("gemm_3 (partial sums)", "native", 4'000), operator_of("gemm_3", "native", 0)};
  result.lanes.resize(2);
  result.lanes[0].name = "array.0";
  result.lanes[1].name = "dram.0";
  result.path = {{"overhead.launch", 0, -1, 0, 1'000'000},
                 {"useful.mac", 0, 0, 1'000'000, 31'000'000},
                 {"waiting.arbitration", 1, 2, 31'000'000, 81'000'000},
                 {"waiting.arbitration", 0, 2, 81'000'000, 91'000'000},
                 {"useful.vector", 0, 3, 91'000'000, 111'000'000}};
  result.makespan = 111'000'000;
  result.energy_fj = {{"array", 700}, {"dram", 3'000}, {"idle", 500}};
  result.operators[0].energy_fj = {{"array", 300}, {"idle", 100}};
  result.operators[2].energy_fj = {{"array", 400}, {"dram", 2'500}};
  result.operators[3].energy_fj = {{"idle", 390}};
  return result;
}

CheckUnits units() { return check_units(result(), network(), workloads::fuse(network(), rules())); }

}  // namespace

TEST_CASE("operators of the estimator meet those of the machine in units") {
  const CheckUnits found = units();
  REQUIRE(found.units.size() == 3);
  CHECK(found.units[0].name == "conv2d_0");
  CHECK(found.units[0].type == "conv2d");
  CHECK(found.facts[0].members == "conv2d_0 relu_1");
  CHECK(found.units[0].operators.size() == 2);
  REQUIRE(found.units[0].groups.size() == 1);
  CHECK(found.units[0].groups[0].macs == 16 * 8 * 16);
  CHECK(found.units[0].groups[0].bytes == 4 * (8 * 16 + 16 * 8 + 16 * 16));  // input, weights, output of the ReLU
  CHECK(found.facts[0].ops == 2 * 16 * 8 * 16 + 16 * 16);
  CHECK(found.facts[0].bytes == 4 * (8 * 16 + 16 * 8 + 16 * 16) + 4 * 2 * 16 * 16);

  CHECK(found.facts[1].bound == "view");
  CHECK(found.units[1].groups.empty());
  REQUIRE(found.units[1].operators.size() == 1);
  CHECK(found.units[1].operators[0].view);

  CHECK(found.units[2].type == "linear");
  CHECK(found.units[2].groups[0].bytes == 4 * (256 + 256 * 10 + 10 + 10));
}

TEST_CASE("path and energy of a unit are those of its operators, and what is left belongs to none") {
  const CheckUnits found = units();
  using Path = std::map<std::string, Femtoseconds>;
  CHECK(found.units[0].path == Path{{"useful.mac", 30'000'000}});
  CHECK(found.facts[0].bound == "mac");
  // Behind another client's data at external memory, which is its bandwidth; at the array it is contention.
  CHECK(found.units[2].path == Path{{"waiting.operand.dram_bandwidth", 50'000'000},
                                    {"waiting.arbitration", 10'000'000},
                                    {"useful.vector", 20'000'000}});
  CHECK(found.facts[2].bound == "dram_bandwidth");
  CHECK(found.rest.path == Path{{"overhead.launch", 1'000'000}});
  using Energy = std::map<std::string, std::int64_t>;
  CHECK(found.units[2].energy_fj == Energy{{"array", 400}, {"dram", 2'500}, {"idle", 390}});
  CHECK(found.rest.energy_fj == Energy{{"array", 0}, {"dram", 500}, {"idle", 10}});
}

TEST_CASE("compulsory bytes are shared by what a unit must move and did") {
  // conv: 128 B of input and 128 B of weights, all of it moved. Linear: 2,570 B of parameters and 10 B of output out of
  // 4,000 B moved. 2,856 bytes of 256 + 2,580 = 2,836.
  const CheckUnits found = units();
  CHECK(found.units[0].compulsory_bytes == 2'856 * 256 / 2'836);
  CHECK(found.units[0].compulsory_bytes + found.units[2].compulsory_bytes == 2'856);
  CHECK(found.units[1].compulsory_bytes == 0);
}

TEST_CASE("a result of another trace is refused by operator") {
  RunResult other = result();
  other.operators[2].name = "gemm_4 (partial sums)";
  CHECK_THROWS_WITH(check_units(other, network(), workloads::fuse(network(), rules())),
                    Contains("'gemm_4 (partial sums)'") && Contains("'gemm_3'"));
  other = result();
  other.operators.pop_back();
  CHECK_THROWS_WITH(check_units(other, network(), workloads::fuse(network(), rules())), Contains("no more operators"));
  other = result();
  other.operators.push_back(operator_of("softmax_9", "native", 0));
  CHECK_THROWS_WITH(check_units(other, network(), workloads::fuse(network(), rules())), Contains("softmax_9"));
}

TEST_CASE("frames of a batch move activations, not parameters") {
  RunResult batch = result();
  batch.batch = 3;
  const CheckUnits found = check_units(batch, network(), workloads::fuse(network(), rules()));
  CHECK(found.units[2].groups[0].bytes == 4 * (3 * 256 + 256 * 10 + 10 + 3 * 10));
  CHECK(found.units[2].groups[0].macs == 3 * 2'560);
  CHECK(found.units[2].operators[0].count.input_bytes == 4 * (3 * 256 + 256 * 10 + 10));
  CHECK(found.units[2].operators[0].count.ops == 3 * 2 * 2'560);
}

TEST_CASE("a check closes on the result") {
  Estimator estimator({});
  const Check check = estimator.check(result(), network());
  CHECK(check.estimator == "kpu-t64");
  CHECK_FALSE(check.printed);  // no such network was published
  CHECK(check.latency.total().simulation == result().makespan);
  CHECK(check.energy.total().simulation == result().total_energy_fj());
  CHECK(check.latency.total().estimate == check.recomputed.latency);
  CHECK_FALSE(check.below_roofline());
  // The MACs of the convolution at 0.1 pJ are off the array.
  CHECK(check.energy.share(check.energy.rows[0], "array") == 300 - 2'048 * 100);
}

TEST_CASE("a published row speaks of the machine as it is, one frame at a time") {
  RunResult real = result();
  real.model = "resnet50";
  const Check check = Estimator({}).check(real, network());
  REQUIRE(check.printed);
  CHECK(check.printed->latency == 6'710'000'000'000);  // 6.71 ms in configs/estimator/results.csv
  const auto recomputed = [&](auto&& change) {
    RunResult other = real;
    change(other);
    CHECK_FALSE(Estimator({}).check(other, network()).printed);
  };
  recomputed([](RunResult& other) { other.overrides = {{"clock.frequency", "1 GHz"}}; });
  recomputed([](RunResult& other) { other.platform = "kpu-t64@estimator (hypothetical)"; });
  recomputed([](RunResult& other) { other.batch = 2; });
  CHECK_FALSE(Estimator({"bandwidth=32 GB/s"}).check(real, network()).printed);
}

TEST_CASE("constants can be overridden, with or without their section") {
  for (const char* text : {"bandwidth=32 GB/s", "estimator.bandwidth=32 GB/s"}) {
    Estimator usual({});
    Estimator changed({text});
    const Check before = usual.check(result(), network());
    const Check after = changed.check(result(), network());
    // Twice the time at half the bandwidth: all operators are bound by memory.
    CHECK(after.recomputed.latency == Approx(2 * static_cast<double>(before.recomputed.latency)).epsilon(1e-9));
    CHECK(after.constants == std::vector<std::string>{"estimator.bandwidth=32 GB/s"});
  }
  Estimator wrong({"bandwith=32 GB/s"});
  CHECK_THROWS_WITH(wrong.check(result(), network()), Contains("bandwith"));
}

TEST_CASE("a check has the version of the program that simulated") {
  RunResult old = result();
  old.version = "0.0.1 of long ago";
  CHECK(check_json(Estimator({}).check(old, network()))["version"] == "0.0.1 of long ago");
}

TEST_CASE("a platform that the estimator does not know is refused, its hypothetical twin is not") {
  RunResult other = result();
  other.platform = "kpu-t64@estimator (hypothetical)";
  CHECK(Estimator({}).check(other, network()).estimator == "kpu-t64");
  other.platform = "mine";
  CHECK_THROWS_WITH(Estimator({}).check(other, network()), Contains("'mine'"));
}

TEST_CASE("statistics over runs: residuals, breakdowns and ranks") {
  Estimator estimator({});
  CheckedRuns runs;
  const auto add = [&](const char* platform, std::int64_t slower) {
    RunResult one = result();
    one.platform = platform;
    one.path.back().to += slower;
    one.makespan += slower;
    runs.checks.push_back(estimator.check(one, network()));
    runs.files.emplace_back("x.h5");
  };
  // Estimates fall from T64 to T768, simulations rise.
  add("kpu-t256", 1'000'000'000);
  add("kpu-t64", 0);
  add("kpu-t768", 2'000'000'000);
  const CheckStatistics statistics = check_statistics(runs);
  REQUIRE(statistics.checks.size() == 3);
  CHECK(statistics.checks[1].simulation.latency == 111'000'000);
  CHECK(statistics.operators == 6);
  CHECK(statistics.below_roofline.empty());
  REQUIRE(statistics.rankings.size() == 2);
  const Ranking& latency = statistics.rankings[0];
  CHECK(latency.quantity == "latency");
  CHECK(latency.what == "test, int8, steady, batch 1");
  CHECK(*latency.kendall_tau_b == -1);
  CHECK(*latency.spearman == Approx(-1));
  CHECK(latency.inversions.size() == 3);
  CHECK(*latency.regret == Approx(2'111'000'000.0 / 111'000'000 - 1));

  const auto group = [&](const std::string& by, const std::string& name) {
    for (const ResidualGroup& one : statistics.groups) {
      if (one.quantity == "latency" && one.by == by && one.name == name) return one;
    }
    FAIL(by + " " + name);
    return ResidualGroup{};
  };
  CHECK(group("runs", "estimator").spread.count == 3);
  CHECK(group("runs", "roofline").spread.worst < 0);
  CHECK(group("type", "conv2d").spread.count == 3);
  CHECK(group("type", "linear").spread.count == 3);
  CHECK(group("bound", "vector").spread.count == 2);  // the two whose last operator was made slower
  CHECK(group("intensity", "0 to 1 op/B").spread.count == 3);
  const std::string text = render(statistics, Format::table);
  CHECK_THAT(text, Contains("kpu-t768 is estimated below kpu-t64, simulated above"));
}

TEST_CASE("two platforms are too few for a rank statistic, and the table says so") {
  Estimator estimator({});
  CheckedRuns runs;
  for (const char* platform : {"kpu-t256", "kpu-t64"}) {
    RunResult one = result();
    one.platform = platform;
    runs.checks.push_back(estimator.check(one, network()));
    runs.files.emplace_back("x.h5");
  }
  const CheckStatistics statistics = check_statistics(runs);
  CHECK_FALSE(statistics.rankings[0].kendall_tau_b);
  CHECK_FALSE(statistics.rankings[0].spearman);
  CHECK_THAT(render(statistics, Format::table), Contains("2 platforms; rank statistics need 3"));
}

TEST_CASE("hypothetical and changed machines are ranked among themselves") {
  Estimator estimator({});
  CheckedRuns runs;
  const auto add = [&](const std::string& platform, std::map<std::string, std::string> overrides) {
    RunResult one = result();
    one.platform = platform;
    one.overrides = std::move(overrides);
    runs.checks.push_back(estimator.check(one, network()));
    runs.files.emplace_back("x.h5");
  };
  for (const std::string platform : {"kpu-t256", "kpu-t64"}) {
    add(platform, {});
    add(platform, {{"mesh.multicast", "off"}});
    add(platform + "@estimator (hypothetical)", {});
  }
  std::map<std::string, std::vector<std::string>> ranked;
  for (const Ranking& ranking : check_statistics(runs).rankings) {
    if (ranking.quantity == "latency") ranked[ranking.what] = ranking.platforms;
  }
  using Platforms = std::vector<std::string>;
  CHECK(ranked.size() == 3);
  CHECK(ranked["test, int8, steady, batch 1"] == Platforms{"kpu-t256", "kpu-t64"});
  CHECK(ranked["test, int8, steady, batch 1, mesh.multicast = off"] == Platforms{"kpu-t256", "kpu-t64"});
  CHECK(ranked["test, int8, steady, batch 1, @estimator (hypothetical)"] ==
        Platforms{"kpu-t256@estimator (hypothetical)", "kpu-t64@estimator (hypothetical)"});
}

TEST_CASE("a run below its roofline is counted") {
  Estimator estimator({});
  CheckedRuns runs;
  RunResult fast = result();
  fast.roofline = fast.makespan + 1;
  runs.checks.push_back(estimator.check(fast, network()));
  runs.files.emplace_back("x.h5");
  CHECK(runs.checks[0].below_roofline());
  CHECK(check_statistics(runs).below_roofline == std::vector<std::string>{"test on kpu-t64, int8, steady, batch 1"});
}

}  // namespace cyclescope::run
