// INI files as lines: Boost.Program_options reads the text, this adds the file and line it does not report.
#pragma once

#include <string>
#include <vector>

namespace cyclescope::config {

/// One `key = value` line.
struct IniLine {
  std::string key;    ///< with its section: `memory.channels`
  std::string value;  ///< trimmed, comment removed
  std::string file;   ///< path of the file as opened
  int line = 0;       ///< counted from 1
};

/// Reads one file, lines in file order. Throws InputError with file and line: cannot open, a line that is neither
/// `key = value` nor `[section]` nor a comment, empty key or section name, repeated key.
std::vector<IniLine> read_ini(const std::string& path);

/// The text without white space at its ends.
std::string trim(const std::string& text);

}  // namespace cyclescope::config
