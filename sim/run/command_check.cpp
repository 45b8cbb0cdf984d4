#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "sim/base/error.h"
#include "sim/run/check.h"
#include "sim/run/check_many.h"
#include "sim/run/check_views.h"
#include "sim/run/commands.h"
#include "sim/run/directories.h"
#include "sim/run/format.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/request.h"
#include "sim/run/simulate.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

Usage usage() {
  return {
      "check",
      "[FILE.h5]",
      "Holds a run against what the public estimator says of it and against the roofline, for latency and energy, in\n"
      "total and per operator: residual (estimate - simulation) / simulation, log ratio, and the residual split over\n"
      "causes, step by step from the assumptions of the estimator to the simulation; shares add up exactly.\n"
      "It simulates, or takes a result that was kept. --from takes a directory of results, as sweep and matrix keep\n"
      "them, and prints statistics over all of them. A run below its roofline or that failed exits 4.",
      "cyclescope check --platform kpu-t64 --model resnet50\n"
      "cyclescope check run.h5 --operators 0\n"
      "cyclescope check run.h5 --constant \"bandwidth=25.6 GB/s\"    # had the estimator assumed that\n"
      "cyclescope check --from matrix --format json",
      0,
      1};
}

po::options_description declared() {
  po::options_description options;
  add_request_options(options);
  options.add_options()("from", po::value<std::string>()->value_name("DIR"), "results in DIR/points, or in DIR");
  options.add_options()("constant", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "override a constant of the estimator (configs/estimator/constants); may be repeated");
  options.add_options()("operators", po::value<std::string>()->default_value("10")->value_name("N"),
                        "rows of the tables of operators");
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table, json or csv");
  return options;
}

/// Throws unless exactly one of a file, a directory and a platform says what is to be checked.
void expect_one_source(const Arguments& arguments) {
  const bool file = !arguments.positional.empty();
  const bool directory = arguments.has("from");
  if (file && directory) {
    throw InputError(fmt::format("check: result file '{}' and --from '{}'; expected one of the two",
                                 arguments.positional.front(), arguments.text("from")));
  }
  for (const char* option : {"platform", "set", "precision", "state", "batch", "strict-precision"}) {
    const bool given = arguments.has(option) && !arguments.options[option].defaulted();
    if ((!file && !directory) || !given) continue;
    throw InputError(fmt::format("check: --{} and kept results; expected it without them, to simulate", option));
  }
  if (!file && !directory && !arguments.has("platform")) {
    throw InputError("check: nothing to check; expected a result file, --from DIR, or --platform and --model");
  }
}

workloads::Graph graph_of(const std::string& model) {
  return traces::read(traces::resolve_model(model, library_directory())).graph;
}

void fail_below_roofline(std::size_t count, const std::string& first) {
  if (count == 0) return;
  throw CheckFailed(
      fmt::format("{} below the roofline, first {}", count == 1 ? "1 run" : fmt::format("{} runs", count), first));
}

void check_one(const Arguments& arguments, std::size_t operators, Format format) {
  Estimator estimator(arguments.list("constant"));
  const auto show = [&](const results::RunResult& result, const workloads::Graph& graph) {
    const Check check = estimator.check(result, graph);
    print(render(check, operators, format));
    fail_below_roofline(check.below_roofline() ? 1 : 0, check_label(check.run));
    check_laws(result);
  };
  if (arguments.positional.empty()) {
    const Request request = load_request(arguments);
    show(simulate(request), request.trace.graph);
    return;
  }
  const results::RunResult result = results::read(arguments.positional.front());
  show(result, graph_of(arguments.has("model") ? arguments.text("model") : result.model));
}

void check_directory(const Arguments& arguments, Format format) {
  const std::optional<std::string> model =
      arguments.has("model") ? std::optional(arguments.text("model")) : std::nullopt;
  Estimator estimator(arguments.list("constant"));
  const CheckedRuns runs = check_runs(arguments.text("from"), model, estimator);
  const CheckStatistics statistics = check_statistics(runs);
  print(render(statistics, format));
  if (!runs.failed.empty()) {
    throw CheckFailed(fmt::format("{} failed, first {}: {}",
                                  plural(static_cast<std::int64_t>(runs.failed.size()), "run"),
                                  runs.failed.front().file, runs.failed.front().reason));
  }
  fail_below_roofline(statistics.below_roofline.size(),
                      statistics.below_roofline.empty() ? "" : statistics.below_roofline.front());
}

}  // namespace

void check_command(const std::vector<std::string>& args) {
  constexpr std::int64_t kMostOperators = 1'000'000;
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  const auto operators = static_cast<std::size_t>(arguments->integer("operators", 0, kMostOperators));
  expect_one_source(*arguments);
  if (arguments->has("from")) return check_directory(*arguments, format);
  check_one(*arguments, operators, format);
}

}  // namespace cyclescope::run
