#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <filesystem>
#include <optional>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/commands.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/request.h"
#include "sim/run/run_log.h"
#include "sim/run/simulate.h"
#include "sim/run/streams.h"
#include "sim/run/views.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

/// Only a result is ever replaced: a trace has the same ending, and a slip would destroy it. Throws InputError.
void check_replaceable(const std::string& out) {
  std::error_code error;
  if (std::filesystem::file_size(out, error) == 0 || error || results::begins_as_result(out)) return;
  throw InputError(fmt::format("cannot write '{}': it exists and is no result of a run; expected a new name", out));
}

/// Frames per second of --fps.
double rate_of(const std::string& text) {
  constexpr double kFastest = 1e6;
  double fps = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, fps);
  if (parsed.ec == std::errc() && parsed.ptr == end && fps >= 1e-3 && fps <= kFastest) return fps;
  throw InputError(fmt::format("--fps '{}': expected frames per second from 0.001 to {}", text, kFastest));
}

/// What --streams asks for; nothing without it.
std::optional<StreamsRequest> streams_of(const Arguments& arguments) {
  constexpr std::int64_t kMost = 10'000;
  for (const char* option : {"fps", "frames"}) {
    if (arguments.has(option) && !arguments.has("streams")) {
      throw InputError(fmt::format("run: --{} is for --streams; expected both", option));
    }
  }
  if (!arguments.has("streams")) return std::nullopt;
  if (arguments.has("out")) {
    throw InputError("run: --out keeps the result of one inference; expected --format json beside --streams");
  }
  StreamsRequest request;
  request.streams = arguments.integer("streams", 1, kMost);
  if (arguments.has("frames")) request.frames = arguments.integer("frames", 1, kMost);
  if (arguments.has("fps")) request.fps = rate_of(arguments.text("fps"));
  return request;
}

}  // namespace

void run_command(const std::vector<std::string>& args) {
  const Usage usage{"run", "",
                    "Simulates one inference. Prints a view of the result; --out keeps the result for later views.",
                    "cyclescope run --platform kpu-t64 --model resnet50\n"
                    "cyclescope run --platform kpu-t64 --model resnet50 --state cold --out run.h5\n"
                    "cyclescope run --platform kpu-t64 --model resnet50 --set memory.ideal=on --format json\n"
                    "cyclescope run --platform kpu-t64 --model resnet50 --streams 10 --fps 30"};
  po::options_description options;
  add_request_options(options);
  options.add_options()("out,o", po::value<std::string>()->value_name("FILE"),
                        "write the result there, and host and wall time to FILE.log");
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table, json or csv");
  options.add_options()("streams", po::value<std::string>()->value_name("N"),
                        "instead of one inference, frames of N cameras served in turn");
  options.add_options()("fps", po::value<std::string>()->value_name("F"), "frames/s of each camera (default: 30)");
  options.add_options()("frames", po::value<std::string>()->value_name("N"), "frames of each camera (default: 3)");
  const auto arguments = parse(usage, options, args);
  if (!arguments) return;

  const RunLog log(args);
  const Format format = parse_format(arguments->text("format"));
  if (const auto streams = streams_of(*arguments)) {
    return print(render(serve_streams(load_request(*arguments), *streams), format));
  }
  std::optional<std::string> out;
  if (arguments->has("out")) {
    out = arguments->text("out");
    check_replaceable(*out);
    results::check_writable(*out);
    results::check_writable(log_path(*out));
  }
  const results::RunResult result = simulate(load_request(*arguments));
  print(render(result, format));
  check_laws(result);
  if (out) save(result, log, *out);
}

}  // namespace cyclescope::run
