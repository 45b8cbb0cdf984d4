#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/results/hdf5.h"
#include "sim/results/layout.h"
#include "sim/results/matrix.h"

namespace cyclescope::results {
namespace {

constexpr const char* kSchema = "cyclescope-matrix-1";

/// An integer of a cell: flags are 0 and 1, nothing is -1.
std::int64_t integer(const MatrixCell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? 1 : 0;
  if (const auto* value = std::get_if<std::int64_t>(&cell)) return *value;
  return -1;
}

void write_column(hdf5::ImageWriter& image, const MatrixColumn& column, const std::vector<MatrixRow>& rows) {
  const std::string path = std::string("/rows/") + column.name;
  if (column.kind == MatrixColumn::Kind::text) {
    std::vector<std::string> values;
    for (const MatrixRow& row : rows) {
      const MatrixCell cell = column.value(row);
      const auto* value = std::get_if<std::string>(&cell);
      values.push_back(value == nullptr ? "" : *value);
    }
    image.strings(path, values);
  } else if (column.kind != MatrixColumn::Kind::real) {
    hdf5::Matrix values{rows.size(), 1, {}};
    for (const MatrixRow& row : rows) values.values.push_back(integer(column.value(row)));
    image.integers(path, values);
  }
}

std::string encode(const Matrix& matrix) {
  try {
    hdf5::ImageWriter image;
    image.attribute("schema", kSchema);
    image.attribute("version", matrix.version);
    image.attribute("states", fmt::format("{}", fmt::join(matrix.states, ",")));
    image.attribute("target_fs", matrix.target);
    image.attribute("narrowed", std::int64_t{matrix.narrowed ? 1 : 0});
    image.attribute("analyses", matrix.analyses);
    for (const MatrixColumn& column : matrix_columns()) write_column(image, column, matrix.rows);
    return image.image();
  } catch (const hdf5::Fault& fault) {
    throw InternalError(fmt::format("matrix: {}", fault.what()));
  }
}

}  // namespace

void write_matrix(const Matrix& matrix, const std::string& path) {
  const std::string body = encode(matrix);
  AtomicFile file(path);
  file.write(header(kSchema, body));
  file.write(body);
  file.commit();
}

}  // namespace cyclescope::results
