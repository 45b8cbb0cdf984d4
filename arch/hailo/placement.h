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
  /// Sub-clusters whose memory holds its weights and buffers; at least one.
  [[nodiscard]] std::int64_t floor(int layer, int first) const;

 private:
  const Network& network_;
  const HailoConfig& config_;
  std::vector<std::vector<std::int64_t>> inner_;     ///< rows: [layer][input], from within the context
  std::vector<std::vector<std::int64_t>> external_;  ///< rows: [layer][input], from memory
};

/// Shares of layers with so many sub-clusters each, taken in order: a layer takes what the cluster has left and goes on in
/// the next one, and takes a layer control unit in each. A cluster whose control units are used up leaves its other
/// sub-clusters idle. Nothing when the clusters do not suffice.
std::optional<std::vector<std::vector<Share>>> place(const std::vector<std::int64_t>& subclusters,
                                                     const HailoConfig& config);

}  // namespace cyclescope::hailo
