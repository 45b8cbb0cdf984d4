// Checked integer arithmetic: overflow is an error, never a wrapped number.
#pragma once

#include <cstdint>

#include "sim/base/error.h"

namespace cyclescope {

__extension__ using Int128 = __int128;

/// a + b; throws InternalError on overflow of int64.
inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw InternalError("integer overflow in addition");
  return sum;
}

/// a * b; throws InternalError on overflow of int64.
inline std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw InternalError("integer overflow in multiplication");
  return product;
}

/// ceil(a / b) for a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

/// The smallest multiple of b that is >= a, for a >= 0, b > 0; throws InternalError on overflow of int64.
inline std::int64_t round_up(std::int64_t a, std::int64_t b) { return checked_mul(ceil_div(a, b), b); }

/// Narrows a 128-bit sum to int64; throws InternalError when it does not fit.
inline std::int64_t checked_narrow(Int128 value) {
  if (value > INT64_MAX || value < INT64_MIN) throw InternalError("128-bit sum does not fit 64 bits");
  return static_cast<std::int64_t>(value);
}

}  // namespace cyclescope
