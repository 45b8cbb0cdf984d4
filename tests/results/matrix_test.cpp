// Rows of a matrix: what is taken from a result, counted, and written.
#include "sim/results/matrix.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/results/hdf5.h"
#include "tests/results/support.h"

namespace cyclescope::results {
namespace {

constexpr Femtoseconds kNanosecond = 1'000'000;

/// The sample, with laws that hold.
RunResult lawful() {
  RunResult result = testing::sample();
  result.laws = {{"macs", true, ""}};
  return result;
}

MatrixRow row_of(const RunResult& result, Femtoseconds target) {
  MatrixRow row;
  row.model = "two_layers";
  row.estimate.latency = 100 * kNanosecond;
  take_result(result, target, row);
  return row;
}

const MatrixColumn& column(const std::string& name) {
  for (const MatrixColumn& column : matrix_columns()) {
    if (name == column.name) return column;
  }
  FAIL("no column " << name);
  return matrix_columns().front();
}

}  // namespace

TEST_CASE("a row takes the figures of its result") {  // the sample: 200 ns, 100 cycles, 1000 fJ, two frames
  const MatrixRow row = row_of(lawful(), 200 * kNanosecond);
  CHECK(row.simulated());
  CHECK(row.cycles == 100);
  CHECK(row.latency == 200 * kNanosecond);
  CHECK(row.energy_fj == 1000);
  CHECK(row.frames_per_second == Approx(2 / 200e-9));
  CHECK(row.average_power() == Approx(1000e-15 / 200e-9));
  CHECK_FALSE(row.fits);
  CHECK(row.largest_cause == "useful.mac");
  CHECK(row.largest_cause_cycles == 60);
  CHECK(row.target_met);  // exactly on time
  // The estimate is half of the latency, its rate of one frame in 100 ns is that of two in 200 ns.
  CHECK(std::get<double>(column("latency_residual").value(row)) == Approx(-0.5));
  CHECK(std::get<double>(column("throughput_residual").value(row)) == Approx(0).margin(1e-12));
}

TEST_CASE("a femtosecond late is late") { CHECK_FALSE(row_of(lawful(), 200 * kNanosecond - 1).target_met); }

TEST_CASE("a result that breaks a law is a failure, whatever its figures") {
  RunResult result = lawful();
  result.laws.push_back({"bytes", false, "one is missing"});
  const MatrixRow row = row_of(result, 200 * kNanosecond);
  CHECK(row.status == MatrixStatus::failed);
  CHECK(row.reason == "law 'bytes' is broken: one is missing");
  CHECK(std::holds_alternative<std::monostate>(column("latency_s").value(row)));
}

TEST_CASE("rows are counted by what became of them") {
  Matrix matrix;
  matrix.rows.resize(5);
  matrix.rows[0].status = MatrixStatus::simulated;
  matrix.rows[0].warnings = {"one", "two"};
  matrix.rows[1].status = MatrixStatus::simulated;
  matrix.rows[2].status = MatrixStatus::failed;
  matrix.rows[3].status = MatrixStatus::refused;
  const MatrixCounts counts = count(matrix);
  CHECK(counts.simulated == 2);
  CHECK(counts.with_warnings == 1);
  CHECK(counts.failed == 1);
  CHECK(counts.refused == 1);
  CHECK(counts.waiting == 1);
}

TEST_CASE("statuses have names that read back") {
  for (const MatrixStatus status :
       {MatrixStatus::simulated, MatrixStatus::waiting, MatrixStatus::refused, MatrixStatus::failed}) {
    CHECK(parse_matrix_status(name(status)) == status);
  }
  CHECK_THROWS_AS(parse_matrix_status("done"), InputError);
}

TEST_CASE("no column is there twice") {
  std::set<std::string> names;
  for (const MatrixColumn& one : matrix_columns()) CHECK(names.insert(one.name).second);
}

TEST_CASE("the file holds texts and integers of every row, absent integers as -1, the same bytes each time") {
  Matrix matrix;
  matrix.version = "0.1.0";
  matrix.target = 7;
  matrix.analyses = 180;
  matrix.states = {"steady"};
  matrix.rows = {row_of(lawful(), 1), MatrixRow{}};
  const std::string path =
      (std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "_matrix_test.h5")).string();
  write_matrix(matrix, path);
  const std::string bytes = read_file(path);
  write_matrix(matrix, path);
  CHECK(read_file(path) == bytes);
  const hdf5::ImageReader image(bytes);
  CHECK(image.string_attribute("schema") == "cyclescope-matrix-1");
  CHECK(image.integer_attribute("target_fs") == 7);
  CHECK(image.strings("/rows/status") == std::vector<std::string>{"simulated", "waiting"});
  CHECK(image.integers("/rows/latency_fs").values == std::vector<std::int64_t>{200 * kNanosecond, -1});
  CHECK(image.integers("/rows/target_met").values == std::vector<std::int64_t>{0, -1});
  std::filesystem::remove(path);
}

}  // namespace cyclescope::results
