#include "arch/hailo/family.h"

#include <fmt/format.h>

#include "arch/hailo/plan.h"
#include "arch/hailo/simulate.h"

namespace cyclescope::hailo {
namespace {

using machine::MappingRow;
using machine::RunOptions;
using results::RunResult;
using workloads::Graph;

/// `0:12 1:64`: sub-clusters by cluster.
std::string text_of(const std::vector<Share>& shares) {
  std::string text;
  for (const Share& share : shares) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", share.cluster, share.subclusters);
  }
  return text;
}

/// `3`, `224 from memory`: rows that buffers hold, by input.
std::string text_of(const std::vector<Buffer>& buffers) {
  std::string text;
  for (const Buffer& buffer : buffers) {
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", buffer.capacity, buffer.external ? " from memory" : "");
  }
  return text;
}

std::vector<MappingRow> rows_of(const Network& network, const Plan& plan) {
  std::vector<MappingRow> rows;
  for (const Stage& stage : plan.stages) {
    const Layer& layer = network.layers[static_cast<std::size_t>(stage.layer)];
    rows.push_back({{{"name", layer.name},
                     {"type", layer.type},
                     {"members", layer.members},
                     {"context", std::int64_t{stage.context}},
                     {"clusters", text_of(stage.shares)},
                     {"subclusters", stage.subclusters},
                     {"weight_bytes", layer.weight_bytes},
                     {"buffer_bytes", stage.buffer_bytes},
                     {"l4_bytes", stage.l4_bytes},
                     {"buffer_rows", text_of(stage.buffers)},
                     {"macs", layer.macs},
                     {"rows", layer.rows},
                     {"work_clocks", stage.work_clocks},
                     {"row_clocks", stage.row_clocks},
                     {"interval", stage.interval}}});
  }
  return rows;
}

class HailoFamily : public machine::Family {
 public:
  [[nodiscard]] std::string name() const override { return "hailo"; }
  [[nodiscard]] config::Schema schema() const override { return hailo::schema(); }
  [[nodiscard]] std::int64_t quarter_macs(const config::Settings& settings, Precision precision) const override {
    const HailoConfig config = from_settings(settings);
    return std::int64_t{config.all_subclusters()} * config.macs * precision_use(precision, config).rate;
  }
  [[nodiscard]] std::vector<workloads::FusedGroup> groups(const Graph& graph) const override {
    return workloads::fuse(graph, fusion_rules());
  }

  [[nodiscard]] std::vector<MappingRow> mapping(const Graph& graph, const config::Settings& settings,
                                                const RunOptions& options) const override {
    const HailoConfig config = from_settings(settings);
    const PrecisionUse use = precision_use(options.precision, config);
    const Network network = network_of(graph, use, config);
    return rows_of(network, plan_of(network, use, config));
  }

  [[nodiscard]] RunResult run(const Graph& graph, const config::Settings& settings,
                              const RunOptions& options) const override {
    return simulate(graph, settings, options);
  }
};

}  // namespace

const machine::Family& family() {
  static const HailoFamily instance;
  return instance;
}

}  // namespace cyclescope::hailo
