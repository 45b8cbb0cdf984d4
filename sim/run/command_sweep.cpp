#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/child_pool.h"
#include "sim/run/commands.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/sweep_parts.h"
#include "sim/run/sweep_slurm.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostJobs = 4096;
constexpr std::int64_t kMostTasks = 100'000;

Usage usage() {
  return {"sweep", "",
          "Simulates the cross product of lists: every platform with every model, precision, state, batch and every\n"
          "value of every --axis. Lists are separated by commas, and options may be repeated.\n"
          "\n"
          "DIR/points/ holds a result per point, DIR/sweep.csv and DIR/sweep.json a row per point. Run again, it\n"
          "repeats only what is missing: a killed sweep resumes. A point that is not modelled is listed with the\n"
          "reason and is no failure.\n"
          "\n"
          "With --launcher slurm the points run as a Slurm job array. --no-submit only writes DIR/slurm.sh; once\n"
          "its tasks have ended, `cyclescope sweep merge DIR` builds the tables.",
          "cyclescope sweep --platform kpu-t64 --model resnet50 --axis \"mesh.flit=16 B,32 B\" --state steady,cold "
          "--out flits\n"
          "cyclescope sweep --spec flits/spec.json --out again --jobs 8 --format csv\n"
          "cyclescope sweep --spec flits/spec.json --out cluster --launcher slurm --tasks 32 "
          "--slurm-option=--partition=long\n"
          "cyclescope sweep merge cluster"};
}

po::options_description declared() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<std::vector<std::string>>()->composing()->value_name(name);
  };
  options.add_options()("platform,p", texts("A[,B]"), "platforms: names of cyclescope list, or INI files");
  options.add_options()("model,m", texts("A[,B]"), "models: names of the library, or trace files");
  options.add_options()("precision", texts("A[,B]"), "precisions (default: int8)");
  options.add_options()("state", texts("A[,B]"), "initial states: steady, cold (default: steady)");
  options.add_options()("batch", texts("A[,B]"), "frames of one inference (default: 1)");
  options.add_options()("axis", texts("KEY=A[,B]"), "a setting and the values it takes in turn; may be repeated");
  options.add_options()("set", texts("KEY=VALUE"), "override a setting of all points; may be repeated");
  options.add_options()("strict-precision", po::bool_switch(),
                        "refuse operators that do not run natively at the precision");
  options.add_options()("spec", text("FILE"), "all of the above from a JSON file, as DIR/spec.json");
  options.add_options()("out,o", text("DIR"), "directory of the sweep");
  options.add_options()("jobs,j", text("N"), "points at once (default: the processors; of a Slurm task: 1)");
  options.add_options()("format,f", text("F")->default_value("table"), "what to print: table, json or csv");
  options.add_options()("launcher", text("L")->default_value("local"), "local or slurm");
  options.add_options()("tasks", text("N"), "tasks of the Slurm job array (default: one per point, at most 64)");
  options.add_options()("slurm-option", texts("OPTION"), "option of sbatch; may be repeated");
  options.add_options()("no-submit", po::bool_switch(), "with --launcher slurm: write DIR/slurm.sh and leave");
  return options;
}

std::vector<std::string> all_of(const Arguments& arguments, const std::string& option,
                                std::vector<std::string> otherwise) {
  if (!arguments.has(option)) return otherwise;
  std::vector<std::string> found;
  for (const std::string& text : arguments.list(option)) {
    for (std::string& field : comma_list("--" + option, text)) found.push_back(std::move(field));
  }
  return found;
}

std::int64_t batch_of(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  throw InputError(fmt::format("--batch '{}': expected an integer", text));
}

SweepSpec spec_of(const Arguments& arguments) {
  if (arguments.has("spec")) {
    for (const char* option : {"platform", "model", "precision", "state", "batch", "axis", "set"}) {
      if (arguments.has(option)) {
        throw InputError(fmt::format("sweep: --spec and --{} exclude each other; expected one of them", option));
      }
    }
    const std::string& path = arguments.text("spec");
    SweepSpec spec = spec_from_json(results::read_file(path), path);
    if (arguments.options["strict-precision"].as<bool>()) spec.strict_precision = true;
    return spec;
  }
  SweepSpec spec;
  spec.platforms = all_of(arguments, "platform", {});
  spec.models = all_of(arguments, "model", {});
  spec.precisions = precisions_of(all_of(arguments, "precision", names_of(spec.precisions)));
  spec.states = all_of(arguments, "state", spec.states);
  if (arguments.has("batch")) spec.batches.clear();
  for (const std::string& text : all_of(arguments, "batch", {})) spec.batches.push_back(batch_of(text));
  spec.strict_precision = arguments.options["strict-precision"].as<bool>();
  spec.sets = arguments.list("set");
  for (const std::string& axis : arguments.list("axis")) spec.axes.push_back(parse_axis(axis));
  if (spec.platforms.empty()) throw InputError("sweep: --platform is missing: expected names, or --spec FILE");
  if (spec.models.empty()) throw InputError("sweep: --model is missing: expected names, or --spec FILE");
  check(spec);
  return spec;
}

std::size_t jobs_of(const Arguments& arguments, std::size_t otherwise) {
  return arguments.has("jobs") ? static_cast<std::size_t>(arguments.integer("jobs", 1, kMostJobs)) : otherwise;
}

void launch_slurm(const Arguments& arguments, const Sweep& sweep, Format format) {
  constexpr std::size_t kTasks = 64;
  SlurmOptions options;
  options.tasks = arguments.has("tasks") ? static_cast<std::size_t>(arguments.integer("tasks", 1, kMostTasks))
                                         : std::min(sweep.points.size(), kTasks);
  options.jobs = jobs_of(arguments, 1);
  options.options = arguments.list("slurm-option");
  const std::string script = sweep.directory + "/slurm.sh";
  results::write_file(script, slurm_script(sweep.directory, options));
  if (arguments.options["no-submit"].as<bool>()) {
    return print(fmt::format("submit with:  sbatch --wait {0}/slurm.sh\nthen:         cyclescope sweep merge {0}\n",
                             sweep.directory));
  }
  submit_and_wait(script);
  merge(sweep, format);
}

void launch(const std::vector<std::string>& args) {
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  const std::string& launcher = arguments->text("launcher");
  if (launcher != "local" && launcher != "slurm") {
    throw InputError(fmt::format("--launcher '{}': expected local or slurm", launcher));
  }
  for (const char* option : {"tasks", "slurm-option"}) {
    if (launcher == "local" && arguments->has(option)) {
      throw InputError(fmt::format("sweep: --{} is for --launcher slurm; expected both", option));
    }
  }
  if (launcher == "local" && arguments->options["no-submit"].as<bool>()) {
    throw InputError("sweep: --no-submit is for --launcher slurm; expected both");
  }
  const std::size_t jobs = jobs_of(*arguments, 0);
  const SweepSpec spec = spec_of(*arguments);
  if (!arguments->has("out")) throw InputError("sweep: --out is missing: expected a directory");
  const Sweep sweep = begin_sweep(spec, arguments->text("out"));
  if (launcher == "slurm") return launch_slurm(*arguments, sweep, format);
  finish(sweep, run_points(sweep.points, {sweep.directory, jobs, true}), format);
}

void merge_action(const std::vector<std::string>& args) {
  po::options_description options;
  options.add_options()("format,f", po::value<std::string>()->default_value("table")->value_name("F"),
                        "what to print: table, json or csv");
  const auto arguments =
      parse({"sweep merge", "DIR", "Builds the tables of a sweep whose points ran elsewhere; names what is missing.",
             "cyclescope sweep merge cluster", 1, 1},
            options, args);
  if (!arguments) return;
  const Format format = parse_format(arguments->text("format"));
  merge(load_sweep(arguments->positional.front()), format);
}

void worker_action(const std::vector<std::string>& args) {
  po::options_description options;
  options.add_options()("jobs,j", po::value<std::string>()->value_name("N"), "points at once (default: 1)");
  const auto arguments =
      parse({"sweep worker", "DIR I/N",
             "Simulates share I (from 0) of N of the points of DIR/spec.json; DIR/slurm.sh calls it.",
             "cyclescope sweep worker cluster 0/4", 2, 2},
            options, args);
  if (!arguments) return;
  work(load_sweep(arguments->positional[0]), arguments->positional[1], jobs_of(*arguments, 1));
}

}  // namespace

void sweep_command(const std::vector<std::string>& args) {
  const std::vector<std::string> rest(args.begin() + (args.empty() ? 0 : 1), args.end());
  if (!args.empty() && args.front() == "merge") return merge_action(rest);
  if (!args.empty() && args.front() == "worker") return worker_action(rest);
  launch(args);
}

}  // namespace cyclescope::run
