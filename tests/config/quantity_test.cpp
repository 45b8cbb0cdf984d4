// Decimal text to canonical integers without rounding, and back.
#include "sim/config/quantity.h"

#include "tests/config/support.h"

namespace cyclescope::config::test {
namespace {

constexpr std::int64_t kMaximum = INT64_MAX;

std::int64_t convert(Quantity quantity, const std::string& unit, const std::string& written) {
  return parse_value(number("a.b", quantity, unit, INT64_MIN, kMaximum), written, false).integer;
}

std::string refusal(Quantity quantity, const std::string& unit, const std::string& written) {
  try {
    convert(quantity, unit, written);
  } catch (const ValueError& error) {
    return error.what();
  }
  FAIL(written + " was accepted");
  return {};
}

TEST_CASE("decimals convert exactly") {
  // 0.759 GHz in binary floating point is 758999999.99...; the expected values are moved decimal points
  CHECK(convert(Quantity::frequency, "GHz", "0.759 GHz") == 759'000'000);
  CHECK(convert(Quantity::frequency, "MHz", "624.75 MHz") == 624'750'000);
  CHECK(convert(Quantity::time, "ns", "2.5 ns") == 2'500'000);
  CHECK(convert(Quantity::time, "ns", "0.938 ns") == 938'000);
  CHECK(convert(Quantity::time, "ns", "1 s") == 1'000'000'000'000'000);
  CHECK(convert(Quantity::time, "ns", "7 ps") == 7'000);
  CHECK(convert(Quantity::energy, "pJ", "0.10 pJ") == 100'000);
  CHECK(convert(Quantity::energy, "pJ", "0.000001 pJ") == 1);
  CHECK(convert(Quantity::power, "mW", "0.001 mW") == 1);
  CHECK(convert(Quantity::power, "mW", "+6 W") == 6'000'000);
  CHECK(convert(Quantity::ratio, "%", "6.25 %") == 62'500);
  CHECK(convert(Quantity::ratio, "%", "3 ppm") == 3);
  CHECK(convert(Quantity::bytes, "KiB", "1.5 KiB") == 1536);
  CHECK(convert(Quantity::bytes, "KiB", "0.0009765625 KiB") == 1);
  CHECK(convert(Quantity::count, "PE", "-12 PE") == -12);
  CHECK(convert(Quantity::count, "PE", "3.000 PE") == 3);
  CHECK(convert(Quantity::count, "PE", "000 PE") == 0);
  CHECK(convert(Quantity::cycles, "cycles", "4 cycles") == 4);
}

TEST_CASE("what is not a whole canonical unit is refused, however close") {
  CHECK(refusal(Quantity::time, "ns", "0.3 fs") == "is not representable: not a whole number of fs");
  CHECK(refusal(Quantity::bytes, "KiB", "0.3 KiB") == "is not representable: not a whole number of B");
  CHECK(refusal(Quantity::energy, "pJ", "0.0000015 pJ") == "is not representable: not a whole number of aJ");
  CHECK(refusal(Quantity::count, "", "0.9999999999999999999999") == "is not representable: not a whole number");
}

TEST_CASE("the ends of 64 bits are reached and not passed") {
  CHECK(convert(Quantity::count, "PE", "9223372036854775807 PE") == INT64_MAX);
  CHECK(convert(Quantity::count, "PE", "-9223372036854775808 PE") == INT64_MIN);
  CHECK(convert(Quantity::time, "ns", "9223.372036854775807 s") == INT64_MAX);
  const std::string overflow = "is out of range (overflow)";
  CHECK(refusal(Quantity::count, "PE", "9223372036854775808 PE") == overflow);
  CHECK(refusal(Quantity::count, "PE", "-9223372036854775809 PE") == overflow);
  CHECK(refusal(Quantity::bytes, "KiB", "99999999999 GiB") == overflow);
  CHECK(refusal(Quantity::time, "ns", "9999999999999999999999999999999999999 s") == overflow);
}

TEST_CASE("a canonical integer is printed exactly in the declared or a smaller unit") {
  const auto text = [](Quantity quantity, const std::string& unit, std::int64_t integer) {
    return format_integer(number("a.b", quantity, unit, 0, kMaximum), integer);
  };
  CHECK(text(Quantity::time, "ns", 2'500'000) == "2.5 ns");
  CHECK(text(Quantity::time, "ns", 2'500'001) == "2500.001 ps");
  CHECK(text(Quantity::time, "us", 0) == "0 us");
  CHECK(text(Quantity::frequency, "MHz", 624'750'000) == "624.75 MHz");
  CHECK(text(Quantity::bytes, "MiB", 3 << 19) == "1.5 MiB");
  CHECK(text(Quantity::bytes, "KiB", 1) == "1 B");
  CHECK(text(Quantity::count, "PE", -7) == "-7 PE");
  CHECK(text(Quantity::count, "", INT64_MAX) == "9223372036854775807");
  CHECK(text(Quantity::energy, "pJ", -1'500) == "-1.5 fJ");
}

TEST_CASE("every printed value reads back as the same integer") {
  std::uint64_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto integer = static_cast<std::int64_t>(state >> (1 + i % 60));
    for (const char* unit : {"fs", "ps", "ns", "us", "ms", "s"}) {
      const Declaration declaration = number("a.b", Quantity::time, unit, 0, kMaximum);
      const std::string text = format_integer(declaration, integer);
      INFO(text);
      REQUIRE(parse_value(declaration, text, false).integer == integer);
    }
  }
}

}  // namespace
}  // namespace cyclescope::config::test
