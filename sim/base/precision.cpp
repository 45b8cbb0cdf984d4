#include "sim/base/precision.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "sim/base/checked.h"

namespace cyclescope {
namespace {

struct Entry {
  Precision precision;
  const char* name;
  int bits;
};

constexpr std::array<Entry, 5> kTable{{{Precision::int4, "int4", 4},
                                       {Precision::int8, "int8", 8},
                                       {Precision::bf16, "bf16", 16},
                                       {Precision::fp16, "fp16", 16},
                                       {Precision::fp32, "fp32", 32}}};

const Entry& entry(Precision precision) { return kTable[static_cast<std::size_t>(precision)]; }

}  // namespace

const char* name(Precision precision) { return entry(precision).name; }

Precision parse_precision(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Entry& candidate : kTable) {
    if (lower == candidate.name) return candidate.precision;
  }
  throw InputError("unknown precision '" + text + "': expected one of int4, int8, bf16, fp16, fp32");
}

int bits(Precision precision) { return entry(precision).bits; }

std::int64_t packed_bytes(std::int64_t elements, Precision precision) {
  return ceil_div(checked_mul(elements, bits(precision)), 8);
}

}  // namespace cyclescope
