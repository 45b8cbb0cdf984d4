#include "sim/run/options.h"

#include <fmt/format.h>

#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <charconv>
#include <sstream>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/run/output.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

constexpr const char* kPositional = "argument";

std::string help(const Usage& usage, const po::options_description& options) {
  std::ostringstream text;
  text << "Usage: cyclescope " << usage.command;
  if (!usage.arguments.empty()) text << " " << usage.arguments;
  text << " [OPTIONS]\n\n" << usage.description << "\n\n" << options << "\nExamples\n";
  std::istringstream lines(usage.examples);
  for (std::string line; std::getline(lines, line);) text << "  " << line << "\n";
  return text.str();
}

std::vector<std::string> names_of(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

po::variables_map parse_map(const Usage& usage, const po::options_description& visible,
                            const std::vector<std::string>& args) {
  po::options_description all;
  all.add(visible).add_options()(kPositional, po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add(kPositional, -1);
  // A guessed option would change its meaning with the next option that begins alike.
  constexpr int kStyle = po::command_line_style::unix_style ^ po::command_line_style::allow_guessing;
  try {
    po::variables_map map;
    po::store(po::command_line_parser(args).options(all).positional(positional).style(kStyle).run(), map);
    if (map.count("help") == 0) po::notify(map);
    return map;
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    throw InputError(fmt::format("{}: unknown option '{}'{}; see cyclescope {} --help", usage.command, name,
                                 suggestion(name, names_of(visible)), usage.command));
  } catch (const po::error& error) {
    throw InputError(fmt::format("{}: {}; see cyclescope {} --help", usage.command, error.what(), usage.command));
  }
}

}  // namespace

std::vector<std::string> Arguments::list(const std::string& option) const {
  return has(option) ? options[option].as<std::vector<std::string>>() : std::vector<std::string>();
}

std::int64_t Arguments::integer(const std::string& option, std::int64_t minimum, std::int64_t maximum) const {
  const std::string& written = text(option);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
  if (error != std::errc() || end != written.data() + written.size() || value < minimum || value > maximum) {
    throw InputError(fmt::format("--{} '{}': expected an integer from {} to {}", option, written, minimum, maximum));
  }
  return value;
}

std::optional<Arguments> parse(const Usage& usage, const po::options_description& options,
                               const std::vector<std::string>& args) {
  po::options_description visible("Options");
  for (const auto& option : options.options()) visible.add(option);
  visible.add_options()("help,h", "print this and leave");
  Arguments arguments;
  arguments.options = parse_map(usage, visible, args);
  if (arguments.has("help")) {
    print(help(usage, visible));
    return std::nullopt;
  }
  arguments.positional = arguments.list(kPositional);
  const std::size_t count = arguments.positional.size();
  if (count < usage.min_arguments || count > usage.max_arguments) {
    throw InputError(fmt::format("{}: {} {}; expected {}; see cyclescope {} --help", usage.command,
                                 count == 0 ? "no argument" : "unexpected argument",
                                 count == 0 ? "given" : "'" + arguments.positional.back() + "'",
                                 usage.arguments.empty() ? "options only" : usage.arguments, usage.command));
  }
  return arguments;
}

}  // namespace cyclescope::run
