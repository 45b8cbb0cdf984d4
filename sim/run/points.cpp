#include "sim/run/points.h"

#include <map>
#include <optional>

#include "sim/base/error.h"
#include "sim/run/child_pool.h"
#include "sim/run/directories.h"
#include "sim/run/points_key.h"
#include "sim/run/points_progress.h"
#include "sim/run/points_store.h"
#include "sim/run/simulate.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

/// The distinct points of a list.
struct Distinct {
  std::vector<std::string> keys;   ///< in order of first appearance
  std::vector<std::size_t> specs;  ///< key -> the first point that has it
  std::vector<std::optional<std::size_t>> of_spec;
  std::vector<PointOutcome> refused;  ///< per point: why it has no key
};

Distinct distinct(const std::vector<PointSpec>& specs) {
  Distinct found;
  found.refused.resize(specs.size());
  PointKeys keys;
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    found.of_spec.emplace_back();
    try {
      const auto [entry, added] = seen.emplace(keys.of(specs[i]), found.keys.size());
      if (added) {
        found.keys.push_back(entry->first);
        found.specs.push_back(i);
      }
      found.of_spec[i] = entry->second;
    } catch (const Error& error) {
      found.refused[i] = {error.exit_code(), error.what(), "", false};
    }
  }
  return found;
}

/// The command line of `run` for a point, for its log.
std::vector<std::string> command_line(const PointSpec& spec) {
  std::vector<std::string> words{"--platform",  spec.platform,
                                 "--model",     spec.model,
                                 "--precision", name(spec.options.precision),
                                 "--state",     spec.options.initial_state,
                                 "--batch",     std::to_string(spec.options.batch)};
  if (spec.options.strict_precision) words.emplace_back("--strict-precision");
  for (const std::string& set : spec.sets) {
    words.emplace_back("--set");
    words.push_back("'" + set + "'");
  }
  return words;
}

/// In the child. A failure of the simulation is recorded; one of the program, or of reading and writing files, is not.
void do_point(const PointStore& store, const std::string& key, const PointSpec& spec) {
  const RunLog log(command_line(spec));
  const Request request{load_platform(spec.platform, spec.sets, spec.options.precision, spec.typed),
                        traces::read(traces::resolve_model(spec.model, library_directory())), spec.options};
  results::RunResult result;
  try {
    result = simulate(request);
    check_laws(result);
  } catch (const InternalError&) {
    throw;
  } catch (const Error& error) {
    store.record(key, error);
    throw;
  }
  save(result, log, store.result_path(key));
}

/// From outcomes of distinct points to those of all.
std::vector<PointOutcome> spread(Distinct found, const std::vector<PointOutcome>& outcomes) {
  std::vector<PointOutcome> all = std::move(found.refused);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (found.of_spec[i]) all[i] = outcomes[*found.of_spec[i]];
  }
  return all;
}

}  // namespace

std::vector<PointOutcome> run_points(const std::vector<PointSpec>& specs, const PointOptions& options) {
  PointStore store(options.directory);
  store.open();
  Distinct found = distinct(specs);
  std::vector<PointOutcome> outcomes(found.keys.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < found.keys.size(); ++i) {
    if (const auto there = store.find(found.keys[i])) {
      outcomes[i] = *there;
    } else {
      missing.push_back(i);
    }
  }
  Progress progress(found.keys.size(), found.keys.size() - missing.size(), options.progress);
  const std::vector<ChildOutcome> ended = run_children(
      missing.size(), options.workers == 0 ? processors() : options.workers,
      [&](std::size_t item) {
        const std::size_t point = missing[item];
        do_point(store, found.keys[point], specs[found.specs[point]]);
        return std::string();
      },
      [&](std::size_t done) { progress.update(done); });
  for (std::size_t item = 0; item < missing.size(); ++item) {
    const std::string& key = found.keys[missing[item]];
    const std::string file = ended[item].ok() ? store.result_path(key) : "";
    outcomes[missing[item]] = {ended[item].exit_code, ended[item].bytes, file, false};
  }
  return spread(std::move(found), outcomes);
}

std::vector<PointOutcome> read_points(const std::vector<PointSpec>& specs, const std::string& directory) {
  const PointStore store(directory);
  Distinct found = distinct(specs);
  std::vector<PointOutcome> outcomes;
  for (const std::string& key : found.keys) {
    outcomes.push_back(store.find(key).value_or(PointOutcome{-1, "no result yet", "", false}));
  }
  return spread(std::move(found), outcomes);
}

}  // namespace cyclescope::run
