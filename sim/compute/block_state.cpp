#include "sim/compute/block_state.h"

#include <algorithm>

namespace cyclescope::compute {

std::int64_t first_legal_start(const BlockQueue& blocks, const ArrayBlock& next, std::int64_t from, bool interleave) {
  const auto behind = std::find_if(blocks.rbegin(), blocks.rend(), [](const BlockState& b) { return b.started(); });
  if (behind == blocks.rend()) return from;
  std::int64_t start = std::max(from, behind->first_edge_step());
  if (interleave) start = std::max(start, behind->first_edge_step() + behind->block.m - next.steps);
  const auto meets = [&](const BlockState& older) {
    if (!older.started()) return false;
    const std::int64_t distance = start + next.steps - older.first_edge_step();
    return distance <= 2 * (older.block.m - 1) && (!interleave || distance % 2 == 0);
  };
  while (std::any_of(blocks.begin(), blocks.end(), meets)) ++start;
  return start;
}

}  // namespace cyclescope::compute
