#include "arch/hailo/contexts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arch/hailo/memory_fit.h"
#include "sim/base/checked.h"
#include "sim/base/error.h"

namespace cyclescope::hailo {
namespace {

/// Contexts, then bytes between them, of the layers before some layer, and where the last of these contexts begins.
struct Cut {
  std::int64_t contexts = 0;
  std::int64_t bytes = 0;
  int begin = -1;

  friend bool operator<(const Cut& a, const Cut& b) {
    return std::pair(a.contexts, a.bytes) < std::pair(b.contexts, b.bytes);
  }
};

class Cutter {
 public:
  Cutter(const Network& network, const Footprints& footprints, const HailoConfig& config)
      : network_(network), footprints_(footprints), config_(config), last_reader_(network.layers.size(), -1) {
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      for (const LayerInput& input : network.layers[l].inputs) {
        if (input.producer >= 0) last_reader_[static_cast<std::size_t>(input.producer)] = static_cast<int>(l);
      }
    }
  }

  std::vector<int> run() {
    const int layers = static_cast<int>(network_.layers.size());
    std::vector<Cut> best(static_cast<std::size_t>(layers) + 1);
    for (int begin = 0; begin < layers; ++begin) {
      const Cut& before = best[static_cast<std::size_t>(begin)];
      std::vector<std::int64_t> needs;
      for (int end = begin + 1; end <= layers; ++end) {
        needs.push_back(footprints_.bytes(end - 1, begin));
        if (!fits(needs)) {
          if (needs.size() == 1) refuse(begin);
          break;
        }
        const Cut cut{before.contexts + 1, checked_add(before.bytes, bytes_across(begin, end)), begin};
        Cut& after = best[static_cast<std::size_t>(end)];
        if (after.begin < 0 || cut < after) after = cut;
      }
    }
    std::vector<int> ends;
    for (int end = layers; end > 0; end = best[static_cast<std::size_t>(end)].begin) ends.push_back(end);
    std::reverse(ends.begin(), ends.end());
    return ends;
  }

 private:
  [[nodiscard]] bool fits(const std::vector<std::int64_t>& needs) const {
    const MemoryFit memory(needs, config_);
    std::vector<std::int64_t> subclusters(needs.size(), 1);
    const std::int64_t sum = static_cast<std::int64_t>(needs.size()) + memory.missing(subclusters);
    if (sum > config_.all_subclusters()) return false;
    memory.fill(subclusters);
    return place(subclusters, config_).has_value();
  }

  [[noreturn]] void refuse(int layer) const {
    const Layer& of = network_.layers[static_cast<std::size_t>(layer)];
    throw NotModelled(fmt::format(
        "{} '{}' needs {} B for weights and {} B for buffers; the {} sub-clusters have {} B each and share {} B",
        of.type, of.name, of.weight_bytes, footprints_.buffer_bytes(layer, layer), config_.all_subclusters(),
        config_.subcluster_bytes(), config_.usable_l4()));
  }

  /// Written by [begin, end) for later contexts, and read in it of earlier ones.
  [[nodiscard]] std::int64_t bytes_across(int begin, int end) const {
    std::int64_t bytes = 0;
    for (int l = begin; l < end; ++l) {
      const Layer& layer = network_.layers[static_cast<std::size_t>(l)];
      if (last_reader_[static_cast<std::size_t>(l)] >= end) bytes += layer.rows * layer.row_bytes;
      for (const LayerInput& input : layer.inputs) {
        if (input.producer >= 0 && input.producer < begin) bytes += input.map.rows * input.row_bytes;
      }
    }
    return bytes;
  }

  const Network& network_;
  const Footprints& footprints_;
  const HailoConfig& config_;
  std::vector<int> last_reader_;  ///< layer that reads a layer's result last, or -1
};

}  // namespace

std::vector<int> cut_into_contexts(const Network& network, const Footprints& footprints, const HailoConfig& config) {
  return Cutter(network, footprints, config).run();
}

}  // namespace cyclescope::hailo
