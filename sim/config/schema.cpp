#include <fmt/format.h>

#include "sim/base/error.h"
#include "sim/config/quantity.h"
#include "sim/config/settings.h"

namespace cyclescope::config {
namespace {

bool is_word(Quantity quantity) {
  return quantity == Quantity::choice || quantity == Quantity::flag || quantity == Quantity::text;
}

/// Empty when the declaration is sound, else what is wrong with it.
std::string fault_of(const Declaration& declaration) {
  if (declaration.key.empty() || declaration.key == "base") return "reserved or empty key";
  if (!valid_unit(declaration.quantity, declaration.unit)) return "unit '" + declaration.unit + "' unknown";
  if (declaration.quantity == Quantity::choice && declaration.choices.empty()) return "no choices";
  const bool forgotten = declaration.minimum == 0 && declaration.maximum == 0;
  if (!is_word(declaration.quantity) && (forgotten || declaration.minimum > declaration.maximum)) return "empty range";
  if (!declaration.default_value) return {};
  if (declaration.default_source.empty()) return "default without a source";
  try {
    parse_value(declaration, *declaration.default_value, false);
  } catch (const ValueError& error) {
    return fmt::format("default '{}' {}", *declaration.default_value, error.what());
  }
  return {};
}

}  // namespace

Schema& Schema::add(Declaration declaration) {
  const std::string fault = fault_of(declaration);
  if (!fault.empty()) throw InternalError(fmt::format("declaration of '{}': {}", declaration.key, fault));
  std::string key = declaration.key;
  const auto [existing, inserted] = declarations_.emplace(key, std::move(declaration));
  if (!inserted) throw InternalError("'" + existing->first + "' is declared twice");
  return *this;
}

}  // namespace cyclescope::config
