// A matrix as JSON, CSV and text; all values are those of results::matrix_columns().
#pragma once

#include <string>

#include "sim/results/matrix.h"
#include "sim/run/views.h"

namespace cyclescope::run {

std::string matrix_json(const results::Matrix& matrix);
std::string matrix_csv(const results::Matrix& matrix);
std::string render(const results::Matrix& matrix, Format format);

/// Reads what matrix_json wrote: identity, state, status, reason and file of every row, and the head; nothing that the
/// results themselves say. `path` is named in errors. Throws InputError.
results::Matrix matrix_from_json(const std::string& text, const std::string& path);

/// `180 rows: 36 simulated, ...`, `Narrowed to 30 of 180 rows: 6 simulated, ...`: what became of the rows.
std::string matrix_summary(const results::Matrix& matrix);

/// Rows that wait, by reason: the reason, how many rows, and which platforms.
struct WaitingGroup {
  std::string reason;
  std::int64_t rows = 0;
  std::vector<std::string> platforms;
};
std::vector<WaitingGroup> waiting_groups(const results::Matrix& matrix);

/// `kpu-t64 resnet50 fp16 steady: fp16 is substituted, not native`: rows with warnings, in order.
std::vector<std::string> warnings(const results::Matrix& matrix);

/// `kpu-t64 resnet50 int8 steady`
std::string row_label(const results::MatrixRow& row);

/// Failed rows: the first by name and how many; empty when there are none.
std::string matrix_failures(const results::Matrix& matrix);

}  // namespace cyclescope::run
