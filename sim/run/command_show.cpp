#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "sim/config/show.h"
#include "sim/run/commands.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/platforms.h"

namespace cyclescope::run {

namespace po = boost::program_options;

void show_command(const std::vector<std::string>& args) {
  const Usage usage{
      "show",
      "PLATFORM",
      "Prints every resolved setting of a platform with its unit, confidence, where it was set, and source.",
      "cyclescope show kpu-t64\n"
      "cyclescope show kpu-t64 --set memory.ideal=on\n"
      "cyclescope show kpu-t64@estimator --precision bf16",
      1,
      1};
  po::options_description options;
  options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "override a setting of the platform; may be repeated");
  options.add_options()("precision", po::value<std::string>()->default_value("int8")->value_name("P"),
                        "int4, int8, bf16, fp16 or fp32; only @estimator machines depend on it");
  const auto arguments = parse(usage, options, args);
  if (!arguments) return;
  const Precision precision = parse_precision(arguments->text("precision"));
  const Platform platform = load_platform(arguments->positional.front(), arguments->list("set"), precision);
  const std::string title = platform.hypothetical ? fmt::format("{}, {}\n\n", platform.name, name(precision)) : "";
  print(title + config::show(platform.settings));
}

}  // namespace cyclescope::run
