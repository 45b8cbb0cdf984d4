#include "sim/config/show.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sim/config/quantity.h"

namespace cyclescope::config {
namespace {

using Row = std::array<std::string, 5>;

/// Characters shown, counting a UTF-8 sequence once.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string section(const std::string& key) {
  const std::size_t dot = key.find('.');
  return dot == std::string::npos ? std::string() : key.substr(0, dot);
}

std::string line(const Row& row, const std::array<std::size_t, 5>& widths) {
  std::string text;
  for (std::size_t column = 0; column < row.size(); ++column) {
    text += row[column];
    const bool last = column + 1 == row.size();
    if (!last) text.append(widths[column] - width(row[column]) + 2, ' ');
  }
  return text + "\n";
}

/// The words of every setting that takes one of a few.
std::string allowed_words(const Settings& settings) {
  std::size_t widest = 0;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [key, setting] : settings.all()) {
    const Declaration& declaration = *setting.declaration;
    if (declaration.quantity != Quantity::choice && declaration.quantity != Quantity::flag) continue;
    rows.emplace_back(key, expected(declaration));
    widest = std::max(widest, key.size());
  }
  std::string text = rows.empty() ? "" : "\nallowed words\n";
  for (const auto& [key, words] : rows) text += key + std::string(widest - key.size() + 2, ' ') + words + "\n";
  return text;
}

}  // namespace

std::string show(const Settings& settings) {
  std::vector<Row> rows{{"key", "value", "confidence", "set where", "source"}};
  for (const auto& [key, setting] : settings.all()) {
    rows.push_back({key, setting.text, setting.confidence, setting.set_where, setting.source});
  }
  // Keys without a section come first; within and between sections the order is alphabetical.
  std::stable_sort(rows.begin() + 1, rows.end(),
                   [](const Row& a, const Row& b) { return section(a[0]) < section(b[0]); });
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], width(row[column]));
    }
  }
  std::string table = line(rows[0], widths);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (i == 1 || section(rows[i][0]) != section(rows[i - 1][0])) table += "\n";
    table += line(rows[i], widths);
  }
  return table + allowed_words(settings);
}

}  // namespace cyclescope::config
