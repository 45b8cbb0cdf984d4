// The standard streams. What goes to standard output arrives or is an error, unless its reader has gone.
#pragma once

#include <string>

namespace cyclescope::run {

/// Before anything is opened: refuses a closed standard output (a result file could otherwise take its place), opens
/// /dev/null for the other two, and lets a closed pipe or a full file be an error of the write instead of a signal.
void claim_standard_streams();

/// Thrown when the reader of standard output has gone, as `head` goes: nobody is left to be told an error.
struct ReaderGone {};

/// Writes all of `text` to standard output. Throws ReaderGone, or InputError when it does not arrive otherwise.
void print(const std::string& text);

/// Ends the process as a broken pipe ends one that does not look: by SIGPIPE, without a word.
[[noreturn]] void end_by_broken_pipe();

/// The text on one line: control characters become '?'.
std::string one_line(std::string text);

}  // namespace cyclescope::run
