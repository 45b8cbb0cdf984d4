// Which results a directory holds, and what each is checked against.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/check_many.h"
#include "sim/run/check_views.h"
#include "sim/run/directories.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Every `"file": "....h5"` of a table.
void collect(const Json& json, std::set<std::string>& files) {
  if (json.is_object() && json.contains("file") && json["file"].is_string()) {
    files.insert(json["file"].get<std::string>());
  }
  for (const Json& inner : json) {
    if (inner.is_structured()) collect(inner, files);
  }
}

std::set<std::string> listed(const std::string& directory) {
  std::set<std::string> files;
  for (const char* table : {"matrix.json", "sweep.json"}) {
    const fs::path path = fs::path(directory) / table;
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    try {
      collect(Json::parse(results::read_file(path.string())), files);
    } catch (const Json::exception& fault) {
      throw InputError(fmt::format("{}: {}; expected the table that the command wrote", path.string(), fault.what()));
    }
    break;
  }
  return files;
}

std::set<std::string> found(const std::string& directory) {
  std::set<std::string> files;
  for (const char* folder : {"points", "."}) {
    std::error_code error;
    for (fs::directory_iterator entry(fs::path(directory) / folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const fs::path name = entry->path().filename();
      if (name.extension() == ".h5" && name.string().front() != '.') {
        files.insert(std::string(folder) == "." ? name.string() : (fs::path(folder) / name).string());
      }
    }
    if (!files.empty()) break;
  }
  return files;
}

/// Traces by the name of the model, each read once.
class Traces {
 public:
  explicit Traces(const std::optional<std::string>& model) {
    if (!model) return;
    workloads::Graph graph = traces::read(traces::resolve_model(*model, library_directory())).graph;
    graphs_.emplace(graph.model, std::move(graph));
  }

  const workloads::Graph& of(const std::string& model) {
    const auto known = graphs_.find(model);
    if (known != graphs_.end()) return known->second;
    return graphs_.emplace(model, traces::read(traces::resolve_model(model, library_directory())).graph).first->second;
  }

 private:
  std::map<std::string, workloads::Graph> graphs_;
};

struct Labelled {
  std::string label;
  std::string file;
  Check check;
};

}  // namespace

CheckedRuns check_runs(const std::string& directory, const std::optional<std::string>& model, Estimator& estimator) {
  if (!fs::is_directory(directory)) {
    throw InputError(fmt::format("--from '{}': no such directory; expected one that holds results", directory));
  }
  std::set<std::string> files = listed(directory);
  if (files.empty()) files = found(directory);
  if (files.empty()) {
    throw InputError(
        fmt::format("--from '{}': no results there; expected points/*.h5, as sweep --out keeps them", directory));
  }
  Traces traces(model);
  CheckedRuns runs;
  std::vector<Labelled> labelled;
  for (const std::string& file : files) {
    try {
      const results::RunResult result = results::read((fs::path(directory) / file).string());
      Check check = estimator.check(result, traces.of(result.model));
      std::string label = check_label(check.run);
      labelled.push_back({std::move(label), file, std::move(check)});
    } catch (const InputError& error) {
      runs.left_out.push_back({file, error.what()});
    }
  }
  std::stable_sort(labelled.begin(), labelled.end(),
                   [](const Labelled& a, const Labelled& b) { return a.label < b.label; });
  for (std::size_t i = 0; i < labelled.size(); ++i) {
    if (i > 0 && labelled[i].label == labelled[i - 1].label) {
      runs.left_out.push_back({labelled[i].file, "another result of " + labelled[i].label});
      continue;
    }
    runs.files.push_back(labelled[i].file);
    runs.checks.push_back(std::move(labelled[i].check));
  }
  if (!runs.checks.empty()) return runs;
  throw InputError(fmt::format("--from '{}': no result has an estimate; the first, {}: {}", directory,
                               runs.left_out.front().file, runs.left_out.front().reason));
}

}  // namespace cyclescope::run
