#include <fmt/format.h>

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/commands.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/point_directory.h"
#include "sim/run/validate.h"
#include "sim/run/validate_views.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr std::int64_t kMostJobs = 4096;
/// What --out holds besides the points.
constexpr std::array<const char*, 2> kFiles{"validate.json", "validate.csv"};

Usage usage() {
  return {
      "validate", "",
      "Simulates what was measured on silicon (configs/measured) and prints signed residuals: per row with the\n"
      "mechanism suspected, and as a distribution over the rows that count. Rows that cannot be run, or wait for a\n"
      "platform, are listed with the reason and are no failure. Exits 4 when a row failed.",
      "cyclescope validate --platform hailo-8\n"
      "cyclescope validate --platform hailo-8 --model resnet50_v1 --format csv\n"
      "cyclescope validate --platform hailo-8 --out silicon --jobs 2"};
}

po::options_description declared() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("platform,p", text("NAME"), "platform whose measurements are simulated");
  options.add_options()("model,m", text("NAME"), "only this network, by its measured name or its trace");
  options.add_options()("out,o", text("DIR"), "keep results and tables there");
  options.add_options()("jobs,j", text("N"), "points at once (default: the processors)");
  options.add_options()("format,f", text("F")->default_value("table"), "what to print: table, json or csv");
  return options;
}

}  // namespace

void validate_command(const std::vector<std::string>& args) {
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  if (!arguments->has("platform")) throw InputError("--platform is missing: expected the name of a platform");
  PointOptions options;
  if (arguments->has("jobs")) options.workers = static_cast<std::size_t>(arguments->integer("jobs", 1, kMostJobs));
  const ValidationPlan plan =
      plan_validation(arguments->text("platform"), arguments->has("model") ? arguments->text("model") : "");
  const PointDirectory directory(arguments->has("out") ? std::optional(arguments->text("out")) : std::nullopt);
  options.directory = directory.path();
  const fs::path out = directory.path();
  if (directory.kept()) {
    for (const char* name : kFiles) results::check_writable((out / name).string());
  }
  std::vector<PointSpec> points;
  for (const PlannedValidation& row : plan.rows) {
    if (row.point) points.push_back(*row.point);
  }
  options.progress = !points.empty();
  const Validation validation = finish_validation(plan, run_points(points, options));
  if (directory.kept()) {
    results::write_file((out / kFiles[0]).string(), validation_json(validation));
    results::write_file((out / kFiles[1]).string(), validation_csv(validation));
  }
  print(render(validation, format));
  const std::string failures = validation_failures(validation);
  if (!failures.empty()) throw CheckFailed(failures);
}

}  // namespace cyclescope::run
