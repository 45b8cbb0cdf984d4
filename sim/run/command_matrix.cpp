#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/commands.h"
#include "sim/run/matrix_plan.h"
#include "sim/run/matrix_report.h"
#include "sim/run/matrix_views.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/sweep_spec.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr std::int64_t kMostJobs = 4096;

Usage usage() {
  return {
      "matrix", "",
      "Simulates the analyses that the public estimator of November 2025 made: its platforms, models and precisions.\n"
      "A row ends in a result beside the estimate, or in the reason why there is none; a row whose machine is not\n"
      "modelled yet waits, which is no failure. Exits 4 when a row failed.\n"
      "\n"
      "DIR/points/ holds a result per row, DIR/matrix.csv, .json and .h5 a line per row, DIR/matrix.md the report.\n"
      "Run again, it repeats only what is missing. Points at FP32 take minutes and gigabytes: see --jobs.",
      "cyclescope matrix --out all\n"
      "cyclescope matrix --platforms kpu-t64,kpu-t256 --precisions int8 --state steady,cold --out small\n"
      "cyclescope matrix --models resnet50 --target \"30 fps\" --out camera --format csv"};
}

po::options_description declared() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("platforms,p", text("A[,B]"), "only these platforms");
  options.add_options()("models,m", text("A[,B]"), "only these models");
  options.add_options()("precisions", text("A[,B]"), "only these precisions");
  options.add_options()("state", text("S[,S]")->default_value("steady"), "initial states: steady, cold");
  options.add_options()("target", text("T")->default_value("10 ms"), "what a frame may take: a time, or frames/s");
  options.add_options()("out,o", text("DIR"), "directory of the matrix");
  options.add_options()("jobs,j", text("N"), "points at once (default: the processors)");
  options.add_options()("format,f", text("F")->default_value("table"), "what to print: table, json or csv");
  return options;
}

std::vector<std::string> list_of(const Arguments& arguments, const std::string& option) {
  return arguments.has(option) ? comma_list("--" + option, arguments.text(option)) : std::vector<std::string>{};
}

void write_file(const fs::path& path, const std::string& bytes) {
  results::AtomicFile file(path.string());
  file.write(bytes);
  file.commit();
}

void save(const results::Matrix& matrix, const fs::path& directory) {
  write_file(directory / "matrix.json", matrix_json(matrix));
  write_file(directory / "matrix.csv", matrix_csv(matrix));
  write_file(directory / "matrix.md", matrix_report(matrix));
  results::write_matrix(matrix, (directory / "matrix.h5").string());
}

}  // namespace

void matrix_command(const std::vector<std::string>& args) {
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  MatrixRequest request;
  request.platforms = list_of(*arguments, "platforms");
  request.models = list_of(*arguments, "models");
  request.precisions = precisions_of(list_of(*arguments, "precisions"));
  request.states = list_of(*arguments, "state");
  request.target = parse_target(arguments->text("target"));
  PointOptions options;
  if (arguments->has("jobs")) options.workers = static_cast<std::size_t>(arguments->integer("jobs", 1, kMostJobs));
  if (!arguments->has("out")) throw InputError("matrix: --out is missing: expected a directory");
  options.directory = arguments->text("out");
  const MatrixPlan plan = plan_matrix(request);
  std::vector<PointSpec> points;
  for (const PlannedRow& row : plan.rows) {
    if (row.point) points.push_back(*row.point);
  }
  const results::Matrix matrix = finish_matrix(plan, run_points(points, options));
  save(matrix, options.directory);
  print(render(matrix, format));
  const std::string failures = matrix_failures(matrix);
  if (!failures.empty()) throw CheckFailed(failures);
}

}  // namespace cyclescope::run
