// Which rows a matrix has, and what becomes of them: outcomes and results here are made by hand.
#include "sim/run/matrix_plan.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/run/matrix_report.h"
#include "sim/run/matrix_views.h"
#include "tests/results/support.h"

namespace cyclescope::run {
namespace {

using Catch::Matchers::Contains;
using results::MatrixStatus;

constexpr Femtoseconds kMillisecond = 1'000'000'000'000;

MatrixPlan plan(const MatrixRequest& request) {
  setenv("CYCLESCOPE_ROOT", CYCLESCOPE_SOURCE_DIR, 1);
  return plan_matrix(request);
}

/// KPU-T64 and Jetson Thor with ResNet-50 at INT8 and FP16: two rows to simulate, two that wait.
MatrixRequest small() {
  MatrixRequest request;
  request.platforms = {"kpu-t64", "jetson-thor"};
  request.models = {"resnet50"};
  request.precisions = {Precision::int8, Precision::fp16};
  request.target = 10 * kMillisecond;
  return request;
}

/// A result of ResNet-50 on KPU-T64 in 5 ms, kept in a file; `change` may spoil it.
template <class Change>
PointOutcome kept(Change&& change) {
  results::RunResult result = results::testing::sample();
  result.precision_label = "native";
  result.fits = true;
  result.laws = {{"macs", true, ""}};
  result.makespan = 5 * kMillisecond;
  result.roofline = kMillisecond;
  result.energy_fj = {{"dram", kMillisecond}};  // 1 mJ in 5 ms: 0.2 W
  change(result);
  const std::string path =
      (std::filesystem::temp_directory_path() / ("cyclescope_matrix_" + std::to_string(getpid()) + ".h5")).string();
  results::write(result, path);
  return {0, "", path, false};
}

/// What becomes of the first row that is simulated.
results::MatrixRow first_row(const PointOutcome& outcome) {
  const results::Matrix matrix = finish_matrix(plan(small()), {outcome, {3, "not modelled: x", "", false}});
  for (const results::MatrixRow& row : matrix.rows) {
    if (row.platform == "kpu-t64") return row;
  }
  throw InternalError("no row of kpu-t64");
}

}  // namespace

TEST_CASE("targets are times or rates") {
  CHECK(parse_target("10 ms") == 10 * kMillisecond);
  CHECK(parse_target("33.5ms") == 33 * kMillisecond + kMillisecond / 2);
  CHECK(parse_target("1 s") == 1000 * kMillisecond);
  CHECK(parse_target("25 fps") == 40 * kMillisecond);
  for (const char* wrong :
       {"", "10", "ms", "0 ms", "-1 ms", "10 us", "0 fps", "fps 30", "10 ms x", "1e9 s", "nan ms"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_target(wrong), InputError);
  }
}

TEST_CASE("the whole matrix: 13 published platforms, H100 and Coral, 4 models, 3 precisions") {
  const MatrixPlan whole = plan({});
  CHECK(whole.rows.size() == 15 * 4 * 3);
  CHECK(whole.head.analyses == 180);
  CHECK_FALSE(whole.head.narrowed);
  std::size_t points = 0;
  for (const PlannedRow& row : whole.rows) {
    const bool there = row.row.platform.rfind("kpu-", 0) == 0 || row.row.platform.rfind("hailo-", 0) == 0;
    CHECK(row.point.has_value() == there);
    CHECK(row.row.reason.empty() == there);
    points += row.point ? 1 : 0;
  }
  CHECK(points == 5 * 4 * 3);
}

TEST_CASE("a narrowed matrix says so and a row that waits names its family") {
  const MatrixPlan part = plan(small());
  CHECK(part.head.narrowed);
  CHECK(part.rows.size() == 4);
  std::size_t waiting = 0;
  for (const PlannedRow& row : part.rows) {
    if (row.row.platform == "jetson-thor") {
      CHECK(row.row.reason == "waiting for a platform: family gpu is not modelled yet");
      ++waiting;
    }
  }
  CHECK(waiting == 2);
}

TEST_CASE("two states double the rows") {
  MatrixRequest request;
  request.states = {"steady", "cold"};
  const MatrixPlan both = plan(request);
  CHECK(both.rows.size() == 360);
  CHECK_FALSE(both.head.narrowed);
}

TEST_CASE("what no analysis has is refused") {
  const auto refused = [](auto&& change, const char* message) {
    MatrixRequest request;
    change(request);
    CHECK_THROWS_WITH(plan(request), Contains(message));
  };
  refused([](MatrixRequest& r) { r.platforms = {"kpu-t65"}; }, "did you mean 'kpu-t64'?");
  refused([](MatrixRequest& r) { r.models = {"resnet51"}; }, "--models 'resnet51'");
  refused([](MatrixRequest& r) { r.precisions = {Precision::int4}; }, "--precisions 'int4'");
  refused([](MatrixRequest& r) { r.states = {"warm"}; }, "'warm'");
  refused([](MatrixRequest& r) { r.states = {"cold", "cold"}; }, "cold twice");
}

TEST_CASE("a row with a result: estimate beside simulation, target, no warning without reason") {
  const results::MatrixRow row = first_row(kept([](results::RunResult&) {}));
  CHECK(row.status == MatrixStatus::simulated);
  CHECK(row.estimate.published_latency_ms == "6.71");
  CHECK(row.estimate.source == "published");
  CHECK(row.target_met);
  CHECK(row.warnings.empty());
}

TEST_CASE("warnings come from the result") {
  const auto warning = [](auto&& change) {
    const results::MatrixRow row = first_row(kept(change));
    REQUIRE(row.warnings.size() == 1);
    return row.warnings.front();
  };
  CHECK_THAT(warning([](auto& result) { result.precision_label = "substituted"; }), Contains("is substituted"));
  // 50 mJ in 5 ms are 10 W, above the 6 W that the estimator gives KPU-T64.
  CHECK_THAT(warning([](auto& result) {
               result.energy_fj = {{"dram", 50 * kMillisecond}};
             }),
             Contains("10.00 W above the TDP of 6.000 W"));
  // The estimate is 6.71 ms.
  CHECK_THAT(warning([](auto& result) {
               result.roofline = 7 * kMillisecond;
               result.makespan = 8 * kMillisecond;
             }),
             Contains("below the machine's lower bound of 7.000 ms"));
}

TEST_CASE("failures and refusals are told apart by the exit code, and a broken law is a failure") {
  const results::MatrixRow refused = first_row({3, "operator x is not modelled", "", false});
  CHECK(refused.status == MatrixStatus::refused);
  CHECK(refused.reason == "operator x is not modelled");
  CHECK(first_row({1, "internal fault", "", false}).status == MatrixStatus::failed);
  CHECK(first_row({2, "no file", "", false}).status == MatrixStatus::failed);
  const results::MatrixRow broken = first_row(kept([](results::RunResult& result) {
    result.laws.push_back({"bytes", false, "one lost"});
  }));
  CHECK(broken.status == MatrixStatus::failed);
  CHECK(broken.reason == "law 'bytes' is broken: one lost");
}

TEST_CASE("the summary counts rows, failures are named, JSON reads back, the report ranks") {
  const PointOutcome good = kept([](results::RunResult&) {});
  const results::Matrix matrix = finish_matrix(plan(small()), {good, {1, "internal fault: x", "", false}});
  CHECK(matrix_summary(matrix) ==
        "Narrowed to 4 of 180 rows: 1 simulated, 0 with warnings; 2 waiting for a platform, 0 refused, 1 failed.\n");
  CHECK_THAT(matrix_failures(matrix), Contains("1 of 4 rows failed, first 'kpu-t64 resnet50 int8 steady'"));
  const results::Matrix again = matrix_from_json(matrix_json(matrix), "matrix.json");
  REQUIRE(again.rows.size() == 4);
  for (std::size_t i = 0; i < again.rows.size(); ++i) {
    CHECK(again.rows[i].status == matrix.rows[i].status);
    CHECK(again.rows[i].file == matrix.rows[i].file);
    CHECK(again.rows[i].reason == matrix.rows[i].reason);
  }
  CHECK_THROWS_WITH(matrix_from_json("{}", "here.json"), Contains("here.json"));
  CHECK_THROWS_WITH(matrix_from_json(R"({"schema": "x"})", "here.json"), Contains("cyclescope-matrix-1"));
  const std::string report = matrix_report(matrix);
  CHECK_THAT(report, Contains("## Rows that failed\n\n- kpu-t64 resnet50 int8 steady: internal fault: x\n"));
  CHECK_THAT(report, Contains("family gpu is not modelled yet: 2 rows (jetson-thor)"));
  CHECK_THAT(report, Contains("| kpu-t64 | fp16 | 5.000 ms | 6.710 ms | 1 (1) |"));
  CHECK_THAT(report, Contains("| 6.71 | 5.00 | 0.75 x | 17.60 | 1.00 | 0.06 x |"));
}

}  // namespace cyclescope::run
