#include "sim/results/matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/base/error.h"

namespace cyclescope::results {
namespace {

constexpr double kFemto = 1e15;
constexpr double kMillion = 1e6;

constexpr std::array<MatrixStatus, 4> kStatuses{MatrixStatus::simulated, MatrixStatus::waiting, MatrixStatus::refused,
                                                MatrixStatus::failed};

double real(std::int64_t value) { return static_cast<double>(value); }

double over(double value, std::int64_t divisor) { return divisor == 0 ? 0 : value / real(divisor); }

using Kind = MatrixColumn::Kind;

MatrixCell text(const std::string& value) { return value.empty() ? MatrixCell() : MatrixCell(value); }

/// A value of rows with a result.
template <class Value>
MatrixCell of_result(const MatrixRow& row, Value value) {
  return row.simulated() ? MatrixCell(value) : MatrixCell();
}

/// (estimate - simulation) / simulation, the relative residual of sim/estimate/statistics.h; here rates have one too.
MatrixCell residual(const MatrixRow& row, double simulated, double estimated) {
  return row.simulated() && simulated > 0 ? MatrixCell((estimated - simulated) / simulated) : MatrixCell();
}

std::vector<MatrixColumn> identity_columns() {
  return {
      {"model", Kind::text, [](const MatrixRow& row) { return text(row.model); }},
      {"platform", Kind::text, [](const MatrixRow& row) { return text(row.platform); }},
      {"precision", Kind::text, [](const MatrixRow& row) { return text(row.precision); }},
      {"initial_state", Kind::text, [](const MatrixRow& row) { return text(row.initial_state); }},
      {"status", Kind::text, [](const MatrixRow& row) { return MatrixCell(std::string(name(row.status))); }},
      {"reason", Kind::text, [](const MatrixRow& row) { return text(row.reason); }},
  };
}

std::vector<MatrixColumn> result_columns() {
  return {
      {"precision_label", Kind::text, [](const MatrixRow& row) { return text(row.precision_label); }},
      {"file", Kind::text, [](const MatrixRow& row) { return text(row.file); }},
      {"cycles", Kind::integer, [](const MatrixRow& row) { return of_result(row, row.cycles); }},
      {"latency_s", Kind::real, [](const MatrixRow& row) { return of_result(row, real(row.latency) / kFemto); }},
      {"energy_j", Kind::real, [](const MatrixRow& row) { return of_result(row, real(row.energy_fj) / kFemto); }},
      {"throughput_fps", Kind::real, [](const MatrixRow& row) { return of_result(row, row.frames_per_second); }},
      {"average_power_w", Kind::real, [](const MatrixRow& row) { return of_result(row, row.average_power()); }},
      {"peak_memory_bytes", Kind::integer, [](const MatrixRow& row) { return of_result(row, row.peak_memory_bytes); }},
      {"fits", Kind::flag, [](const MatrixRow& row) { return of_result(row, row.fits); }},
      {"utilisation", Kind::real,
       [](const MatrixRow& row) { return of_result(row, real(row.utilisation_ppm) / kMillion); }},
      {"target_met", Kind::flag, [](const MatrixRow& row) { return of_result(row, row.target_met); }},
      {"largest_cause", Kind::text, [](const MatrixRow& row) { return text(row.largest_cause); }},
      {"largest_cause_cycles", Kind::integer,
       [](const MatrixRow& row) { return of_result(row, row.largest_cause_cycles); }},
      {"latency_fs", Kind::integer, [](const MatrixRow& row) { return of_result(row, row.latency); }},
      {"energy_fj", Kind::integer, [](const MatrixRow& row) { return of_result(row, row.energy_fj); }},
      {"utilisation_ppm", Kind::integer, [](const MatrixRow& row) { return of_result(row, row.utilisation_ppm); }},
  };
}

std::vector<MatrixColumn> estimate_columns() {
  return {
      {"estimate_source", Kind::text, [](const MatrixRow& row) { return text(row.estimate.source); }},
      {"estimate_latency_s", Kind::real,
       [](const MatrixRow& row) { return MatrixCell(real(row.estimate.latency) / kFemto); }},
      {"estimate_energy_j", Kind::real,
       [](const MatrixRow& row) { return MatrixCell(real(row.estimate.energy_fj) / kFemto); }},
      {"estimate_throughput_fps", Kind::real,
       [](const MatrixRow& row) { return MatrixCell(row.estimated_throughput()); }},
      {"estimate_peak_memory_bytes", Kind::integer,
       [](const MatrixRow& row) { return MatrixCell(row.estimate.peak_memory_bytes); }},
      {"estimate_latency_fs", Kind::integer, [](const MatrixRow& row) { return MatrixCell(row.estimate.latency); }},
      {"estimate_energy_fj", Kind::integer, [](const MatrixRow& row) { return MatrixCell(row.estimate.energy_fj); }},
      {"published_latency_ms", Kind::text,
       [](const MatrixRow& row) { return text(row.estimate.published_latency_ms); }},
      {"published_energy_mj", Kind::text, [](const MatrixRow& row) { return text(row.estimate.published_energy_mj); }},
      {"published_throughput_fps", Kind::text,
       [](const MatrixRow& row) { return text(row.estimate.published_throughput_fps); }},
      {"latency_residual", Kind::real,
       [](const MatrixRow& row) { return residual(row, real(row.latency), real(row.estimate.latency)); }},
      {"energy_residual", Kind::real,
       [](const MatrixRow& row) { return residual(row, real(row.energy_fj), real(row.estimate.energy_fj)); }},
      {"throughput_residual", Kind::real,
       [](const MatrixRow& row) { return residual(row, row.frames_per_second, row.estimated_throughput()); }},
      {"warnings", Kind::text,
       [](const MatrixRow& row) { return text(fmt::format("{}", fmt::join(row.warnings, "; "))); }},
  };
}

std::vector<MatrixColumn> all_columns() {
  std::vector<MatrixColumn> columns = identity_columns();
  for (std::vector<MatrixColumn>& more : std::array{result_columns(), estimate_columns()}) {
    columns.insert(columns.end(), more.begin(), more.end());
  }
  return columns;
}

}  // namespace

const char* name(MatrixStatus status) {
  switch (status) {
    case MatrixStatus::simulated:
      return "simulated";
    case MatrixStatus::waiting:
      return "waiting";
    case MatrixStatus::refused:
      return "refused";
    case MatrixStatus::failed:
      return "failed";
  }
  throw InternalError("unknown status of a matrix row");
}

MatrixStatus parse_matrix_status(const std::string& text) {
  for (const MatrixStatus status : kStatuses) {
    if (text == name(status)) return status;
  }
  throw InputError(fmt::format("status '{}': expected one of simulated, waiting, refused, failed", text));
}

double MatrixRow::estimated_throughput() const { return over(kFemto, estimate.latency); }
double MatrixRow::average_power() const { return over(real(energy_fj), latency); }

MatrixCounts count(const Matrix& matrix) {
  MatrixCounts counts;
  for (const MatrixRow& row : matrix.rows) {
    counts.simulated += row.status == MatrixStatus::simulated ? 1 : 0;
    counts.waiting += row.status == MatrixStatus::waiting ? 1 : 0;
    counts.refused += row.status == MatrixStatus::refused ? 1 : 0;
    counts.failed += row.status == MatrixStatus::failed ? 1 : 0;
    counts.with_warnings += row.warnings.empty() ? 0 : 1;
  }
  return counts;
}

void take_result(const RunResult& result, Femtoseconds target, MatrixRow& row) {
  for (const LawResult& law : result.laws) {
    if (law.holds) continue;
    row.status = MatrixStatus::failed;
    row.reason = fmt::format("law '{}' is broken: {}", law.name, law.detail);
    return;
  }
  row.status = MatrixStatus::simulated;
  row.precision_label = result.precision_label;
  row.frames_per_second = result.frames_per_second();
  row.cycles = result.cycles;
  row.latency = result.makespan;
  row.energy_fj = result.total_energy_fj();
  row.peak_memory_bytes = result.peak_memory_bytes;
  row.fits = result.fits;
  row.utilisation_ppm = result.utilisation_ppm();
  row.target_met = result.makespan <= target;
  for (const auto& [cause, cycles] : result.critical_path) {
    if (cycles <= row.largest_cause_cycles) continue;
    row.largest_cause = cause;
    row.largest_cause_cycles = cycles;
  }
}

const std::vector<MatrixColumn>& matrix_columns() {
  static const std::vector<MatrixColumn> columns = all_columns();
  return columns;
}

}  // namespace cyclescope::results
