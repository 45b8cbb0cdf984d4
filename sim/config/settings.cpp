#include "sim/config/settings.h"

#include "sim/base/error.h"

namespace cyclescope::config {

const Setting& Settings::at(const std::string& key) const {
  const auto found = settings_.find(key);
  if (found == settings_.end()) throw InternalError("parameter '" + key + "' was never declared");
  return found->second;
}

std::int64_t Settings::integer(const std::string& key) const {
  const Setting& setting = at(key);
  if (setting.declaration->quantity == Quantity::text) throw InternalError("parameter '" + key + "' is text");
  return setting.integer;
}

bool Settings::flag(const std::string& key) const {
  const Setting& setting = at(key);
  if (setting.declaration->quantity != Quantity::flag) throw InternalError("parameter '" + key + "' is not a flag");
  return setting.integer != 0;
}

const std::string& Settings::text(const std::string& key) const { return at(key).text; }

}  // namespace cyclescope::config
