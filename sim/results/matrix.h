// The matrix of analyses: a row per platform, model, precision and initial state, with its result beside an estimate, or
// the reason why there is none. Every form of it (JSON, CSV, HDF5) has the columns of matrix_columns().
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/time.h"
#include "sim/results/result.h"

namespace cyclescope::results {

enum class MatrixStatus : std::uint8_t {
  simulated,  ///< there is a result, and every law holds on it
  waiting,    ///< the machine is not modelled yet
  refused,    ///< the machine does not model it, or it does not fit
  failed      ///< anything else
};

/// `simulated`, `waiting`, `refused`, `failed`.
const char* name(MatrixStatus status);

/// Throws InputError listing the words.
MatrixStatus parse_matrix_status(const std::string& text);

/// What an estimator says of a row.
struct MatrixEstimate {
  std::string source;          ///< `published`, `recomputed`
  Femtoseconds latency = 0;    ///< to the nearest femtosecond
  std::int64_t energy_fj = 0;  ///< to the nearest femtojoule
  std::int64_t peak_memory_bytes = 0;
  std::string published_latency_ms;  ///< digits as printed; empty when never published
  std::string published_energy_mj;
  std::string published_throughput_fps;
};

struct MatrixRow {
  std::string model;
  std::string platform;
  std::string precision;
  std::string initial_state;
  MatrixStatus status = MatrixStatus::waiting;
  std::string reason;  ///< why there is no result
  MatrixEstimate estimate;

  // Of the result, zero and empty without one.
  std::string file;  ///< relative to the matrix: `points/KEY.h5`
  std::string precision_label;
  double frames_per_second = 0;  ///< RunResult::frames_per_second
  std::int64_t cycles = 0;
  Femtoseconds latency = 0;
  std::int64_t energy_fj = 0;
  std::int64_t peak_memory_bytes = 0;
  bool fits = false;
  std::int64_t utilisation_ppm = 0;
  bool target_met = false;    ///< latency at most the target
  std::string largest_cause;  ///< of the critical path
  std::int64_t largest_cause_cycles = 0;
  std::vector<std::string> warnings;  ///< what the result itself gives reason to warn of

  [[nodiscard]] bool simulated() const { return status == MatrixStatus::simulated; }
  /// Frames per second; 0 for a latency of 0.
  [[nodiscard]] double estimated_throughput() const;
  /// Watts; 0 for a latency of 0.
  [[nodiscard]] double average_power() const;
};

struct Matrix {
  std::string version;
  Femtoseconds target = 0;    ///< latency that a real-time frame may take
  bool narrowed = false;      ///< only a part of the analyses was asked for
  std::int64_t analyses = 0;  ///< of the whole matrix, per initial state
  std::vector<std::string> states;
  std::vector<MatrixRow> rows;
};

/// Rows by how they ended.
struct MatrixCounts {
  std::int64_t simulated = 0;
  std::int64_t waiting = 0;
  std::int64_t refused = 0;
  std::int64_t failed = 0;
  std::int64_t with_warnings = 0;
};
MatrixCounts count(const Matrix& matrix);

/// Takes over what a result says, and whether it met the target. A broken law makes the row a failed one.
void take_result(const RunResult& result, Femtoseconds target, MatrixRow& row);

/// A value of a column; nothing where the row has none.
using MatrixCell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// A column. Integers are what was stored, reals are derived from them.
struct MatrixColumn {
  enum class Kind : std::uint8_t { text, flag, integer, real };
  const char* name;
  Kind kind;
  MatrixCell (*value)(const MatrixRow& row);
};
const std::vector<MatrixColumn>& matrix_columns();

/// Writes columns of texts, flags and integers (SCHEMA.md). Throws InputError; nothing is left behind then.
void write_matrix(const Matrix& matrix, const std::string& path);

}  // namespace cyclescope::results
