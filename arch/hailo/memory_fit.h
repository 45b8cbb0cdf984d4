// Where weights and buffers of the layers of a context lie: a layer's sub-clusters bring their L2 slice and their part of
// the cluster's L3; what these do not hold lies in L4, which all layers share.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/hailo/config.h"

namespace cyclescope::hailo {

class MemoryFit {
 public:
  /// `needs`: bytes of weights and buffers, by layer.
  MemoryFit(std::vector<std::int64_t> needs, const HailoConfig& config);

  /// Bytes of a layer that its sub-clusters do not hold.
  [[nodiscard]] std::int64_t beyond(std::size_t layer, std::int64_t subclusters) const;
  /// Fewest sub-clusters that have to be added so that L4 holds the rest.
  [[nodiscard]] std::int64_t missing(const std::vector<std::int64_t>& subclusters) const;
  /// Adds them, always to the first of the layers whose part in L4 shrinks most.
  void fill(std::vector<std::int64_t>& subclusters) const;

 private:
  std::vector<std::int64_t> needs_;
  std::int64_t unit_;  ///< L2 and L3 of a sub-cluster
  std::int64_t l4_;
};

}  // namespace cyclescope::hailo
