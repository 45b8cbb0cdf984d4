// The split of residuals on two hand-made operators with round numbers, its exactness on random ones, and what a wrong
// constant of the estimator moves.
#include "sim/estimate/split.h"

#include <catch2/catch.hpp>
#include <random>

#include "sim/ledger/leaf.h"

namespace cyclescope::estimate {
namespace {

constexpr std::int64_t kMicro = 1'000'000'000;  // fs in a microsecond, fJ in a microjoule
constexpr double kPico = 1e-12;

OperatorCount counted(const char* type, std::int64_t macs, std::int64_t ops, std::int64_t input, std::int64_t output) {
  OperatorCount one;
  one.type = type;
  one.macs = macs;
  one.ops = ops;
  one.input_bytes = input;
  one.output_bytes = output;
  return one;
}

/// 1 T op/s, 1 GB/s, 1 us per operator; 1 pJ per FP32 operation, half of that at INT8, 10 pJ/B, 0.30 x 10 W.
BranesPlatform constants() {
  BranesPlatform platform;
  platform.name = "hand";
  platform.peak = {{Precision::int8, 1e12}};
  platform.bandwidth = 1e9;
  platform.operator_overhead = 1e-6;
  platform.energy_per_op = 1 * kPico;
  platform.energy_scale = {{Precision::int8, 0.5}};
  platform.energy_per_byte = 10 * kPico;
  platform.thermal_power = 10;
  platform.static_share = 0.3;
  return platform;
}

/// The machine: 1 T MAC/s, 2 GB/s, 0.2 pJ/MAC, 4 pJ/B. A convolution with a ReLU, bound by compute, and a linear layer
/// behind a view, bound by memory. The roofline: 501 us of MACs against 1,040,000 B at 2 GB/s = 520 us.
SplitInput input() {
  SplitInput input;
  input.constants = constants();
  input.precision = Precision::int8;
  input.machine = {1'000'000'000'000, 2'000'000'000, 520 * kMicro, "memory", 0.2 * kPico, 4 * kPico};
  SplitUnit conv;
  conv.name = "conv";
  conv.type = "conv2d";
  conv.operators = {{counted("conv2d", 500'000'000, 1'000'000'000, 400'000, 100'000), false},
                    {counted("relu", 0, 1'000'000, 100'000, 100'000), false}};
  conv.groups = {{500'000'000, 400'000}};
  conv.compulsory_bytes = 40'000;
  conv.path = {{"overhead.launch", 10 * kMicro},
               {"useful.mac", 450 * kMicro},
               {"waiting.operand.dram_bandwidth", 5 * kMicro},
               {"waiting.operand.noc", 40 * kMicro},
               {"waiting.operand.dram_row", 3 * kMicro}};
  conv.energy_fj = {{"array", 130 * kMicro},
                    {"dram", kMicro / 5},
                    {"dram_phy", kMicro / 20},
                    {"idle", 500 * kMicro},
                    {"noc", 5 * kMicro}};
  SplitUnit fc;
  fc.name = "fc";
  fc.type = "linear";
  fc.operators = {{counted("reshape", 0, 0, 8'000, 8'000), true},
                  {counted("linear", 1'000'000, 2'000'000, 4'000'000, 4'000), false}};
  fc.groups = {{1'000'000, 4'004'000}};
  fc.compulsory_bytes = 1'000'000;
  fc.path = {{"waiting.operand.dram_bandwidth", 300 * kMicro},
             {"useful.transfer", 50 * kMicro},
             {"waiting.operand.noc", 100 * kMicro},
             {"waiting.arbitration", 7 * kMicro},
             {"strange.leaf", 2 * kMicro}};
  input.units = {conv, fc};
  input.rest.name = "(no operator)";
  input.rest.path = {{"overhead.launch", 4 * kMicro}};
  input.rest.energy_fj = {{"idle", 1 * kMicro}};
  return input;
}

std::int64_t sum(const SplitRow& row) {
  std::int64_t total = 0;
  for (const std::int64_t share : row.shares) total += share;
  return total;
}

void check_exact(const Split& split) {
  REQUIRE(split.causes.back() == "unexplained");
  SplitRow by_hand;
  for (const SplitRow& row : split.rows) {
    INFO(row.name);
    REQUIRE(row.shares.size() == split.causes.size());
    CHECK(sum(row) == row.simulation - row.estimate);
    by_hand.estimate += row.estimate;
    by_hand.simulation += row.simulation;
  }
  const SplitRow total = split.total();
  CHECK(total.estimate == by_hand.estimate);
  CHECK(total.simulation == by_hand.simulation);
  CHECK(sum(total) == total.simulation - total.estimate);
}

/// Shares that are not 0.
std::map<std::string, std::int64_t> shares(const Split& split, const SplitRow& row) {
  std::map<std::string, std::int64_t> found;
  for (std::size_t i = 0; i < split.causes.size(); ++i) {
    if (row.shares[i] != 0) found[split.causes[i]] = row.shares[i];
  }
  return found;
}

using Shares = std::map<std::string, std::int64_t>;

/// Causes of the total that differ.
std::vector<std::string> moved(const Split& a, const Split& b) {
  const SplitRow before = a.total();
  const SplitRow after = b.total();
  std::vector<std::string> causes;
  for (const std::string& cause : a.causes) {
    if (a.share(before, cause) != b.share(after, cause)) causes.push_back(cause);
  }
  return causes;
}

using Causes = std::vector<std::string>;

SplitInput random_input(std::mt19937_64& random) {
  const auto up_to = [&random](std::int64_t most) { return static_cast<std::int64_t>(random() % most); };
  SplitInput input;
  input.constants = constants();
  input.constants.peak[Precision::int8] = 1e9 * static_cast<double>(1 + up_to(100'000));
  input.constants.bandwidth = 1e6 * static_cast<double>(1 + up_to(1'000'000));
  input.constants.corrections = {{1'000'000, 10}, {100'000'000, 2}};
  input.precision = Precision::int8;
  const char* bounds[]{"compute", "memory", "dependency"};
  input.machine = {1 + up_to(100'000'000'000'000),
                   up_to(3) == 0 ? 0 : up_to(1'000'000'000'000),
                   up_to(kMicro * 1000),
                   bounds[random() % 3],
                   kPico * static_cast<double>(up_to(5)),
                   kPico * static_cast<double>(up_to(50))};
  if (up_to(2) == 0) input.published = PublishedTotals{{up_to(kMicro), up_to(kMicro)}, {up_to(kMicro), up_to(kMicro)}};
  const char* leaves[]{"useful.mac", "waiting.operand.noc", "waiting.operand.dram_bandwidth", "idle.unused",
                       "odd",        "structural.fill"};
  const char* components[]{"array", "dram", "dram_phy", "idle", "l2", "something"};
  const auto simulate = [&](SplitUnit& unit) {
    for (const char* leaf : leaves) unit.path[leaf] = up_to(kMicro * 100);
    for (const char* component : components) unit.energy_fj[component] = up_to(kMicro);
  };
  for (std::int64_t i = 0, count = up_to(8); i < count; ++i) {
    SplitUnit unit;
    for (std::int64_t j = 0, operators = up_to(4); j < operators; ++j) {
      const std::int64_t macs = up_to(2'000'000'000);
      unit.operators.push_back(
          {counted("any", macs, 2 * macs + up_to(1000), up_to(9'999'999), up_to(9'999'999)), up_to(3) == 0});
      unit.groups.push_back({macs, up_to(9'999'999)});
    }
    unit.compulsory_bytes = up_to(5'000'000);
    simulate(unit);
    input.units.push_back(std::move(unit));
  }
  simulate(input.rest);
  return input;
}

}  // namespace

TEST_CASE("the latency of two operators is split as computed by hand") {
  const Split split = split_latency(input());
  check_exact(split);
  REQUIRE(split.rows.size() == 3);

  // conv: 1000 + 200 us (compute, memory) and twice 1 us. ReLU at 2 GB/s: 100 us, at one byte each 25 us. MACs at the
  // machine's rate: 500 us. The group moves 100,000 B in 50 us, hidden behind them. Its part of the roofline: 40,000 B.
  const SplitRow& conv = split.rows[0];
  CHECK(conv.estimate == 1202 * kMicro);
  CHECK(conv.simulation == 508 * kMicro);
  CHECK(shares(split, conv) == Shares{{"overhead", -2 * kMicro},
                                      {"bandwidth", -100 * kMicro},
                                      {"peak", -500 * kMicro},
                                      {"precision", -75 * kMicro},
                                      {"fusion", -25 * kMicro},
                                      {"overlap", -480 * kMicro},
                                      {"launch", 10 * kMicro},
                                      {"mac", 450 * kMicro},
                                      {"noc", (40 - 15) * kMicro},  // of 20 us of the bound 5 are taken before
                                      {"row_misses", 3 * kMicro}});
  // fc: 16 us of the view, 4004 us, twice 1 us. 500 us of the roofline, of which the path shows 450.
  const SplitRow& fc = split.rows[1];
  CHECK(fc.estimate == 4022 * kMicro);
  CHECK(fc.simulation == 459 * kMicro);
  CHECK(shares(split, fc) == Shares{{"overhead", -2 * kMicro},
                                    {"bandwidth", -2010 * kMicro},
                                    {"precision", -1507 * kMicro - kMicro / 2},
                                    {"views", -2 * kMicro},
                                    {"on_chip", -kMicro / 2},
                                    {"beside_path", -50 * kMicro},
                                    {"contention", 7 * kMicro},
                                    {"unexplained", 2 * kMicro}});
  CHECK(shares(split, split.rows[2]) == Shares{{"launch", 4 * kMicro}});

  // After the steps of the estimate stands the roofline.
  const SplitRow total = split.total();
  std::int64_t bound = total.estimate;
  for (const char* cause : {"overhead", "bandwidth", "peak", "precision", "views", "fusion", "on_chip", "overlap"}) {
    bound += split.share(total, cause);
  }
  CHECK(bound == 520 * kMicro);
}

TEST_CASE("a roofline bound by compute is taken off the MACs on the path") {
  SplitInput given = input();
  given.machine.roofline = 501 * kMicro;
  given.machine.roofline_bound = "compute";
  const Split split = split_latency(given);
  check_exact(split);
  CHECK(split.share(split.rows[0], "overlap") == 0);
  CHECK(split.share(split.rows[0], "mac") == 0);
  CHECK(split.share(split.rows[0], "beside_path") == -50 * kMicro);  // 500 us of MACs, 450 on the path
  CHECK(split.share(split.rows[0], "noc") == 40 * kMicro);
  CHECK(split.share(split.rows[1], "overlap") == -499 * kMicro);  // 1 us of MACs instead of 500 us of bytes
  CHECK(split.share(split.rows[1], "beside_path") == -1 * kMicro);
  CHECK(split.share(split.rows[1], "dram_bandwidth") == 300 * kMicro);
}

TEST_CASE("a roofline bound by depth belongs to no operator") {
  SplitInput given = input();
  given.machine.roofline = 3 * kMicro;
  given.machine.roofline_bound = "dependency";
  const Split split = split_latency(given);
  check_exact(split);
  CHECK(split.share(split.rows[0], "overlap") == -500 * kMicro);
  CHECK(split.share(split.rows[2], "overlap") == 3 * kMicro);
}

TEST_CASE("the energy of two operators is split as computed by hand") {
  const Split split = split_energy(input());
  check_exact(split);
  // conv: 1001 M operations at 0.5 pJ, 700,000 B at 10 pJ, 3 W for 1202 us.
  const SplitRow& conv = split.rows[0];
  CHECK(conv.estimate == 500 * kMicro + kMicro / 2 + 7 * kMicro + 3606 * kMicro);
  CHECK(conv.simulation == 635 * kMicro + kMicro / 4);
  CHECK(shares(split, conv) == Shares{{"energy_per_op", 100 * kMicro - 500 * kMicro - kMicro / 2},  // 500 M x 0.2 pJ
                                      {"energy_per_byte", -4'200'000'000},                          // 7 -> 2.8 uJ
                                      {"precision", -2'100'000'000},                                // -> 0.7
                                      {"fusion", -300'000'000},                                     // -> 0.4
                                      {"on_chip", -240'000'000},                                    // -> 0.16
                                      {"latency", 3 * (508 - 1202) * kMicro},
                                      {"idle_power", 500 * kMicro - 3 * 508 * kMicro},
                                      {"array", 30 * kMicro},
                                      {"external_memory", 90'000'000},  // 0.25 - 0.16
                                      {"noc", 5 * kMicro}});
  CHECK(split.share(split.rows[1], "views") == -16'000'000);  // 16,000 B at a quarter of 4 pJ are 16 nJ
  CHECK(shares(split, split.rows[2]) == Shares{{"latency", 12 * kMicro}, {"idle_power", (1 - 12) * kMicro}});
}

TEST_CASE("a published row: its digits and the operators that the trace lacks") {
  SplitInput given = input();
  given.published = PublishedTotals{{5000 * kMicro, 16'000 * kMicro}, {5300 * kMicro, 16'100 * kMicro}};
  for (const Split& split : {split_latency(given), split_energy(given)}) {
    check_exact(split);
    CHECK(split.share(split.rows[0], "operator_list") == 0);
  }
  const Split latency = split_latency(given);
  const SplitRow total = latency.total();
  CHECK(total.estimate == 5000 * kMicro);
  CHECK(latency.share(total, "published_digits") == 300 * kMicro);
  CHECK(latency.share(total, "operator_list") == (5224 - 5300) * kMicro);
  const Split energy = split_energy(given);
  CHECK(energy.total().estimate == 16'000 * kMicro);
  CHECK(energy.share(energy.total(), "published_digits") == 100 * kMicro);
}

TEST_CASE("a wrong constant of the estimator moves its own cause and no other") {
  const auto with = [](auto change) {
    SplitInput given = input();
    change(given.constants);
    return given;
  };
  const SplitInput right = input();
  const auto check = [&](const SplitInput& wrong, const Causes& of_latency, const Causes& of_energy) {
    CHECK(moved(split_latency(right), split_latency(wrong)) == of_latency);
    CHECK(moved(split_energy(right), split_energy(wrong)) == of_energy);
    check_exact(split_latency(wrong));
    check_exact(split_energy(wrong));
  };
  // Static energy is charged for the estimated time, so a wrong rate reaches the energy, as time.
  check(with([](BranesPlatform& p) { p.bandwidth = 1.5e9; }), {"bandwidth"}, {"latency"});
  check(with([](BranesPlatform& p) { p.peak[Precision::int8] = 0.9e12; }), {"peak"}, {"latency"});
  check(with([](BranesPlatform& p) { p.operator_overhead = 5e-6; }), {"overhead"}, {"latency"});
  check(with([](BranesPlatform& p) { p.corrections = {{10'000'000, 4}}; }), {"size_correction"}, {"latency"});
  check(with([](BranesPlatform& p) { p.energy_per_byte = 40e-12; }), {}, {"energy_per_byte"});
  check(with([](BranesPlatform& p) { p.energy_per_op = 3e-12; }), {}, {"energy_per_op"});
  check(with([](BranesPlatform& p) { p.thermal_power = 20; }), {}, {"latency", "idle_power"});
  // By how much: at 1.5 instead of 1 GB/s ReLU, view and linear layer take 200, 16 and 4004 us times 2/3.
  const Split wrong = split_latency(with([](BranesPlatform& p) { p.bandwidth = 1.5e9; }));
  const std::int64_t less = wrong.total().estimate - split_latency(right).total().estimate;
  CHECK(less == Approx(-static_cast<double>(4220 * kMicro) / 3).epsilon(1e-12));
  CHECK(wrong.share(wrong.total(), "bandwidth") -
            split_latency(right).share(split_latency(right).total(), "bandwidth") ==
        -less);
}

TEST_CASE("shares add up exactly on random input, and what is unexplained is what has no name") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    const SplitInput given = random_input(random);
    INFO(round);
    const Split latency = split_latency(given);
    check_exact(latency);
    check_exact(split_energy(given));
    for (std::size_t i = 0; i < latency.rows.size(); ++i) {
      const SplitUnit& unit = i < given.units.size() ? given.units[i] : given.rest;
      CHECK(latency.share(latency.rows[i], "unexplained") == unit.path.at("odd"));
    }
    const Split energy = split_energy(given);
    CHECK(energy.share(energy.total(), "unexplained") == 0);
    // The steps of the estimate end at the roofline.
    const SplitRow total = latency.total();
    std::int64_t bound = total.estimate;
    for (const std::string& cause : latency.causes) {
      bound += latency.share(total, cause);
      if (cause == "overlap") break;
    }
    CHECK(bound == given.machine.roofline);
  }
}

TEST_CASE("every leaf of the ledger has a cause, and a name that is none has not") {
  for (std::size_t leaf = 0; leaf < ledger::kLeafCount; ++leaf) {
    const std::string name = ledger::name(static_cast<ledger::Leaf>(leaf));
    CHECK((path_cause(name) == "unexplained") == (name == "unknown"));
  }
  CHECK(path_cause("waiting.operand.dram_row") == "row_misses");
  CHECK(path_cause("overhead.clock_crossing") == path_cause("overhead.synchronisation"));
  CHECK(path_cause("unknown") == "unexplained");
  CHECK(path_cause("") == "unexplained");
  CHECK(cause_title("row_misses") == "row misses");
  CHECK(cause_title("l3") == "l3");
}

}  // namespace cyclescope::estimate
