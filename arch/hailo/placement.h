// What layers need of memory, and where they stand: in order, cluster by cluster.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/hailo/plan.h"

namespace cyclescope::hailo {

/// Buffers of every layer, by whether the producers of its inputs are in its context.
class Footprints {
 public:
  Footprints(const Network& network, const HailoConfig& config);

  /// Buffers of a layer whose context begins with layer `first`.
  [[nodiscard]] std::vector<Buffer> buffers(int layer, int first) const;
  [[nodiscard]] std::int64_t buffer_bytes(int layer, int first) const;
  /// Weights and buffers.
  [[nodiscard]] std::int64_t bytes(int layer, int first) const;

 private:
  const Network& network_;
  std::vector<std::vector<std::int64_t>> inner_;     ///< rows: [layer][input], from within the context
  std::vector<std::vector<std::int64_t>> external_;  ///< rows: [layer][input], from memory
};

/// Shares of layers with so many sub-clusters each. Layers take them in order: what the cluster has left, then the next
/// cluster, with a layer control unit in each. Where many small layers use up the control units of a cluster before its
/// sub-clusters, some control units of every cluster are kept, as few as will do, for layers that find no place in order:
/// these, the largest first, take the most that any cluster has left. Nothing when that does not suffice.
std::optional<std::vector<std::vector<Share>>> place(const std::vector<std::int64_t>& subclusters,
                                                     const HailoConfig& config);

}  // namespace cyclescope::hailo
