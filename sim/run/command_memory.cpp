#include <fmt/format.h>
#include <unistd.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <cstring>
#include <optional>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/child_pool.h"
#include "sim/run/command_memory_load.h"
#include "sim/run/command_memory_views.h"
#include "sim/run/commands.h"
#include "sim/run/options.h"
#include "sim/run/output.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

/// A point still to be measured.
struct Task {
  const MemoryPart* part = nullptr;
  memory::Workload workload;
  std::string load;  ///< as the user wrote it, empty when saturated
};

std::string pattern_help() {
  std::string text = "Patterns\n";
  for (const memory::PatternInfo& info : memory::patterns()) {
    text += fmt::format("  {:<10} {}\n", info.name, info.description);
  }
  return text;
}

Usage usage() {
  return {"memory", "",
          "Loads a memory with one pattern of traffic after the other. Prints for each what it attained, the latency\n"
          "of its requests, and where the time of the data buses, the latency and the energy went; shares add up.\n"
          "\n" +
              pattern_help() +
              "\n"
              "Without --load, as many requests are under way as --outstanding says (saturated). With it, requests\n"
              "fall due at even spacing and wait for nothing but a free one of these. Latency lasts from the issue of\n"
              "a request to its last reply, controller both ways included; percentiles are exact. Row hits are\n"
              "1 - activates / bursts. There is no warm-up. --curve repeats each pattern at rising loads.\n"
              "README.md describes the fields of JSON and CSV.",
          "cyclescope memory --list\n"
          "cyclescope memory --memory hbm3_3200\n"
          "cyclescope memory --memory lpddr5x_8000 --memory ddr4_3200 --set dram.channels=4 --pattern read,random64\n"
          "cyclescope memory --memory hbm3_3200 --pattern mix --read-share 67 --load 0.5 --format json\n"
          "cyclescope memory --memory hbm3_3200 --pattern random32 --curve --out hbm3.csv\n"
          "scripts/plot hbm3.csv --out hbm3.png        # draws that latency-load curve"};
}

po::options_description declared() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<std::vector<std::string>>()->composing()->value_name(name);
  };
  options.add_options()("list", po::bool_switch(), "list the memories and leave");
  options.add_options()("memory,m", texts("NAME"), "memory, as listed, or an INI file; may be repeated");
  options.add_options()("set", texts("KEY=VALUE"), "override a setting of the memories; may be repeated");
  options.add_options()("pattern", text("A[,B]"), "patterns (default: all)");
  options.add_options()("load", text("LOAD"), "offered load: 0.5 (share of the peak) or 8GB/s (default: saturated)");
  options.add_options()("curve", po::bool_switch(), "a latency-load curve: loads from 0.05 to 1 in steps of 0.05");
  options.add_options()("loads", text("A[,B]"), "the curve at these loads");
  options.add_options()("read-share", text("PERCENT")->default_value("50"), "reads of pattern mix");
  options.add_options()("stride", text("BYTES"), "of pattern strided (default 4096)");
  options.add_options()("requests", text("N"), "requests of one point (default: 400,000 bursts or more)");
  options.add_options()("request-bytes", text("BYTES"),
                        "request of read, write, mix and strided (default: the interleave granule)");
  options.add_options()("outstanding", text("N"),
                        "requests under way at most (default: 128 bursts per data bus; pingpong: 16)");
  options.add_options()("seed", text("N")->default_value("1"), "of random addresses");
  options.add_options()("format,f", text("F"), "table, json or csv (default: table; of a curve csv)");
  options.add_options()("out,o", text("FILE"), "write there instead of to standard output");
  options.add_options()("jobs,j", text("N"), "points simulated at once (default: the processors)");
  return options;
}

std::vector<MemoryPart> load_parts(const Arguments& arguments) {
  const std::vector<std::string> names = arguments.list("memory");
  if (names.empty()) {
    throw InputError("--memory is missing: expected a name that cyclescope memory --list shows, or an INI file");
  }
  std::vector<MemoryPart> parts;
  for (const std::string& name : names) parts.push_back(load_memory(name, arguments.list("set")));
  return parts;
}

/// What all points have in common.
memory::Workload common_workload(const Arguments& arguments) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  const auto number = [&](const char* option, std::int64_t minimum, std::int64_t maximum) {
    return arguments.has(option) ? arguments.integer(option, minimum, maximum) : 0;
  };
  memory::Workload workload;
  workload.requests = number("requests", 1, kMost);
  workload.request_bytes = number("request-bytes", 1, kMost);
  workload.stride = number("stride", 1, kMost);
  workload.outstanding = number("outstanding", 1, kMost);
  workload.read_percent = number("read-share", 0, 100);
  workload.seed = static_cast<std::uint64_t>(number("seed", 0, kMost));
  return workload;
}

std::vector<memory::Pattern> patterns_of(const Arguments& arguments) {
  std::vector<memory::Pattern> found;
  if (arguments.has("pattern")) {
    for (const std::string& field : fields("pattern", arguments.text("pattern"))) {
      found.push_back(memory::parse_pattern(field));
    }
    return found;
  }
  for (std::size_t i = 0; i < memory::patterns().size(); ++i) found.push_back(static_cast<memory::Pattern>(i));
  return found;
}

bool is_curve(const Arguments& arguments) { return arguments.options["curve"].as<bool>() || arguments.has("loads"); }

/// As written; an empty one stands for saturated.
std::vector<std::string> loads_of(const Arguments& arguments) {
  if (!is_curve(arguments)) return {arguments.has("load") ? arguments.text("load") : std::string()};
  if (arguments.has("load")) throw InputError("--load is that of a single point: expected --loads for a curve");
  if (arguments.has("loads")) return fields("loads", arguments.text("loads"));
  constexpr int kSteps = 20;
  std::vector<std::string> loads;
  for (int step = 1; step <= kSteps; ++step) loads.push_back(fmt::format("{:.2f}", step / double{kSteps}));
  return loads;
}

/// All points in the order in which they are shown; complete, so that what cannot be measured is found before.
std::vector<Task> plan(const Arguments& arguments, const std::vector<MemoryPart>& parts) {
  const memory::Workload common = common_workload(arguments);
  const std::vector<memory::Pattern> patterns = patterns_of(arguments);
  const std::vector<std::string> loads = loads_of(arguments);
  const std::string load_option = arguments.has("loads") ? "loads" : "load";
  std::vector<Task> tasks;
  for (const MemoryPart& part : parts) {
    for (const memory::Pattern pattern : patterns) {
      for (const std::string& load : loads) {
        Task task{&part, common, load};
        task.workload.pattern = pattern;
        const bool saturated = load.empty() && !arguments.has("load");
        if (!saturated) {
          task.workload.bytes_per_second = parse_load(load_option, load, part.config.peak_bytes_per_second());
        }
        task.workload = memory::complete(task.workload, part.config);
        tasks.push_back(std::move(task));
      }
    }
  }
  return tasks;
}

std::string bytes_of(const memory::Measurement& result) {
  std::string bytes(sizeof result, '\0');
  std::memcpy(bytes.data(), &result, sizeof result);
  return bytes;
}

memory::Measurement measurement_from(const std::string& bytes) {
  memory::Measurement result;
  if (bytes.size() != sizeof result) throw InternalError("a child process ended without its result");
  std::memcpy(&result, bytes.data(), sizeof result);
  return result;
}

[[noreturn]] void fail(const Task& task, const ChildOutcome& outcome) {
  const std::string message =
      fmt::format("memory {}, pattern {}, {}: {}", task.part->name, memory::name(task.workload.pattern),
                  task.load.empty() ? "saturated" : "load " + task.load, outcome.bytes);
  if (outcome.exit_code == 1) throw InternalError(message);
  throw Error(outcome.exit_code, message);
}

std::vector<MemoryPoint> measure(const std::vector<Task>& tasks, std::size_t jobs) {
  const bool show = tasks.size() > 1 && isatty(STDERR_FILENO) != 0;
  const auto progress = [&](std::size_t done) {
    if (show) fmt::print(stderr, "\r{} of {} points{}", done, tasks.size(), done == tasks.size() ? "\r\033[K" : "");
  };
  const std::vector<ChildOutcome> outcomes = run_children(
      tasks.size(), jobs,
      [&](std::size_t i) { return bytes_of(memory::characterise(tasks[i].part->settings, tasks[i].workload)); },
      progress);
  std::vector<MemoryPoint> points;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!outcomes[i].ok()) fail(tasks[i], outcomes[i]);
    points.push_back({tasks[i].part, measurement_from(outcomes[i].bytes)});
  }
  return points;
}

}  // namespace

void memory_command(const std::vector<std::string>& args) {
  constexpr std::int64_t kMostJobs = 1024;
  const auto arguments = parse(usage(), declared(), args);
  if (!arguments) return;
  if (arguments->options["list"].as<bool>()) return print(list_memories());
  const Format format = parse_format(arguments->has("format") ? arguments->text("format")
                                     : is_curve(*arguments)   ? "csv"
                                                              : "table");
  const std::size_t jobs =
      arguments->has("jobs") ? static_cast<std::size_t>(arguments->integer("jobs", 1, kMostJobs)) : processors();
  if (arguments->has("out")) results::check_writable(arguments->text("out"));
  const std::vector<MemoryPart> parts = load_parts(*arguments);
  const std::string text = render(measure(plan(*arguments, parts), jobs), format);
  if (!arguments->has("out")) return print(text);
  results::write_file(arguments->text("out"), text);
}

}  // namespace cyclescope::run
