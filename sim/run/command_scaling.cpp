#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <optional>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/child_pool.h"
#include "sim/run/command_scaling_plan.h"
#include "sim/run/commands.h"
#include "sim/run/coverage.h"
#include "sim/run/directories.h"
#include "sim/run/format.h"
#include "sim/run/output.h"
#include "sim/run/platforms.h"
#include "sim/run/point_directory.h"
#include "sim/run/version.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

/// What --out holds besides the points.
constexpr std::array<const char*, 3> kFiles{"scaling.json", "scaling.csv", "scaling.h5"};

Usage usage() {
  return {
      "scaling", "",
      "Does latency fall linearly with tiles (or bandwidth, or from chip to chip), and if not, what takes the loss?\n"
      "Every slot of every MAC array of every point is useful or lost to a named cause; the loss of efficiency\n"
      "against the first point that runs is split by cause exactly. Points that do not fit are listed and left out.\n"
      "\n"
      "--memory: constant keeps the platform's channels, scaled has channels in proportion to tiles, ideal answers\n"
      "at once. --bandwidth alone is the axis; beside --tiles it gives one series per bandwidth. --weak gives a point\n"
      "of N times the smallest number of tiles a batch of N.\n"
      "--out writes the result of every point, and scaling.json, scaling.csv and scaling.h5. A second call into the\n"
      "directory reuses points and replaces the tables; points that they lose are told.",
      "cyclescope scaling --platform kpu-t64 --model resnet50 --tiles 16,32,...,1024 --memory constant,scaled,ideal\n"
      "cyclescope scaling --platform kpu-t64 --model resnet50 --bandwidth 16,32,64,128 --state steady\n"
      "cyclescope scaling --platform kpu-t64 --model resnet50 --tiles 32,64 --bandwidth 32,64 --set dma.engines=4\n"
      "cyclescope scaling --platforms kpu-t64,kpu-t256,kpu-t768 --model resnet50 --out chips\n"
      "scripts/plot chips/scaling.csv --out scaling.png        # draws speed-up and losses"};
}

po::options_description declared() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("platform,p", text("NAME"), "KPU whose tiles or bandwidth change");
  options.add_options()("platforms", text("A,B[,C]"), "compare whole chips; the first is the base");
  options.add_options()("model,m", text("NAME"), "model of the library, or a trace file");
  options.add_options()("tiles", text("A,B[,C]"), "numbers of tiles, rising; 16,32,...,1024 goes on by the same ratio");
  options.add_options()("bandwidth", text("A[,B]"), "GB/s of external memory, in whole channels");
  options.add_options()("memory", text("M[,M]")->default_value("constant"), "constant, scaled, ideal");
  options.add_options()("weak", po::bool_switch(), "weak scaling: batch in proportion to tiles");
  options.add_options()("state", text("S[,S]")->default_value("steady,cold"), "initial states");
  options.add_options()("precision", text("P")->default_value("int8"), "int4, int8, bf16, fp16 or fp32");
  options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "override a setting of every point; may be repeated");
  options.add_options()("out,o", text("DIR"), "keep results there");
  options.add_options()("jobs,j", text("N"), "points simulated at once (default: the processors)");
  options.add_options()("format,f", text("F")->default_value("table"), "what to print: table, json or csv");
  return options;
}

/// Points that neither ran nor are left out for a good reason.
struct Failures {
  std::size_t points = 0;
  int exit_code = 0;  ///< of the first
  std::string first;
};

void take_outcome(const PlannedPoint& planned, const PointOutcome& outcome, ScalingHead& head,
                  results::ScalingSeries& series, Failures& failures) {
  constexpr int kNotModelled = 3;
  if (outcome.exit_code == 0) {
    const results::RunResult result = results::read(outcome.file);
    results::ScalingPoint point = results::scaling_point(result, planned.label, planned.size);
    head.model = result.model;  // by name, should a file have been given
    if (planned.size == 0) point.size = point.slots.arrays;
    const Platform platform = load_platform(planned.spec.platform, planned.spec.sets, planned.spec.options.precision);
    const machine::MeshSize mesh = platform.family->mesh_size(platform.settings);
    point.mesh_width = mesh.width;
    point.mesh_height = mesh.height;
    series.points.push_back(std::move(point));
    return;
  }
  series.left_out.push_back({planned.label, one_line(outcome.message)});
  if (outcome.exit_code == kNotModelled) return;
  if (failures.points++ == 0) {
    failures.exit_code = outcome.exit_code;
    failures.first = fmt::format("{}: {}", planned.spec.label, outcome.message);
  }
}

ScalingReport simulate(const ScalingPlan& plan, const PointOptions& options, Failures& failures) {
  std::vector<PointSpec> specs;
  for (const PlannedSeries& series : plan.series) {
    for (const PlannedPoint& point : series.points) specs.push_back(point.spec);
  }
  const std::vector<PointOutcome> outcomes = run_points(specs, options);
  ScalingReport report{plan.head, {}};
  std::size_t next = 0;
  for (const PlannedSeries& planned : plan.series) {
    results::ScalingSeries series = planned.head;
    for (const PlannedPoint& point : planned.points)
      take_outcome(point, outcomes.at(next++), report.head, series, failures);
    results::complete(series);
    if (series.platform.empty()) {  // whole chips differ in more than size
      series.knee.reset();
      series.last.reset();
    }
    report.series.push_back(std::move(series));
  }
  return report;
}

/// Throws when not a single point ran: there is nothing to show.
void require_a_point(const ScalingReport& report, const Failures& failures) {
  const auto ran = [](const results::ScalingSeries& series) { return !series.points.empty(); };
  if (std::any_of(report.series.begin(), report.series.end(), ran)) return;
  if (failures.points > 0) throw Error(failures.exit_code, "no point ran; the first: " + failures.first);
  const results::LeftOut& left = report.series.front().left_out.front();
  throw NotModelled(fmt::format("no point ran; the first, {} {}: {}", report.head.axis, left.label, left.message));
}

/// What the tables of a plan will cover; the model goes by the name in its trace.
Coverage plan_coverage(const ScalingPlan& plan) {
  ScalingReport report{plan.head, {}};
  report.head.model = traces::read(traces::resolve_model(plan.head.model, library_directory())).graph.model;
  for (const PlannedSeries& planned : plan.series) {
    results::ScalingSeries series = planned.head;
    for (const PlannedPoint& point : planned.points) series.left_out.push_back({point.label, ""});
    report.series.push_back(std::move(series));
  }
  return scaling_coverage(report);
}

/// Tells which points the tables there will lose. Throws InputError when scaling.json is no table of scaling.
void compare(const ScalingPlan& plan, const fs::path& directory) {
  const std::string path = (directory / kFiles[0]).string();
  if (!fs::exists(path)) return;
  tell_losses(directory.string(), losses(scaling_coverage(results::read_file(path), path), plan_coverage(plan)));
}

void save(const ScalingReport& report, const fs::path& directory) {
  results::write_file((directory / kFiles[0]).string(), scaling_json(report));
  results::write_file((directory / kFiles[1]).string(), scaling_csv(report));
  results::write_scaling({{"schema", "cyclescope-scaling-1"},
                          {"version", kVersion},
                          {"model", report.head.model},
                          {"precision", report.head.precision},
                          {"axis", report.head.axis}},
                         report.series, (directory / kFiles[2]).string());
}

}  // namespace

void scaling_command(const std::vector<std::string>& args) {
  constexpr std::int64_t kMostJobs = 1024;
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  if (!arguments->has("model")) {
    throw InputError("--model is missing: expected a name that cyclescope list shows, or a trace file");
  }
  PointOptions options;
  options.workers =
      arguments->has("jobs") ? static_cast<std::size_t>(arguments->integer("jobs", 1, kMostJobs)) : processors();
  const ScalingPlan plan = plan_scaling(*arguments);
  const PointDirectory directory(arguments->has("out") ? std::optional(arguments->text("out")) : std::nullopt);
  options.directory = directory.path();
  for (const char* name : kFiles) {
    if (directory.kept()) results::check_writable((fs::path(directory.path()) / name).string());
  }
  if (directory.kept()) compare(plan, directory.path());
  options.progress = isatty(STDERR_FILENO) != 0;
  Failures failures;
  const ScalingReport report = simulate(plan, options, failures);
  require_a_point(report, failures);
  print(render(report, format));
  if (directory.kept()) save(report, directory.path());
  if (failures.points > 0) {
    throw CheckFailed(fmt::format("{} failed; the first: {}",
                                  plural(static_cast<std::int64_t>(failures.points), "point"), failures.first));
  }
}

}  // namespace cyclescope::run
