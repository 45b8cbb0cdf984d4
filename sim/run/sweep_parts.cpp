#include "sim/run/sweep_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/directories.h"
#include "sim/run/output.h"
#include "sim/run/points_key.h"
#include "sim/run/sweep_slurm.h"
#include "sim/run/sweep_summary.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

std::string spec_path(const std::string& directory) { return (fs::path(directory) / "spec.json").string(); }

std::vector<std::string> keys_of(const std::vector<PointSpec>& points) {
  PointKeys keys;
  std::vector<std::string> found;
  for (const PointSpec& point : points) {
    try {
      found.push_back(keys.of(point));
    } catch (const InputError& error) {
      throw InputError(fmt::format("point '{}': {}", point.label, error.what()));
    }
  }
  return found;
}

/// A damaged trace is better told before the sweep than by each of its points.
void check_traces(const SweepSpec& spec) {
  for (const std::string& model : spec.models) {
    static_cast<void>(traces::read(traces::resolve_model(model, library_directory())));
  }
}

/// `I/N` with 0 <= I < N.
std::pair<std::size_t, std::size_t> parse_share(const std::string& text) {
  const char* const end = text.data() + text.size();
  std::size_t index = 0;
  std::size_t shares = 0;
  const auto [slash, index_error] = std::from_chars(text.data(), end, index);
  if (index_error == std::errc() && slash != end && *slash == '/') {
    const auto [rest, error] = std::from_chars(slash + 1, end, shares);
    if (error == std::errc() && rest == end && index < shares) return {index, shares};
  }
  throw InputError(fmt::format("share '{}': expected I/N with I from 0 to N - 1, e.g. 0/4", text));
}

/// Positions of the first point of each key.
std::vector<std::size_t> distinct_points(const Sweep& sweep) {
  std::set<std::string> seen;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < sweep.keys.size(); ++i) {
    if (seen.insert(sweep.keys[i]).second) found.push_back(i);
  }
  return found;
}

}  // namespace

Sweep begin_sweep(const SweepSpec& spec, const std::string& directory) {
  Sweep sweep{directory, spec, expand(spec), {}};
  const std::string path = spec_path(directory);
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (there) {
    const std::string differs = difference(spec_from_json(results::read_file(path), path), spec);
    if (!differs.empty()) {
      throw InputError(fmt::format("{}: another sweep: {}; expected the same, or another directory", path, differs));
    }
  }
  sweep.keys = keys_of(sweep.points);
  check_traces(spec);
  fs::create_directories(directory, error);
  if (!fs::is_directory(directory)) {
    throw InputError(fmt::format("cannot make directory '{}': {}; expected a place to write to", directory,
                                 error ? error.message() : "it is a file"));
  }
  if (!there) results::write_file(path, spec_to_json(spec));
  return sweep;
}

Sweep load_sweep(const std::string& directory) {
  const std::string path = spec_path(directory);
  Sweep sweep{directory, spec_from_json(results::read_file(path), path), {}, {}};
  sweep.points = expand(sweep.spec);
  sweep.keys = keys_of(sweep.points);
  return sweep;
}

void finish(const Sweep& sweep, const std::vector<PointOutcome>& outcomes, Format format) {
  const SweepSummary summary(sweep.spec, sweep.points, outcomes);
  results::write_file((fs::path(sweep.directory) / "sweep.json").string(), summary.to_json());
  results::write_file((fs::path(sweep.directory) / "sweep.csv").string(), summary.to_csv());
  print(summary.render(format));
  const std::string failures = summary.failures();
  if (!failures.empty()) throw CheckFailed(failures);
}

void merge(const Sweep& sweep, Format format) {
  constexpr std::size_t kNamed = 10;
  const std::vector<PointOutcome> outcomes = read_points(sweep.points, sweep.directory);
  std::size_t missing = 0;
  std::string names;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].exit_code >= 0) continue;
    if (missing++ < kNamed) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", sweep.points[i].label);
  }
  if (missing > kNamed) names += fmt::format(" and {} more", missing - kNamed);
  if (missing > 0) {
    throw CheckFailed(fmt::format("{}: {} of {} points are missing: {}; run the sweep again to add them",
                                  sweep.directory, missing, outcomes.size(), names));
  }
  finish(sweep, outcomes, format);
}

void work(const Sweep& sweep, const std::string& share_text, std::size_t jobs) {
  const auto [index, shares] = parse_share(share_text);
  std::vector<PointSpec> mine;
  for (const std::size_t i : share(distinct_points(sweep), index, shares)) mine.push_back(sweep.points[i]);
  static_cast<void>(run_points(mine, {sweep.directory, jobs, true}));
  const std::vector<PointOutcome> left = read_points(mine, sweep.directory);
  const auto missing = std::find_if(left.begin(), left.end(), [](const auto& point) { return point.exit_code < 0; });
  if (missing == left.end()) return;
  throw CheckFailed(
      fmt::format("point '{}' failed without a result", mine[static_cast<std::size_t>(missing - left.begin())].label));
}

}  // namespace cyclescope::run
