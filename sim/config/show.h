// All resolved settings as text.
#pragma once

#include <string>

#include "sim/config/settings.h"

namespace cyclescope::config {

/// A table with a header row and one row per setting: key, value with unit, confidence, where it was set, source;
/// columns aligned over the whole table, a blank line between sections (the part of the key before its first dot).
/// Below it, where there are any, the settings that take one of a few words, with these words. Ends with a newline.
std::string show(const Settings& settings);

}  // namespace cyclescope::config
