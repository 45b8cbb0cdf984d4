#include "sim/config/quantity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/checked.h"

namespace cyclescope::config {
namespace {

struct Unit {
  std::string name;
  std::int64_t scale;  ///< canonical integers per unit
};

constexpr std::int64_t kKilo = 1000;
constexpr std::int64_t kMega = kKilo * kKilo;
constexpr std::int64_t kGiga = kMega * kKilo;
constexpr std::int64_t kTera = kGiga * kKilo;
constexpr std::int64_t kKibi = 1024;
constexpr std::int64_t kPartsPerPercent = 10'000;
constexpr int kMaximumDigits = 37;  // every number of 37 decimal digits fits 127 bits

/// The units a quantity knows, smallest first; empty for words.
std::vector<Unit> units(Quantity quantity, const std::string& declared) {
  switch (quantity) {
    case Quantity::count:
      return {{declared, 1}};
    case Quantity::cycles:
      return {{"cycles", 1}};
    case Quantity::time:
      return {{"fs", 1}, {"ps", kKilo}, {"ns", kMega}, {"us", kGiga}, {"ms", kTera}, {"s", kTera * kKilo}};
    case Quantity::frequency:
      return {{"Hz", 1}, {"kHz", kKilo}, {"MHz", kMega}, {"GHz", kGiga}};
    case Quantity::bytes:
      return {{"B", 1}, {"KiB", kKibi}, {"MiB", kKibi * kKibi}, {"GiB", kKibi * kKibi * kKibi}};
    case Quantity::energy:
      return {{"aJ", 1}, {"fJ", kKilo}, {"pJ", kMega}, {"nJ", kGiga}};
    case Quantity::bandwidth:
      return {{"B/s", 1}, {"kB/s", kKilo}, {"MB/s", kMega}, {"GB/s", kGiga}};
    case Quantity::power:
      return {{"uW", 1}, {"mW", kKilo}, {"W", kMega}};
    case Quantity::ratio:
      return {{"ppm", 1}, {"%", kPartsPerPercent}};
    case Quantity::choice:
    case Quantity::flag:
    case Quantity::text:
      return {};
  }
  throw InternalError("unknown quantity");
}

std::string unit_names(const std::vector<Unit>& known) {
  std::string names;
  for (const Unit& unit : known) names += (names.empty() ? "" : " ") + unit.name;
  return names;
}

/// A decimal number: mantissa / 10^decimals, mantissa without trailing fraction zeros.
struct Decimal {
  Int128 mantissa = 0;
  int decimals = 0;
  std::size_t length = 0;  ///< characters consumed
};

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads `[+-]digits[.digits]` at the start of `text`; throws ValueError when there is none or it has too many digits.
Decimal read_decimal(const std::string& text) {
  const auto bad_number = [] { return ValueError("is not a decimal number"); };
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  std::string digits;
  const auto take_digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) digits += text[at++];
    if (at == first) throw bad_number();
  };
  take_digits();
  std::size_t decimals = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t whole_digits = digits.size();
    ++at;
    take_digits();
    decimals = digits.size() - whole_digits;
    for (; decimals > 0 && digits.back() == '0'; --decimals) digits.pop_back();
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > kMaximumDigits || decimals > kMaximumDigits) {
    throw ValueError(fmt::format("has more than {} digits", kMaximumDigits));
  }
  Decimal decimal;
  for (const char digit : digits) decimal.mantissa = decimal.mantissa * 10 + (digit - '0');
  if (negative) decimal.mantissa = -decimal.mantissa;
  decimal.decimals = static_cast<int>(decimals);
  decimal.length = at;
  return decimal;
}

Int128 greatest_common_divisor(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/// decimal * scale as an integer; throws ValueError when it is not whole or does not fit 64 bits.
std::int64_t to_integer(const Decimal& decimal, std::int64_t scale, const std::string& smallest_unit) {
  const Int128 denominator = power_of_ten(decimal.decimals);
  const Int128 common = greatest_common_divisor(denominator, scale);
  const Int128 remaining = denominator / common;  // coprime to scale / common: it must divide the mantissa
  if (decimal.mantissa % remaining != 0) {
    throw ValueError("is not representable: not a whole number" +
                     (smallest_unit.empty() ? std::string() : " of " + smallest_unit));
  }
  Int128 product = 0;
  const bool overflow = __builtin_mul_overflow(decimal.mantissa / remaining, scale / common, &product);
  if (overflow || product > INT64_MAX || product < INT64_MIN) throw ValueError("is out of range (overflow)");
  return static_cast<std::int64_t>(product);
}

ParsedValue parse_number(const Declaration& declaration, const std::string& written, bool assume_unit) {
  const std::vector<Unit> known = units(declaration.quantity, declaration.unit);
  const Decimal decimal = read_decimal(written);
  const std::size_t unit_at = std::min(written.find_first_not_of(" \t", decimal.length), written.size());
  std::string unit_name = written.substr(unit_at);
  if (unit_name.empty() && !declaration.unit.empty()) {
    if (!assume_unit) throw ValueError("has no unit");
    unit_name = declaration.unit;
  }
  const auto unit = std::find_if(known.begin(), known.end(), [&](const Unit& u) { return u.name == unit_name; });
  if (unit == known.end()) {
    throw ValueError(declaration.unit.empty()
                         ? fmt::format("has a unit '{}' where none is allowed", unit_name)
                         : fmt::format("has an unknown unit '{}' (known: {})", unit_name, unit_names(known)));
  }
  const std::int64_t integer = to_integer(decimal, unit->scale, known.front().name);
  if (integer < 0 && declaration.minimum >= 0) throw ValueError("is negative");
  if (integer < declaration.minimum || integer > declaration.maximum) throw ValueError("is out of range");
  const std::string number = written.substr(0, decimal.length);
  return {integer, unit_name.empty() ? number : number + " " + unit_name};
}

}  // namespace

bool valid_unit(Quantity quantity, const std::string& unit) {
  const std::vector<Unit> known = units(quantity, unit);
  if (known.empty()) return unit.empty();
  return std::any_of(known.begin(), known.end(), [&](const Unit& u) { return u.name == unit; });
}

ParsedValue parse_value(const Declaration& declaration, const std::string& written, bool assume_unit) {
  if (written.empty()) throw ValueError("is empty");
  if (declaration.quantity == Quantity::text) return {0, written};
  if (declaration.quantity == Quantity::flag) {
    if (written != "on" && written != "off") throw ValueError("is not a flag");
    return {written == "on" ? 1 : 0, written};
  }
  if (declaration.quantity == Quantity::choice) {
    const auto& words = declaration.choices;
    const auto found = std::find(words.begin(), words.end(), written);
    if (found == words.end()) throw ValueError("is not a known word");
    return {found - words.begin(), written};
  }
  return parse_number(declaration, written, assume_unit);
}

std::string format_integer(const Declaration& declaration, std::int64_t integer) {
  const std::vector<Unit> known = units(declaration.quantity, declaration.unit);
  if (known.empty()) throw InternalError(declaration.key + " has no numeric value");
  auto unit = std::find_if(known.rbegin(), known.rend(), [&](const Unit& u) { return u.name == declaration.unit; });
  if (unit == known.rend()) throw InternalError(declaration.key + " has an unknown unit " + declaration.unit);
  // integer / scale has at most three decimals when thousandths of the unit are whole; the smallest unit always fits
  while (static_cast<Int128>(integer) * kKilo % unit->scale != 0) ++unit;
  const Int128 thousandths = static_cast<Int128>(integer) * kKilo / unit->scale;
  const Int128 magnitude = thousandths < 0 ? -thousandths : thousandths;
  const auto whole = static_cast<std::uint64_t>(magnitude / kKilo);
  std::string text = fmt::format("{}{}.{:03}", integer < 0 ? "-" : "", whole, static_cast<int>(magnitude % kKilo));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return unit->name.empty() ? text : text + " " + unit->name;
}

std::string expected(const Declaration& declaration) {
  switch (declaration.quantity) {
    case Quantity::choice:
      return fmt::format("one of {}", fmt::join(declaration.choices, " "));
    case Quantity::flag:
      return "on or off";
    case Quantity::text:
      return "text";
    default:
      return fmt::format("{} to {}", format_integer(declaration, declaration.minimum),
                         format_integer(declaration, declaration.maximum));
  }
}

}  // namespace cyclescope::config
