// Tables as comma-separated text: a header, then one record per line. A field in double quotes may hold commas, and
// quotes doubled; it may not hold a line break.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cyclescope::estimate {

/// One record, with all of the table's columns.
class CsvRow {
 public:
  /// `header` must outlive the row and be as long as `fields`.
  CsvRow(std::string path, int line, const std::vector<std::string>& header, std::vector<std::string> fields)
      : path_(std::move(path)), line_(line), header_(&header), fields_(std::move(fields)) {}

  /// The field of a column; InternalError for a column the table has not.
  [[nodiscard]] const std::string& text(const std::string& column) const;

  /// A whole number >= 0. Throws InputError.
  [[nodiscard]] std::int64_t count(const std::string& column) const;

  /// Counted from 1.
  [[nodiscard]] int line() const { return line_; }

  /// Throws InputError: file, line, column, value and what was expected.
  [[noreturn]] void refuse(const std::string& column, const std::string& expected) const;

 private:
  std::string path_;
  int line_;
  const std::vector<std::string>* header_;
  std::vector<std::string> fields_;
};

/// Reads a table whose columns must be exactly `header`. Throws InputError with file and line: cannot open, other
/// columns, another number of fields, an empty line, a quote out of place.
std::vector<CsvRow> read_csv(const std::string& path, const std::vector<std::string>& header);

}  // namespace cyclescope::estimate
