// The options of one command: Boost.Program_options with exact names, checked counts and errors on one line.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cyclescope::run {

/// What `--help` of a command says besides its options.
struct Usage {
  std::string command;      ///< `trace info`
  std::string arguments;    ///< `MODEL|FILE`
  std::string description;  ///< a line or two
  std::string examples;     ///< lines without indentation
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
};

/// What a command was given.
struct Arguments {
  boost::program_options::variables_map options;
  std::vector<std::string> positional;

  [[nodiscard]] bool has(const std::string& option) const { return options.count(option) != 0; }
  /// Value of an option that was given or has a default.
  [[nodiscard]] const std::string& text(const std::string& option) const { return options[option].as<std::string>(); }
  /// Values of a repeatable option.
  [[nodiscard]] std::vector<std::string> list(const std::string& option) const;
  /// An integer in [minimum, maximum]. Throws InputError.
  [[nodiscard]] std::int64_t integer(const std::string& option, std::int64_t minimum, std::int64_t maximum) const;
};

/// Throws InputError for unknown, repeated or missing options and a wrong number of arguments. Prints the help and
/// returns nothing when it was asked for.
std::optional<Arguments> parse(const Usage& usage, const boost::program_options::options_description& options,
                               const std::vector<std::string>& args);

}  // namespace cyclescope::run
