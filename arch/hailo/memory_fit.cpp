#include "arch/hailo/memory_fit.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "sim/base/checked.h"

namespace cyclescope::hailo {

MemoryFit::MemoryFit(std::vector<std::int64_t> needs, const HailoConfig& config)
    : needs_(std::move(needs)), unit_(config.subcluster_bytes()), l4_(config.usable_l4()) {}

std::int64_t MemoryFit::beyond(std::size_t layer, std::int64_t subclusters) const {
  return std::max<std::int64_t>(0, needs_[layer] - checked_mul(subclusters, unit_));
}

std::int64_t MemoryFit::missing(const std::vector<std::int64_t>& subclusters) const {
  std::int64_t excess = -l4_;
  std::int64_t whole = 0;  // sub-clusters that would be full
  std::vector<std::int64_t> parts;
  for (std::size_t layer = 0; layer < needs_.size(); ++layer) {
    const std::int64_t bytes = beyond(layer, subclusters[layer]);
    excess = checked_add(excess, bytes);
    whole += bytes / unit_;
    parts.push_back(bytes % unit_);
  }
  if (excess <= 0) return 0;
  std::int64_t added = std::min(whole, ceil_div(excess, unit_));
  excess -= added * unit_;
  std::sort(parts.begin(), parts.end(), std::greater<>());
  for (std::size_t i = 0; excess > 0; ++i, ++added) excess -= parts[i];
  return added;
}

void MemoryFit::fill(std::vector<std::int64_t>& subclusters) const {
  for (std::int64_t left = missing(subclusters); left > 0; --left) {
    const auto shrinks = [&](std::size_t layer) { return std::min(unit_, beyond(layer, subclusters[layer])); };
    std::size_t best = 0;
    for (std::size_t layer = 1; layer < needs_.size(); ++layer) {
      if (shrinks(layer) > shrinks(best)) best = layer;
    }
    ++subclusters[best];
  }
}

}  // namespace cyclescope::hailo
