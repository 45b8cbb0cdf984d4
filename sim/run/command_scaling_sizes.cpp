// Places on the axes of scaling, out of the options' text.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "sim/base/checked.h"
#include "sim/run/command_memory_load.h"
#include "sim/run/command_scaling_plan.h"

namespace cyclescope::run {
namespace {

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

/// GB/s with up to three decimals, in MB/s.
std::optional<std::int64_t> megabytes(const std::string& text) {
  constexpr std::size_t kDecimals = 3;
  constexpr std::size_t kDigits = 6;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string decimals = point < text.size() ? text.substr(point + 1) : "0";
  if (point == 0 || point > kDigits || decimals.empty() || decimals.size() > kDecimals) return std::nullopt;
  decimals.resize(kDecimals, '0');
  const std::string digits = text.substr(0, point) + decimals;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoll(digits);
}

}  // namespace

std::vector<std::int64_t> parse_sizes(const std::string& option, const std::string& list) {
  const auto refuse = [&](const std::string& expected) {
    throw InputError(fmt::format("--{} '{}': expected {}", option, list, expected));
  };
  std::vector<std::int64_t> sizes;
  bool go_on = false;
  for (const std::string& field : fields(option, list)) {
    if (field == "...") {
      const std::size_t n = sizes.size();
      if (go_on || n < 2 || sizes[n - 1] % sizes[n - 2] != 0) refuse("'...' behind two numbers with a whole ratio");
      go_on = true;
      continue;
    }
    const std::optional<std::int64_t> value = whole(field);
    if (!value) refuse("rising positive integers such as 1,2,4 or 1,2,...,64");
    if (!sizes.empty() && *value <= sizes.back())
      refuse(fmt::format("rising positive integers, not {}, {}", sizes.back(), *value));
    if (go_on) {
      const std::int64_t ratio = sizes.back() / sizes[sizes.size() - 2];
      while (sizes.back() <= *value / ratio && sizes.back() * ratio < *value) sizes.push_back(sizes.back() * ratio);
      if (sizes.back() * ratio != *value) refuse(fmt::format("{} to be reached by steps of {}x", *value, ratio));
      go_on = false;
    }
    sizes.push_back(*value);
  }
  if (go_on) refuse("a last number behind '...'");
  return sizes;
}

std::int64_t channels_for(const std::string& bandwidth, std::int64_t per_channel) {
  constexpr std::int64_t kMega = 1'000'000;
  constexpr std::int64_t kThousandth = 1000;
  const std::int64_t wanted = checked_mul(megabytes(bandwidth).value_or(0), kMega);
  const std::int64_t channels = (wanted + per_channel / 2) / per_channel;
  if (channels < 1 || std::abs(channels * per_channel - wanted) > wanted / kThousandth) {
    const auto gb = [&](std::int64_t count) { return static_cast<double>(count * per_channel) / 1e9; };
    throw InputError(
        fmt::format("--bandwidth '{}': expected GB/s of whole channels of {:.6g} GB/s: {:.6g}, {:.6g}, {:.6g}, ...",
                    bandwidth, gb(1), gb(1), gb(2), gb(3)));
  }
  return channels;
}

}  // namespace cyclescope::run
