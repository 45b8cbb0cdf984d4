#include "sim/run/command_memory_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/base/checked.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kBillion = 1'000'000'000;

/// A number with at most nine digits before the point and six after it, in millionths.
std::optional<std::int64_t> millionths(const std::string& text) {
  const auto digits = [](const std::string& part, std::size_t most) {
    return !part.empty() && part.size() <= most &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t point = text.find('.');
  const std::string whole = text.substr(0, point);
  std::string fraction = point == std::string::npos ? "0" : text.substr(point + 1);
  if (!digits(whole, 9) || !digits(fraction, 6)) return std::nullopt;
  fraction.resize(6, '0');
  return std::stoll(whole) * kMillion + std::stoll(fraction);
}

}  // namespace

std::int64_t parse_load(const std::string& option, const std::string& text, std::int64_t peak) {
  const std::size_t unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string unit = text.substr(std::min(text.find_first_not_of(' ', unit_at), text.size()));
  const std::optional<std::int64_t> number = millionths(text.substr(0, unit_at));
  const std::int64_t per_unit = unit.empty() ? peak : unit == "GB/s" ? kBillion : unit == "MB/s" ? kMillion : 0;
  const Int128 load = Int128{number.value_or(0)} * per_unit / kMillion;
  if (load > 0 && load <= peak) return static_cast<std::int64_t>(load);
  throw InputError(
      fmt::format("--{} '{}': expected a share of the peak above 0 and up to 1, or a rate such as 8GB/s "
                  "up to the peak ({})",
                  option, text, engineering(static_cast<double>(peak), "B/s")));
}

std::vector<std::string> fields(const std::string& option, const std::string& list) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    found.push_back(list.substr(at, comma - at));
    if (found.back().empty()) throw InputError(fmt::format("--{} '{}': expected no empty field", option, list));
    at = comma + 1;
  }
  return found;
}

}  // namespace cyclescope::run
