// The standard streams. What goes to standard output arrives or is an error.
#pragma once

#include <string>

namespace cyclescope::run {

/// Before anything is opened: refuses a closed standard output (a result file could otherwise take its place), opens
/// /dev/null for the other two, and lets a closed pipe or a full file be an error of the write instead of a signal.
void claim_standard_streams();

/// Writes all of `text` to standard output. Throws InputError when it does not arrive.
void print(const std::string& text);

/// The text on one line: control characters become '?'.
std::string one_line(std::string text);

}  // namespace cyclescope::run
