#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "sim/base/error.h"
#include "sim/run/commands.h"
#include "sim/run/mapping_view.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/request.h"
#include "sim/run/views.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

std::string explain_mapping(const Arguments& arguments, Format format) {
  if (!arguments.positional.empty()) {
    throw InputError("explain: --mapping and a result file '" + arguments.positional.front() +
                     "'; expected one of the two");
  }
  const Request request = load_request(arguments);
  const auto rows = request.platform.family->mapping(request.trace.graph, request.platform.settings, request.options);
  return render_mapping(rows, format);
}

std::string explain_file(const Arguments& arguments, Format format) {
  if (arguments.positional.empty()) {
    throw InputError("explain: nothing to explain; expected a result file, or --mapping with --platform and --model");
  }
  for (const char* option : {"platform", "model", "set"}) {
    if (!arguments.has(option)) continue;
    throw InputError(
        fmt::format("explain: --{} and the result file '{}'; expected --mapping with it, or the file alone", option,
                    arguments.positional.front()));
  }
  return explain(results::read(arguments.positional.front()), format);
}

}  // namespace

void explain_command(const std::vector<std::string>& args) {
  const Usage usage{
      "explain",
      "FILE.h5 | --mapping",
      "Prints the critical path of a result by cause, operator and lane; or, with --mapping, how a model is\n"
      "mapped onto a platform, without simulating.",
      "cyclescope explain run.h5\n"
      "cyclescope explain --mapping --platform kpu-t64 --model resnet50 --precision int8",
      0,
      1};
  po::options_description options;
  options.add_options()("mapping", po::bool_switch(), "explain the mapping; takes the options of a run");
  add_request_options(options);
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table, json or csv");
  const auto arguments = parse(usage, options, args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  const bool mapping = arguments->options["mapping"].as<bool>();
  print(mapping ? explain_mapping(*arguments, format) : explain_file(*arguments, format));
}

}  // namespace cyclescope::run
