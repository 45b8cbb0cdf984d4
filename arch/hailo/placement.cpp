#include "arch/hailo/placement.h"

#include <algorithm>

#include "arch/hailo/buffers.h"
#include "sim/base/checked.h"

namespace cyclescope::hailo {

Footprints::Footprints(const Network& network, const HailoConfig& config)
    : network_(network), config_(config), inner_(buffer_rows(network, config.slack_rows)) {
  for (const Layer& layer : network.layers) {
    std::vector<std::int64_t> rows;
    for (const LayerInput& input : layer.inputs) rows.push_back(window_rows(input, layer.rows, config.slack_rows));
    external_.push_back(std::move(rows));
  }
}

std::vector<Buffer> Footprints::buffers(int layer, int first) const {
  const auto l = static_cast<std::size_t>(layer);
  std::vector<Buffer> buffers;
  for (std::size_t i = 0; i < network_.layers[l].inputs.size(); ++i) {
    const bool external = network_.layers[l].inputs[i].producer < first;
    buffers.push_back({external ? external_[l][i] : inner_[l][i], external});
  }
  return buffers;
}

std::int64_t Footprints::buffer_bytes(int layer, int first) const {
  const Layer& of = network_.layers[static_cast<std::size_t>(layer)];
  const std::vector<Buffer> held = buffers(layer, first);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < held.size(); ++i) {
    bytes = checked_add(bytes, checked_mul(held[i].capacity, of.inputs[i].row_bytes));
  }
  return bytes;
}

std::int64_t Footprints::floor(int layer, int first) const {
  const std::int64_t weights = network_.layers[static_cast<std::size_t>(layer)].weight_bytes;
  const std::int64_t need = checked_add(weights, buffer_bytes(layer, first));
  return std::max<std::int64_t>(1, ceil_div(need, config_.subcluster_bytes()));
}

std::optional<std::vector<std::vector<Share>>> place(const std::vector<std::int64_t>& subclusters,
                                                     const HailoConfig& config) {
  std::vector<std::vector<Share>> placed;
  int cluster = 0;
  int left = config.subclusters;
  int lcus = config.usable_lcus();
  for (std::int64_t wanted : subclusters) {
    std::vector<Share> shares;
    while (wanted > 0) {
      if (left == 0 || lcus == 0) {
        if (++cluster == config.clusters) return std::nullopt;
        left = config.subclusters;
        lcus = config.usable_lcus();
      }
      const int taken = static_cast<int>(std::min<std::int64_t>(wanted, left));
      shares.push_back({cluster, taken});
      wanted -= taken;
      left -= taken;
      --lcus;
    }
    placed.push_back(std::move(shares));
  }
  return placed;
}

}  // namespace cyclescope::hailo
