#include "sim/run/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "sim/base/checked.h"
#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

/// Characters shown, counting a UTF-8 sequence once.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

/// Four significant digits of a value in [1, 1000) or so; more when the integer part has more.
std::string significant(double value) {
  const int decimals = value < 9.9995 ? 3 : value < 99.995 ? 2 : value < 999.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string engineering(double value, const std::string& unit) {
  struct Prefix {
    double scale;
    const char* name;
  };
  constexpr std::array<Prefix, 10> kPrefixes{{{1e15, "P"},
                                              {1e12, "T"},
                                              {1e9, "G"},
                                              {1e6, "M"},
                                              {1e3, "k"},
                                              {1, ""},
                                              {1e-3, "m"},
                                              {1e-6, "u"},
                                              {1e-9, "n"},
                                              {1e-12, "p"}}};
  if (value == 0) return "0 " + unit;
  if (value < 0) return "-" + engineering(-value, unit);
  for (const Prefix& prefix : kPrefixes) {
    // What would round to 1000 of the smaller unit is written as 1 of this one.
    if (value >= prefix.scale * 0.99995) {
      return fmt::format("{} {}{}", significant(value / prefix.scale), prefix.name, unit);
    }
  }
  return fmt::format("{} {}{}", significant(value / kPrefixes.back().scale), kPrefixes.back().name, unit);
}

std::string plain(double value) {
  constexpr double kGroupedFrom = 999.95;
  return value < kGroupedFrom ? significant(value) : grouped(std::llround(value));
}

std::string duration(Femtoseconds time) { return engineering(static_cast<double>(time) / 1e15, "s"); }

std::string byte_count(std::int64_t bytes) {
  constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  constexpr double kStep = 1024;
  std::string text = grouped(bytes) + " B";
  if (std::abs(bytes) < static_cast<std::int64_t>(kStep)) return text;
  double value = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  for (; std::abs(value) >= kStep && unit + 1 < kUnits.size(); ++unit) value /= kStep;
  return text + fmt::format(" ({} {})", significant(value), kUnits[unit]);
}

std::string frequency(std::int64_t hertz) {
  struct Unit {
    std::int64_t hertz;
    int decimals;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits{{{1'000'000'000, 9, "GHz"}, {1'000'000, 6, "MHz"}, {1'000, 3, "kHz"}}};
  for (const Unit& unit : kUnits) {
    if (hertz < unit.hertz) continue;
    std::string text = fmt::format("{}.{:0{}}", hertz / unit.hertz, hertz % unit.hertz, unit.decimals);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " " + unit.name;
  }
  return grouped(hertz) + " Hz";
}

std::vector<std::int64_t> permille(const std::vector<std::int64_t>& parts, std::int64_t total) {
  constexpr Int128 kTenths = 1000;
  std::vector<std::int64_t> shares(parts.size(), 0);
  if (total <= 0) return shares;
  std::vector<Int128> rests(parts.size());
  Int128 sum = 0;
  std::int64_t given = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    shares[i] = static_cast<std::int64_t>(parts[i] * kTenths / total);
    rests[i] = parts[i] * kTenths % total;
    sum += parts[i];
    given += shares[i];
  }
  // The largest rests are rounded up until the shares add up as the parts do.
  const auto missing = static_cast<std::int64_t>((sum * kTenths + total / 2) / total) - given;
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rests[a] > rests[b]; });
  for (std::int64_t i = 0; i < missing; ++i) ++shares[order[static_cast<std::size_t>(i)]];
  return shares;
}

std::int64_t tenths_of_percent(std::int64_t part, std::int64_t total) {
  if (total <= 0) return 0;
  return static_cast<std::int64_t>((Int128{part} * 1000 + total / 2) / total);
}

std::string percent(std::int64_t tenths) { return fmt::format("{}.{} %", tenths / 10, tenths % 10); }

std::string plural(std::int64_t count, const std::string& noun) {
  return grouped(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string TextTable::text(const std::string& indent) const {
  std::vector<std::size_t> widths(alignment_.size(), 0);
  for (const std::vector<std::string>& cells : rows_) {
    if (cells.size() != alignment_.size()) throw InternalError("a row of a table has the wrong number of cells");
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width(cells[i]));
  }
  std::string text;
  for (const std::vector<std::string>& cells : rows_) {
    std::string line = indent;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - width(cells[i]), ' ');
      if (i > 0) line += "  ";
      line += alignment_[i] == '>' ? space + cells[i] : cells[i] + space;
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace cyclescope::run
