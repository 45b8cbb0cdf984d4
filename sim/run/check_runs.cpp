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

struct Listed {
  std::set<std::string> files;
  std::vector<CheckedRuns::LeftOut> failed;
};

std::string text_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Whether a row of a matrix or a point of a sweep failed; what is not modelled did not.
bool has_failed(const Json& row) {
  constexpr int kNotModelled = 3;
  const auto code = row.find("exit_code");
  const bool bad = code != row.end() && code->is_number_integer() && *code != 0 && *code != kNotModelled;
  return bad || text_of(row, "status") == "failed";
}

/// Every `"file": "....h5"` of a table, and what failed.
void collect(const Json& json, Listed& listed) {
  if (json.is_object() && has_failed(json)) {
    const std::string file = text_of(json, "file");
    listed.failed.push_back({!file.empty()
                                 ? file
                                 : fmt::format("{} on {}, {}, {}", text_of(json, "model"), text_of(json, "platform"),
                                               text_of(json, "precision"), text_of(json, "initial_state")),
                             text_of(json, "reason") + text_of(json, "message")});
    return;
  }
  if (json.is_object() && !text_of(json, "file").empty()) listed.files.insert(text_of(json, "file"));
  for (const Json& inner : json) {
    if (inner.is_structured()) collect(inner, listed);
  }
}

Listed listed(const std::string& directory) {
  Listed files;
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

/// Whether a file that cannot be read is a damaged result, and no file of another kind.
bool must_be_result(const std::string& directory, const std::string& file) {
  return fs::path(file).has_parent_path() || results::begins_as_result((fs::path(directory) / file).string());
}

/// Empty when every law holds.
std::string broken_law(const results::RunResult& result) {
  for (const results::LawResult& law : result.laws) {
    if (!law.holds) return fmt::format("law '{}' is broken: {}", law.name, law.detail);
  }
  return "";
}

void sort_by_file(std::vector<CheckedRuns::LeftOut>& list) {
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
}

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
  auto [files, failed] = listed(directory);
  const bool named = !files.empty();  // by a table, each of which must be readable
  if (files.empty() && failed.empty()) files = found(directory);
  if (files.empty() && failed.empty()) {
    throw InputError(
        fmt::format("--from '{}': no results there; expected points/*.h5, as sweep --out keeps them", directory));
  }
  Traces traces(model);
  CheckedRuns runs;
  runs.failed = std::move(failed);
  std::vector<Labelled> labelled;
  for (const std::string& file : files) {
    bool read = false;
    try {
      const results::RunResult result = results::read((fs::path(directory) / file).string());
      read = true;
      const std::string broken = broken_law(result);
      if (!broken.empty()) {
        runs.failed.push_back({file, broken});
        continue;
      }
      Check check = estimator.check(result, traces.of(result.model));
      std::string label = check_label(check.run);
      labelled.push_back({std::move(label), file, std::move(check)});
    } catch (const InputError& error) {
      const bool damaged = !read && (named || must_be_result(directory, file));
      (damaged ? runs.failed : runs.left_out).push_back({file, error.what()});
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
  sort_by_file(runs.left_out);
  sort_by_file(runs.failed);
  if (!runs.checks.empty() || !runs.failed.empty()) return runs;
  throw InputError(fmt::format("--from '{}': no result has an estimate; the first, {}: {}", directory,
                               runs.left_out.front().file, runs.left_out.front().reason));
}

}  // namespace cyclescope::run
