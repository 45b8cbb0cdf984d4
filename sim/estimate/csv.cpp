#include "sim/estimate/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::estimate {
namespace {

InputError fault(const std::string& path, int line, const std::string& problem) {
  return InputError(fmt::format("{}:{}: {}", path, line, problem));
}

/// The fields of a line. Throws InputError.
std::vector<std::string> split(const std::string& path, int number, const std::string& line) {
  const auto misplaced = [&] { return fault(path, number, "a quote out of place; expected whole fields in quotes"); };
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size(); ++at) {  // stands on a comma or the end after each field
    std::string field;
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) throw misplaced();
        if (line[at] == '"') {
          if (at + 1 >= line.size() || line[at + 1] != '"') break;
          ++at;
        }
        field += line[at];
      }
      ++at;
      if (at < line.size() && line[at] != ',') throw misplaced();
    } else {
      for (; at < line.size() && line[at] != ','; ++at) {
        if (line[at] == '"') throw misplaced();
        field += line[at];
      }
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

const std::string& CsvRow::text(const std::string& column) const {
  const auto found = std::find(header_->begin(), header_->end(), column);
  if (found == header_->end()) throw InternalError(fmt::format("{} has no column '{}'", path_, column));
  return fields_[static_cast<std::size_t>(found - header_->begin())];
}

std::int64_t CsvRow::count(const std::string& column) const {
  const std::string& written = text(column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
  if (error != std::errc() || end != written.data() + written.size() || value < 0) {
    refuse(column, "a whole number from 0 on");
  }
  return value;
}

void CsvRow::refuse(const std::string& column, const std::string& expected) const {
  throw fault(path_, line_, fmt::format("{} = '{}'; expected {}", column, text(column), expected));
}

std::vector<CsvRow> read_csv(const std::string& path, const std::vector<std::string>& header) {
  std::ifstream stream(path);
  if (!stream || std::filesystem::is_directory(path)) {
    throw InputError(path + ": cannot open; expected a readable table of comma-separated values");
  }
  std::vector<CsvRow> rows;
  std::string line;
  int number = 0;
  while (std::getline(stream, line)) {
    ++number;
    if (line.empty()) throw fault(path, number, "an empty line; expected a record");
    std::vector<std::string> fields = split(path, number, line);
    if (number == 1) {
      if (fields != header) throw fault(path, number, fmt::format("expected the columns {}", fmt::join(header, ",")));
      continue;
    }
    if (fields.size() != header.size()) {
      throw fault(path, number, fmt::format("{} fields; expected {}", fields.size(), header.size()));
    }
    rows.emplace_back(path, number, header, std::move(fields));
  }
  if (stream.bad()) throw InputError(path + ": cannot read; expected a readable table of comma-separated values");
  if (number == 0) throw fault(path, 1, fmt::format("nothing; expected the columns {}", fmt::join(header, ",")));
  return rows;
}

}  // namespace cyclescope::estimate
