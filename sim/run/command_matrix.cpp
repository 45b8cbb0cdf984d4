#include <fmt/format.h>

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/commands.h"
#include "sim/run/coverage.h"
#include "sim/run/format.h"
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
/// What --out holds besides the points.
constexpr std::array<const char*, 4> kFiles{"matrix.json", "matrix.csv", "matrix.md", "matrix.h5"};

Usage usage() {
  return {
      "matrix", "",
      "Simulates the analyses that the public estimator of November 2025 made: its platforms, models and precisions.\n"
      "A row ends in a result beside the estimate, or in the reason why there is none; a row whose machine is not\n"
      "modelled yet waits, which is no failure. Exits 4 when a row failed.\n"
      "\n"
      "DIR/points/ holds a result per row, DIR/matrix.csv, .json and .h5 a line per row, DIR/matrix.md the report.\n"
      "Run again, it repeats only what is missing; the tables cover the rows asked for last, and rows that they lose\n"
      "are told. Points at FP32 take minutes and gigabytes: see --jobs.",
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

/// Makes the directory and sees that the tables can be written when all is simulated. Throws InputError.
void prepare(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!fs::is_directory(directory)) {
    throw InputError(fmt::format("--out '{}': cannot create it; expected a directory", directory.string()));
  }
  for (const char* name : kFiles) results::check_writable((directory / name).string());
}

Coverage coverage(Femtoseconds target, const std::vector<results::MatrixRow>& rows) {
  Coverage covered{{{"target", duration(target)}}, {}};
  for (const results::MatrixRow& row : rows) covered.rows.push_back(row_label(row));
  return covered;
}

/// Tells which rows the tables there will lose. Throws InputError when matrix.json is no table of a matrix.
void compare(const MatrixPlan& plan, const fs::path& directory) {
  const std::string path = (directory / kFiles[0]).string();
  if (!fs::exists(path)) return;
  const results::Matrix there = matrix_from_json(results::read_file(path), path);
  std::vector<results::MatrixRow> rows;
  for (const PlannedRow& row : plan.rows) rows.push_back(row.row);
  tell_losses(directory.string(), losses(coverage(there.target, there.rows), coverage(plan.head.target, rows)));
}

void save(const results::Matrix& matrix, const fs::path& directory) {
  results::write_file((directory / kFiles[0]).string(), matrix_json(matrix));
  results::write_file((directory / kFiles[1]).string(), matrix_csv(matrix));
  results::write_file((directory / kFiles[2]).string(), matrix_report(matrix));
  results::write_matrix(matrix, (directory / kFiles[3]).string());
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
  prepare(options.directory);
  compare(plan, options.directory);
  const results::Matrix matrix = finish_matrix(plan, run_points(points, options));
  save(matrix, options.directory);
  print(render(matrix, format));
  const std::string failures = matrix_failures(matrix);
  if (!failures.empty()) throw CheckFailed(failures);
}

}  // namespace cyclescope::run
