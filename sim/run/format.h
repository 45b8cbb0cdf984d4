// Numbers as people read them. Only views use this; files and JSON carry the integers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/time.h"

namespace cyclescope::run {

/// `1,234,567`
std::string grouped(std::int64_t value);

/// Four significant digits with an SI prefix from p to P: `1.235 ms`, `0 J`.
std::string engineering(double value, const std::string& unit);

/// `7,591` from 1000 on, four significant digits below.
std::string plain(double value);

/// `12.35 us`
std::string duration(Femtoseconds time);

/// `5 B`, `1,234,567 B (1.177 MiB)`
std::string byte_count(std::int64_t bytes);

/// `624.75 MHz`, all digits.
std::string frequency(std::int64_t hertz);

/// Parts of a total in tenths of a percent, rounded so that they add up to 1000 when the parts add up to the total.
/// All zero for a total of 0.
std::vector<std::int64_t> permille(const std::vector<std::int64_t>& parts, std::int64_t total);

/// One part of a total in tenths of a percent, to the nearest; 0 for a total of 0.
std::int64_t tenths_of_percent(std::int64_t part, std::int64_t total);

/// `12.3 %` from tenths of a percent.
std::string percent(std::int64_t tenths);

/// `2 operators`, `1 operator`
std::string plural(std::int64_t count, const std::string& noun);

/// Rows with columns aligned, two spaces between; the first row is the header.
class TextTable {
 public:
  /// One character per column: `<` left, `>` right.
  explicit TextTable(std::string alignment) : alignment_(std::move(alignment)) {}

  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Each line begins with `indent` and ends with a newline.
  [[nodiscard]] std::string text(const std::string& indent) const;

 private:
  std::string alignment_;
  std::vector<std::vector<std::string>> rows_;
};

/// A cell of a CSV file, quoted when it must be (RFC 4180).
std::string csv_cell(const std::string& text);

}  // namespace cyclescope::run
