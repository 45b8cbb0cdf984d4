// Numeric precisions a run can ask for, and how many bits an element of each takes.
#pragma once

#include <cstdint>
#include <string>

namespace cyclescope {

enum class Precision : std::uint8_t { int4, int8, bf16, fp16, fp32 };

/// Lower-case name as the command line spells it (`int8`).
const char* name(Precision precision);

/// Parses a name in either case (`INT8`); throws InputError listing the valid names.
Precision parse_precision(const std::string& text);

/// Bits per element: 4, 8, 16, 16, 32.
int bits(Precision precision);

/// Bytes that `elements` take when packed densely, rounded up to whole bytes.
std::int64_t packed_bytes(std::int64_t elements, Precision precision);

}  // namespace cyclescope
