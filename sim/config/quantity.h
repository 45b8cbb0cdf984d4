// Units and exact conversion: decimal text with a unit to the canonical integer of a quantity, and back to text.
// Nothing here goes through floating point: `0.10 pJ` is 100000 aJ, `0.3 fs` is refused.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/config/settings.h"

namespace cyclescope::config {

/// Why a value was refused, without place or key; the caller adds them. Never leaves this library.
class ValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A value as parsed against its declaration.
struct ParsedValue {
  std::int64_t integer = 0;  ///< canonical integer; choice: index; flag: 0 or 1; text: 0
  std::string text;          ///< the number as written, a space and its unit; for words the word
};

/// Parses `VALUE [UNIT]`. A missing unit is the declared one if `assume_unit`, else an error. Throws ValueError that
/// names the fault (bad number, missing or unknown unit, not representable, out of range, unknown word, empty).
ParsedValue parse_value(const Declaration& declaration, const std::string& written, bool assume_unit);

/// What a value of this declaration may be: `1 to 64 PE`, `one of off per_bank all_bank`, `on or off`.
std::string expected(const Declaration& declaration);

/// Exact decimal text of a canonical integer, in the declared unit when at most three decimals suffice, else in the
/// largest smaller unit in which they do (`2.5 ns`, `16 PE`, `1 GHz`).
std::string format_integer(const Declaration& declaration, std::int64_t integer);

/// True when `unit` can be the canonical unit of `quantity`.
bool valid_unit(Quantity quantity, const std::string& unit);

}  // namespace cyclescope::config
