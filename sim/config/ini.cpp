#include "sim/config/ini.h"

#include <fmt/format.h>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sim/base/error.h"

namespace cyclescope::config {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream stream(path);
  if (!stream || std::filesystem::is_directory(path)) {
    throw InputError(path + ": cannot open; expected a readable INI file");
  }
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) throw InputError(path + ": cannot read; expected a readable INI file");
  return text.str();
}

/// Numbers of the lines that hold `key = value`, in order, after checking the form of every line.
std::vector<int> option_lines(const std::string& path, const std::string& text) {
  std::vector<int> numbers;
  std::istringstream stream(text);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    if (line.front() == '[' && line.back() == ']') {
      if (trim(line.substr(1, line.size() - 2)).empty()) {
        throw InputError(fmt::format("{}:{}: empty section name; expected '[name]'", path, number));
      }
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError(
          fmt::format("{}:{}: '{}' is not a setting; expected 'key = value' or '[section]'", path, number, line));
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::string trim(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<IniLine> read_ini(const std::string& path) {
  const std::string text = read_text(path);
  const std::vector<int> numbers = option_lines(path, text);
  std::istringstream stream(text);
  // Keys are checked against the schema by the caller, which knows the line: here all of them are collected.
  constexpr bool kAllowUnregistered = true;
  const auto parsed = boost::program_options::parse_config_file(stream, boost::program_options::options_description(),
                                                                kAllowUnregistered);
  if (parsed.options.size() != numbers.size()) {
    throw InternalError(
        fmt::format("{}: {} settings parsed, {} lines found", path, parsed.options.size(), numbers.size()));
  }
  std::vector<IniLine> lines;
  std::map<std::string, int> first_line;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& option = parsed.options[i];
    const auto [first, inserted] = first_line.emplace(option.string_key, numbers[i]);
    if (!inserted) {
      throw InputError(fmt::format("{}:{}: {} = {}: repeated key, first set in line {}; expected each key once", path,
                                   numbers[i], option.string_key, option.value.front(), first->second));
    }
    lines.push_back({option.string_key, option.value.front(), path, numbers[i]});
  }
  return lines;
}

}  // namespace cyclescope::config
