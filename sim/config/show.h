// All resolved settings as text.
#pragma once

#include <string>

#include "sim/config/settings.h"

namespace cyclescope::config {

/// A table with a header row and one row per setting: key, value with unit, confidence, where it was set, source;
/// columns aligned over the whole table, a blank line between sections (the part of the key before its first dot).
/// Ends with a newline.
std::string show(const Settings& settings);

}  // namespace cyclescope::config
