#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <fstream>
#include <optional>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/commands.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/request.h"
#include "sim/run/run_log.h"
#include "sim/run/simulate.h"
#include "sim/run/views.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

/// Only a result is ever replaced: a trace has the same ending, and a slip would destroy it. Throws InputError.
void check_replaceable(const std::string& out) {
  std::ifstream existing(out, std::ios::binary);
  std::string head(std::string_view("cyclescope-run-").size(), '\0');
  if (!existing.read(head.data(), static_cast<std::streamsize>(head.size())) && existing.gcount() == 0) return;
  if (head == "cyclescope-run-") return;
  throw InputError(fmt::format("cannot write '{}': it exists and is no result of a run; expected a new name", out));
}

}  // namespace

void run_command(const std::vector<std::string>& args) {
  const Usage usage{"run", "",
                    "Simulates one inference. Prints a view of the result; --out keeps the result for later views.",
                    "cyclescope run --platform kpu-t64 --model resnet50\n"
                    "cyclescope run --platform kpu-t64 --model resnet50 --state cold --out run.h5\n"
                    "cyclescope run --platform kpu-t64 --model resnet50 --set memory.ideal=on --format json"};
  po::options_description options;
  add_request_options(options);
  options.add_options()("out,o", po::value<std::string>()->value_name("FILE"),
                        "write the result there, and host and wall time to FILE.log");
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table, json or csv");
  const auto arguments = parse(usage, options, args);
  if (!arguments) return;

  const RunLog log(args);
  const Format format = parse_format(arguments->text("format"));
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
