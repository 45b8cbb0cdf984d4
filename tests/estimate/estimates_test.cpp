// The analyses of the estimator, each with its estimate.
#include "sim/estimate/estimates.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/estimate/estimator_data.h"

namespace cyclescope::estimate {

TEST_CASE("the table has every analysis once, published or not, with an estimate that prints its figures") {
  const EstimateTable table = read_estimates(data_directory());
  CHECK(table.rows.size() == 15 * 4 * 3);
  std::set<std::string> unpublished;
  std::set<std::string> distinct;
  for (const EstimatedRow& row : table.rows) {
    INFO(row.printed.platform << " " << row.printed.model << " " << name(row.printed.precision));
    CHECK(row.estimate.platform == row.printed.platform);
    CHECK(row.estimate.model == row.printed.model);
    CHECK(row.estimate.precision == row.printed.precision);
    CHECK(row.printed.latency_ms->is(row.estimate.latency() * 1e3));
    CHECK(row.printed.energy_mj->is(row.estimate.energy.total() * 1e3));
    CHECK(distinct.insert(row.printed.platform + row.printed.model + name(row.printed.precision)).second);
    if (!row.published()) unpublished.insert(row.printed.platform);
  }
  CHECK(unpublished == std::set<std::string>{"h100-pcie", "coral-edgetpu"});
}

TEST_CASE("the table as committed, with PCIe streaming, differs for Hailo-8 only and prints its figures there") {
  std::map<std::pair<std::string, Precision>, PublishedResult> printed;
  for (PublishedResult& row : read_published_results(data_directory())) {
    if (row.variant == ResultVariant::committed_pcie) printed[{row.model, row.precision}] = std::move(row);
  }
  for (const EstimatedRow& row : read_estimates(data_directory()).rows) {
    INFO(row.printed.platform << " " << row.printed.model << " " << name(row.printed.precision));
    if (row.printed.platform == "hailo-8") {
      const PublishedResult& expected = printed.at({row.printed.model, row.printed.precision});
      CHECK(expected.latency_ms->is(row.committed.latency() * 1e3));
      CHECK(expected.throughput_fps->is(row.committed.throughput()));
    } else {
      CHECK(row.committed.latency() == row.estimate.latency());
    }
  }
}

TEST_CASE("a row whose network has no operators is refused with its line") {
  namespace fs = std::filesystem;
  const fs::path copy = fs::temp_directory_path() / ("cyclescope_estimates_" + std::to_string(getpid()));
  fs::copy(data_directory(), copy, fs::copy_options::recursive);
  std::ostringstream text;
  text << std::ifstream(copy / "results.csv").rdbuf();
  std::string table = text.str();
  const std::string first = "\nseed,resnet50,";  // line 2
  table.replace(table.find(first), first.size(), "\nseed,resnet49,");
  std::ofstream(copy / "results.csv") << table;
  CHECK_THROWS_WITH(read_estimates(copy.string()), Catch::Contains("results.csv:2: model 'resnet49'"));
  fs::remove_all(copy);
}

TEST_CASE("rows stand by model, then platform, then precision, in the order of the file") {
  const EstimateTable table = read_estimates(data_directory());
  CHECK(table.rows[0].printed.platform == "jetson-orin-agx");
  CHECK(table.rows[0].printed.precision == Precision::fp32);
  CHECK(table.rows[1].printed.precision == Precision::fp16);
  CHECK(table.rows[3].printed.platform == "jetson-thor");
  CHECK(table.rows[15 * 3 - 1].printed.platform == "coral-edgetpu");
  CHECK(table.rows[15 * 3].printed.model == "deeplabv3_resnet50");
}

TEST_CASE("rows carry the TDP and the bytes that the estimator counts") {
  // Reference: 426.012, 964.964, 885.218, 1228.018 MB per model; KPU-T64 has 6 W.
  const std::map<std::string, double> megabytes{
      {"resnet50", 426.012}, {"deeplabv3_resnet50", 964.964}, {"fcn_resnet50", 885.218}, {"vit_b_16", 1228.018}};
  for (const EstimatedRow& row : read_estimates(data_directory()).rows) {
    CHECK(static_cast<double>(row.moved_bytes) / 1e6 == Approx(megabytes.at(row.printed.model)).epsilon(1e-6));
    if (row.printed.platform == "kpu-t64") CHECK(row.thermal_power == Approx(6));
  }
}

}  // namespace cyclescope::estimate
