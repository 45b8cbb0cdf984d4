// Checked arithmetic, precisions, exit codes.
#include <catch2/catch.hpp>
#include <cctype>
#include <cstdint>

#include "sim/base/checked.h"
#include "sim/base/error.h"
#include "sim/base/precision.h"

namespace cyclescope {
namespace {

TEST_CASE("sums and products that do not fit 64 bits are errors") {
  CHECK(checked_add(INT64_MAX - 1, 1) == INT64_MAX);
  CHECK(checked_add(INT64_MIN + 1, -1) == INT64_MIN);
  CHECK_THROWS_AS(checked_add(INT64_MAX, 1), InternalError);
  CHECK_THROWS_AS(checked_add(INT64_MIN, -1), InternalError);
  CHECK(checked_mul(3'037'000'499, 3'037'000'499) == 9'223'372'030'926'249'001);  // floor(sqrt(2^63 - 1)) squared
  CHECK_THROWS_AS(checked_mul(3'037'000'500, 3'037'000'500), InternalError);
  CHECK_THROWS_AS(checked_mul(INT64_MIN, -1), InternalError);
}

TEST_CASE("narrowing from 128 bits keeps every 64-bit value and refuses the next") {
  CHECK(checked_narrow(static_cast<Int128>(INT64_MAX)) == INT64_MAX);
  CHECK(checked_narrow(static_cast<Int128>(INT64_MIN)) == INT64_MIN);
  CHECK_THROWS_AS(checked_narrow(static_cast<Int128>(INT64_MAX) + 1), InternalError);
  CHECK_THROWS_AS(checked_narrow(static_cast<Int128>(INT64_MIN) - 1), InternalError);
}

TEST_CASE("division and rounding up agree with counting") {
  for (std::int64_t a = 0; a < 40; ++a) {
    for (std::int64_t b = 1; b < 12; ++b) {
      std::int64_t groups = 0;
      while (groups * b < a) ++groups;
      CHECK(ceil_div(a, b) == groups);
      CHECK(round_up(a, b) == groups * b);
    }
  }
  CHECK(ceil_div(INT64_MAX, 1) == INT64_MAX);
}

TEST_CASE("precisions have names, bits and dense sizes") {
  const struct {
    Precision precision;
    const char* name;
    int bits;
    std::int64_t bytes_of_five;
  } rows[] = {{Precision::int4, "int4", 4, 3},
              {Precision::int8, "int8", 8, 5},
              {Precision::bf16, "bf16", 16, 10},
              {Precision::fp16, "fp16", 16, 10},
              {Precision::fp32, "fp32", 32, 20}};
  for (const auto& row : rows) {
    CHECK(name(row.precision) == std::string(row.name));
    CHECK(parse_precision(row.name) == row.precision);
    std::string upper = row.name;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    CHECK(parse_precision(upper) == row.precision);
    CHECK(bits(row.precision) == row.bits);
    CHECK(packed_bytes(5, row.precision) == row.bytes_of_five);
    CHECK(packed_bytes(0, row.precision) == 0);
  }
  CHECK_THROWS_AS(packed_bytes(INT64_MAX, Precision::int8), InternalError);
}

TEST_CASE("an unknown precision lists the known ones") {
  CHECK_THROWS_WITH(parse_precision("INT9"), "unknown precision 'INT9': expected one of int4, int8, bf16, fp16, fp32");
  CHECK_THROWS_AS(parse_precision(""), InputError);
}

TEST_CASE("every error carries its exit code") {
  CHECK(InternalError("x").exit_code() == 1);
  CHECK(InputError("x").exit_code() == 2);
  CHECK(NotModelled("x").exit_code() == 3);
  CHECK(CheckFailed("x").exit_code() == 4);
  CHECK_THROWS_AS(throw InputError("x"), Error);
}

}  // namespace
}  // namespace cyclescope
