#include "sim/run/claim_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/directories.h"
#include "sim/run/matrix_views.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;
using results::MatrixRow;
using results::MatrixStatus;

/// Throws InputError when the file holds something else than the row says.
results::RunResult read_result(const MatrixRow& row, const std::string& path) {
  results::RunResult result = results::read(path);
  const auto check = [&](const char* what, const std::string& there, const std::string& expected) {
    if (there != expected) throw InputError(fmt::format("{}: {} is '{}'; expected '{}'", path, what, there, expected));
  };
  check("platform", result.platform, row.platform);
  check("model", result.model, row.model);
  check("precision", result.precision, row.precision);
  check("initial_state", result.initial_state, row.initial_state);
  result.lanes.clear();
  result.path.clear();
  return result;
}

void take(const MatrixRow& from, const std::string& directory, ClaimRow& row) {
  row.in_matrix = true;
  row.status = from.status;
  row.reason = from.reason;
  if (!from.simulated()) return;
  try {
    row.result = read_result(from, (fs::path(directory) / from.file).string());
  } catch (const InputError& error) {
    row.status = MatrixStatus::failed;
    row.reason = error.what();
  }
}

/// What a directory without matrix.json is.
std::string what_is_there(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return "no such directory";
  if (fs::is_empty(directory, error)) return "an empty directory";
  for (const char* command : {"scaling", "sweep"}) {
    const std::string table = std::string(command) + ".json";
    if (fs::exists(directory / table, error)) return fmt::format("{} of cyclescope {} is there", table, command);
  }
  if (fs::exists(directory / "points", error))
    return "results of points without tables, as an interrupted command leaves";
  return "no matrix there";
}

}  // namespace

std::vector<ClaimRow> estimated_rows() {
  estimate::EstimateTable table = estimate::read_estimates(estimator_directory());
  std::map<std::string, std::shared_ptr<const estimate::BranesWorkload>> workloads;
  for (auto& [model, workload] : table.workloads) {
    workloads[model] = std::make_shared<const estimate::BranesWorkload>(std::move(workload));
  }
  std::vector<ClaimRow> rows;
  for (estimate::EstimatedRow& from : table.rows) {
    ClaimRow row;
    row.platform = from.printed.platform;
    row.model = from.printed.model;
    row.precision = name(from.printed.precision);
    row.published = from.published();
    row.estimate = std::move(from.estimate);
    row.committed = std::move(from.committed);
    row.thermal_power = from.thermal_power;
    row.moved_bytes = from.moved_bytes;
    row.workload = workloads.at(row.model);
    row.reason = "not in this matrix";
    rows.push_back(std::move(row));
  }
  return rows;
}

results::Matrix load_matrix(const std::string& directory) {
  const std::string path = (fs::path(directory) / "matrix.json").string();
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw InputError(fmt::format("--from '{}': {}; expected matrix.json, as `cyclescope matrix --out` writes it",
                                 directory, what_is_there(directory)));
  }
  return matrix_from_json(results::read_file(path), path);
}

std::vector<ClaimRow> with_results(std::vector<ClaimRow> rows, const results::Matrix& matrix,
                                   const std::string& directory, const std::string& state) {
  for (const MatrixRow& from : matrix.rows) {
    if (from.initial_state != state) continue;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const ClaimRow& candidate) {
      return candidate.platform == from.platform && candidate.model == from.model &&
             candidate.precision == from.precision;
    });
    if (row != rows.end()) take(from, directory, *row);
  }
  return rows;
}

}  // namespace cyclescope::run
