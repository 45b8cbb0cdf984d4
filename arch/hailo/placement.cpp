#include "arch/hailo/placement.h"

#include <algorithm>
#include <utility>

#include "arch/hailo/buffers.h"
#include "sim/base/checked.h"

namespace cyclescope::hailo {
namespace {

class Placer {
 public:
  Placer(std::vector<std::int64_t> wanted, const HailoConfig& config, int kept)
      : wanted_(std::move(wanted)),
        kept_(kept),
        clusters_(static_cast<std::size_t>(config.clusters), {config.subclusters, config.usable_lcus() - kept}),
        placed_(wanted_.size()) {}

  /// False when the clusters do not suffice.
  bool run() {
    place_in_order();
    for (Cluster& cluster : clusters_) cluster.lcus += kept_;
    return place_rest();
  }

  std::vector<std::vector<Share>> take() {
    for (std::vector<Share>& shares : placed_) {
      std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) { return a.cluster < b.cluster; });
    }
    return std::move(placed_);
  }

 private:
  struct Cluster {
    int subclusters = 0, lcus = 0;  ///< free
  };

  void place_in_order() {
    std::size_t cluster = 0;
    for (std::size_t layer = 0; layer < wanted_.size(); ++layer) {
      while (wanted_[layer] > 0 && cluster < clusters_.size()) {
        if (clusters_[cluster].lcus > 0 && clusters_[cluster].subclusters > 0) give(layer, cluster);
        if (wanted_[layer] > 0) ++cluster;
      }
    }
  }

  bool place_rest() {
    while (true) {
      const auto layer = std::max_element(wanted_.begin(), wanted_.end());
      if (layer == wanted_.end() || *layer == 0) return true;
      const auto index = static_cast<std::size_t>(layer - wanted_.begin());
      const auto cluster = std::max_element(clusters_.begin(), clusters_.end(), [](const Cluster& a, const Cluster& b) {
        return (a.lcus > 0 ? a.subclusters : 0) < (b.lcus > 0 ? b.subclusters : 0);
      });
      if (cluster->lcus == 0 || cluster->subclusters == 0) return false;
      give(index, static_cast<std::size_t>(cluster - clusters_.begin()));
    }
  }

  void give(std::size_t layer, std::size_t cluster) {
    Cluster& from = clusters_[cluster];
    const int taken = static_cast<int>(std::min<std::int64_t>(wanted_[layer], from.subclusters));
    placed_[layer].push_back({static_cast<int>(cluster), taken});
    wanted_[layer] -= taken;
    from.subclusters -= taken;
    --from.lcus;
  }

  std::vector<std::int64_t> wanted_;
  int kept_;
  std::vector<Cluster> clusters_;
  std::vector<std::vector<Share>> placed_;
};

}  // namespace

Footprints::Footprints(const Network& network, const HailoConfig& config)
    : network_(network), inner_(buffer_rows(network, config.slack_rows)) {
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

std::int64_t Footprints::bytes(int layer, int first) const {
  return checked_add(network_.layers[static_cast<std::size_t>(layer)].weight_bytes, buffer_bytes(layer, first));
}

std::optional<std::vector<std::vector<Share>>> place(const std::vector<std::int64_t>& subclusters,
                                                     const HailoConfig& config) {
  for (int kept = 0; kept < config.usable_lcus(); ++kept) {
    Placer placer(subclusters, config, kept);
    if (placer.run()) return placer.take();
  }
  return std::nullopt;
}

}  // namespace cyclescope::hailo
