// The estimator against every row it published, digit by digit. The rows are data (configs/estimator/results.csv), taken
// from the publication and not from this program.
#include <functional>
#include <set>
#include <tuple>

#include "tests/estimate/estimator_data.h"

namespace cyclescope::estimate {
namespace {

constexpr double kMilli = 1e3;
constexpr double kPercent = 100;
constexpr double kMebi = 1024 * 1024;

/// Names of the stated figures that the estimate does not print; empty when all agree.
std::set<std::string> differences(const PublishedResult& row, const BranesEstimate& e) {
  const std::tuple<const char*, const std::optional<PrintedNumber>&, double> figures[]{
      {"latency", row.latency_ms, e.latency() * kMilli},
      {"energy", row.energy_mj, e.energy.total() * kMilli},
      {"throughput", row.throughput_fps, e.throughput()},
      {"peak memory", row.peak_memory_mib, static_cast<double>(e.peak_memory_bytes) / kMebi},
      {"utilisation", row.utilisation_percent, e.utilisation * kPercent},
      {"recomputed latency", row.recomputed_latency_ms, e.latency() * kMilli},
      {"recomputed energy", row.recomputed_energy_mj, e.energy.total() * kMilli},
      {"compute energy", row.compute_energy_mj, e.energy.compute * kMilli},
      {"memory energy", row.memory_energy_mj, e.energy.memory * kMilli},
      {"static energy", row.static_energy_mj, e.energy.static_power * kMilli},
      {"PCIe latency", row.pcie_latency_ms, e.pcie_latency * kMilli},
      {"PCIe energy", row.pcie_energy_mj, e.energy.pcie * kMilli},
      {"compute-bound operators", row.compute_bound_operators, static_cast<double>(e.compute_bound_operators)},
      {"operators", row.operators, static_cast<double>(e.operators.size())}};
  std::set<std::string> different;
  for (const auto& [figure, printed, computed] : figures) {
    if (printed && !printed->is(computed)) different.insert(figure);
  }
  if (!row.memory_fit.empty() && row.memory_fit != name(e.fit)) different.insert("memory fit");
  return different;
}

BranesEstimate estimate(const PublishedResult& row, const std::map<std::string, BranesPlatform>& platforms,
                        const std::map<std::string, BranesWorkload>& workloads, const BranesRules& rules) {
  return branes(workloads.at(row.model), platforms.at(row.platform), row.precision, rules);
}

void check_rows(const std::vector<PublishedResult>& rows, const BranesRules& rules) {
  const auto platforms = all_platforms();
  const auto workloads = read_operator_lists(data_directory());
  for (const PublishedResult& row : rows) {
    INFO(row.platform << " " << row.model << " " << name(row.precision));
    CHECK(differences(row, estimate(row, platforms, workloads, rules)) == std::set<std::string>{});
  }
}

BranesRules with_pcie() {
  BranesRules rules;
  rules.pcie_streaming = true;
  return rules;
}

}  // namespace

TEST_CASE("all 156 published rows come out digit by digit") {
  const std::vector<PublishedResult> rows = published(ResultVariant::seed);
  REQUIRE(rows.size() == 156);
  std::set<std::tuple<std::string, std::string, Precision>> distinct;
  std::set<std::string> names;
  for (const PublishedResult& row : rows) {
    distinct.emplace(row.platform, row.model, row.precision);
    names.insert(row.platform);
    // No column of these rows may be missing: an absent figure would agree with anything.
    CHECK((row.latency_ms && row.energy_mj && row.throughput_fps && row.peak_memory_mib && row.utilisation_percent));
    CHECK((row.recomputed_latency_ms && row.recomputed_energy_mj && row.compute_energy_mj && row.memory_energy_mj));
    CHECK((row.static_energy_mj && row.pcie_latency_ms && row.pcie_energy_mj && row.compute_bound_operators));
    CHECK_FALSE(row.memory_fit.empty());
  }
  CHECK(distinct.size() == 13 * 4 * 3);
  CHECK(names.size() == 13);
  check_rows(rows, {});
}

TEST_CASE("the 12 rows with weights streamed over PCIe come out digit by digit") {
  const std::vector<PublishedResult> rows = published(ResultVariant::committed_pcie);
  REQUIRE(rows.size() == 12);
  check_rows(rows, with_pcie());
}

TEST_CASE("the 24 recomputed rows of H100 and Coral come out digit by digit") {
  const std::vector<PublishedResult> rows = published(ResultVariant::recomputed_only);
  REQUIRE(rows.size() == 24);
  check_rows(rows, with_pcie());
}

TEST_CASE("the figures stated beside the table follow from it") {
  const std::vector<PublishedResult> rows = published(ResultVariant::seed_stated);
  REQUIRE(rows.size() == 13);
  check_rows(rows, {});
}

TEST_CASE("the contradicted claims are not what the formulas give") {
  const auto platforms = all_platforms();
  const auto workloads = read_operator_lists(data_directory());
  const std::vector<PublishedResult> rows = published(ResultVariant::contradicted_claim);
  REQUIRE(rows.size() == 3);
  for (const PublishedResult& row : rows) {
    const auto different = differences(row, estimate(row, platforms, workloads, with_pcie()));
    CHECK(different == std::set<std::string>{"latency", "energy"});
  }
}

TEST_CASE("PCIe streaming leaves the rows of platforms with main memory alone") {
  std::vector<PublishedResult> rows;
  for (const PublishedResult& row : published(ResultVariant::seed)) {
    if (row.platform != "hailo-8") rows.push_back(row);
  }
  REQUIRE(rows.size() == 144);
  check_rows(rows, with_pcie());
}

// A peak has to be wrong by 10 %: where nothing is compute-bound it shows in the utilisation alone (Ride: below 1 %).
TEST_CASE("a constant that is wrong by 2 %, a peak by 10 %, makes published rows differ") {
  using Change = std::function<void(BranesPlatform&)>;
  const auto times = [](double BranesPlatform::*member) { return [member](BranesPlatform& p) { p.*member *= 1.02; }; };
  std::vector<std::pair<std::string, Change>> changes{
      {"bandwidth", times(&BranesPlatform::bandwidth)},
      {"thermal power", times(&BranesPlatform::thermal_power)},
      {"static share", times(&BranesPlatform::static_share)},
      {"energy per operation", times(&BranesPlatform::energy_per_op)},
      {"energy per byte", times(&BranesPlatform::energy_per_byte)},
      {"operator overhead", [](BranesPlatform& p) { p.operator_overhead = p.operator_overhead * 1.02 + 1e-9; }}};
  for (const Precision precision : {Precision::int8, Precision::fp16, Precision::fp32}) {
    changes.emplace_back(std::string("energy scale of ") + name(precision),
                         [precision](BranesPlatform& p) { p.energy_scale.at(precision) *= 1.02; });
    changes.emplace_back(std::string("peak of ") + name(precision), [precision](BranesPlatform& p) {
      const auto own = p.peak.find(precision);  // the peak that the precision uses, its own or the fallback's
      (own != p.peak.end() ? own->second : p.peak.at(p.default_precision)) *= 1.1;
    });
  }
  const auto workloads = read_operator_lists(data_directory());
  const auto rows = read_published_results(data_directory());
  for (const auto& [platform, constants] : all_platforms()) {
    std::vector<std::pair<std::string, Change>> own = changes;
    if (constants.main_memory == 0) {
      own.emplace_back("PCIe bandwidth", times(&BranesPlatform::pcie_bandwidth));
      own.emplace_back("PCIe energy", times(&BranesPlatform::pcie_energy_per_byte));
      own.emplace_back("main memory", [](BranesPlatform& p) { p.main_memory = 1; });
    }
    for (std::size_t i = 0; i < constants.corrections.size(); ++i) {
      own.emplace_back("correction", [i](BranesPlatform& p) { p.corrections[i].k += 1; });
    }
    for (const auto& [what, change] : own) {
      BranesPlatform wrong = constants;
      change(wrong);
      int differing = 0;
      for (const PublishedResult& row : rows) {
        const bool pcie = row.variant == ResultVariant::committed_pcie || row.variant == ResultVariant::recomputed_only;
        if (row.platform != platform || (!pcie && row.variant != ResultVariant::seed)) continue;
        const auto e = branes(workloads.at(row.model), wrong, row.precision, pcie ? with_pcie() : BranesRules{});
        if (!differences(row, e).empty()) ++differing;
      }
      INFO(platform << ": " << what);
      CHECK(differing > 0);
    }
  }
}

}  // namespace cyclescope::estimate
