#include "sim/compute/block_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {

std::size_t position(const BlockQueue& blocks, std::int64_t id) {
  const auto older = [](const BlockState& state, std::int64_t wanted) { return state.block.id < wanted; };
  const auto found = std::lower_bound(blocks.begin(), blocks.end(), id, older);
  if (found == blocks.end() || found->block.id != id) {
    throw InternalError(fmt::format("block {} is not on the array", id));
  }
  return static_cast<std::size_t>(found - blocks.begin());
}

std::int64_t first_legal_start(const BlockQueue& blocks, std::size_t started, const ArrayBlock& next, std::int64_t from,
                               bool interleave) {
  if (started == 0) return from;
  const BlockState& before = blocks[started - 1];
  std::int64_t start = std::max(from, before.first_edge_step());
  if (interleave) start = std::max(start, before.first_edge_step() + before.block.m - next.steps);
  const auto meets = [&](const BlockState& older) {
    const std::int64_t distance = start + next.steps - older.first_edge_step();
    return distance <= 2 * (older.block.m - 1) && (!interleave || distance % 2 == 0);
  };
  const auto end = blocks.begin() + static_cast<std::ptrdiff_t>(started);
  while (std::any_of(blocks.begin(), end, meets)) ++start;
  return start;
}

}  // namespace cyclescope::compute
