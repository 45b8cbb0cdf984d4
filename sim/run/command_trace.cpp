#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/run/commands.h"
#include "sim/run/directories.h"
#include "sim/run/format.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/trace_info.h"
#include "sim/run/views.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

void info(const std::vector<std::string>& args) {
  const Usage usage{"trace info",
                    "MODEL|FILE",
                    "Prints what a trace holds: inputs, operators by type, MACs, parameters, compulsory bytes.",
                    "cyclescope trace info resnet50\n"
                    "cyclescope trace info resnet50 --format json",
                    1,
                    1};
  po::options_description options;
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table or json");
  const auto arguments = parse(usage, options, args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  const std::string path = traces::resolve_model(arguments->positional.front(), library_directory());
  print(trace_info(traces::read(path), format));
}

void verify(const std::vector<std::string>& args) {
  const Usage usage{"trace verify",
                    "FILE...",
                    "Reads traces and checks everything in them. Names the good ones; stops at the first that is not.",
                    "cyclescope trace verify resnet50.h5 bert.h5",
                    1,
                    SIZE_MAX};
  const auto arguments = parse(usage, {}, args);
  if (!arguments) return;
  for (const std::string& path : arguments->positional) {
    const traces::Trace trace = traces::read(path);
    print(fmt::format("{}: {}, {}, {}: verified\n", path, trace.graph.model,
                      plural(static_cast<std::int64_t>(trace.graph.operators.size()), "operator"),
                      plural(trace.total_macs, "MAC")));
  }
}

}  // namespace

void trace_command(const std::vector<std::string>& args) {
  constexpr const char* kHelp =
      "Usage: cyclescope trace info MODEL|FILE [OPTIONS]\n"
      "       cyclescope trace verify FILE... [OPTIONS]\n\n"
      "Looks into traces. Each has its own --help.\n";
  const std::string action = args.empty() ? "" : args.front();
  const std::vector<std::string> rest(args.begin() + (args.empty() ? 0 : 1), args.end());
  if (action == "info") return info(rest);
  if (action == "verify") return verify(rest);
  if (action == "--help" || action == "-h") return print(kHelp);
  throw InputError(fmt::format("trace: unknown action '{}'{}; expected info or verify", action,
                               suggestion(action, {"info", "verify"})));
}

}  // namespace cyclescope::run
