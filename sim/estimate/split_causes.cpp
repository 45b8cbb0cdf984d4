// The causes of split.h: their order, their titles, and the leaves of the ledger that they stand for.
#include "sim/estimate/split_causes.h"

#include <algorithm>
#include <array>

#include "sim/estimate/split.h"

namespace cyclescope::estimate {
namespace {

struct Title {
  const char* key;
  const char* title;
};

constexpr std::array<Title, 22> kTitles{{{"published_digits", "digits of the published row"},
                                         {"operator_list", "operators that the trace lacks"},
                                         {"overhead", "estimator's overhead per operator"},
                                         {"size_correction", "estimator's correction by size"},
                                         {"bandwidth", "estimator's bandwidth"},
                                         {"peak", "estimator's peak"},
                                         {"precision", "bytes at the precision used"},
                                         {"views", "views move nothing"},
                                         {"fusion", "fusion"},
                                         {"on_chip", "bytes that stay on chip"},
                                         {"overlap", "overlap of operators"},
                                         {"mac", "MACs on the path, beyond the bound"},
                                         {"vector", "vector work"},
                                         {"transfer", "transfers"},
                                         {"row_misses", "row misses"},
                                         {"dram_bandwidth", "queues for external memory"},
                                         {"output_space", "no space for results"},
                                         {"beside_path", "work of the bound beside the path"},
                                         {"energy_per_op", "estimator's energy per operation"},
                                         {"energy_per_byte", "estimator's energy per byte"},
                                         {"idle_power", "idle power"},
                                         {"external_memory", "memory beyond compulsory bytes"}}};

struct PathCause {
  const char* leaf;
  const char* key;
};

/// Leaves in the order in which causes are printed; several leaves may share a cause.
constexpr std::array<PathCause, 30> kPathCauses{{{"overhead.launch", "launch"},
                                                 {"overhead.configuration", "configuration"},
                                                 {"overhead.synchronisation", "synchronisation"},
                                                 {"overhead.clock_crossing", "synchronisation"},
                                                 {"overhead.descriptor", "descriptor"},
                                                 {"structural.fill", "fill"},
                                                 {"structural.drain", "drain"},
                                                 {"structural.padding", "padding"},
                                                 {"structural.issue", "issue"},
                                                 {"waiting.operand.dram_row", "row_misses"},
                                                 {"waiting.operand.dram_refresh", "refresh"},
                                                 {"waiting.operand.dram_turnaround", "turnaround"},
                                                 {"waiting.operand.dram_latency", "dram_latency"},
                                                 {"waiting.operand.dram_bandwidth", "dram_bandwidth"},
                                                 {"waiting.operand.host_link", "host_link"},
                                                 {"useful.transfer", "transfer"},
                                                 {"waiting.operand.noc", "noc"},
                                                 {"waiting.operand.l3", "l3"},
                                                 {"waiting.operand.l2", "l2"},
                                                 {"waiting.operand.l1", "l1"},
                                                 {"waiting.arbitration", "contention"},
                                                 {"waiting.output_space", "output_space"},
                                                 {"waiting.weights", "weights"},
                                                 {"waiting.dependency", "dependency"},
                                                 {"useful.vector", "vector"},
                                                 {"idle.before_first_work", "idle"},
                                                 {"idle.no_demand", "idle"},
                                                 {"idle.unused", "idle"},
                                                 {"idle.after_last_work", "idle"},
                                                 {"useful.mac", "mac"}}};

}  // namespace

const std::vector<std::string>& model_causes() {
  static const std::vector<std::string> causes{"published_digits", "operator_list", "overhead",  "size_correction",
                                               "bandwidth",        "peak",          "precision", "views",
                                               "fusion",           "on_chip",       "overlap"};
  return causes;
}

const std::vector<std::string>& path_causes() {
  static const std::vector<std::string> causes = [] {
    std::vector<std::string> keys;
    for (const PathCause& cause : kPathCauses) {
      if (std::find(keys.begin(), keys.end(), cause.key) == keys.end()) keys.emplace_back(cause.key);
    }
    return keys;
  }();
  return causes;
}

const std::vector<std::string>& causes_of_bound(const std::string& bound) {
  static const std::vector<std::string> compute{"mac"};
  static const std::vector<std::string> memory{"dram_bandwidth", "host_link", "transfer", "noc", "l3", "l2", "l1"};
  static const std::vector<std::string> none;
  if (bound == "compute") return compute;
  return bound == "memory" ? memory : none;
}

std::string path_cause(const std::string& leaf) {
  for (const PathCause& cause : kPathCauses) {
    if (leaf == cause.leaf) return cause.key;
  }
  return kUnexplained;
}

std::string cause_title(const std::string& key) {
  for (const Title& title : kTitles) {
    if (key == title.key) return title.title;
  }
  std::string title = key;
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

}  // namespace cyclescope::estimate
