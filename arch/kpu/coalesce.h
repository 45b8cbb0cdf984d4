// Parts of several output blocks that go the same way leave together: fewer, fuller packets.
//
// A segment of a block and the latest one before it (in execution order) with the same token, route and kind become one
// segment of the later block, as long as it fits one packet; stores only if their addresses follow each other. Parts
// that stay on the tile stay with their block. The earlier block keeps its staging room until the later one has been
// sent (BlockOutput::first_staged), so no block may need room that only a later one gives back: the blocks from the
// first that waits to the one it waits for never exceed `room`.
// Cost: a part arrives later than its block could have sent it. Receivers wait for all of a tile's blocks anyway.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/kpu/program.h"

namespace cyclescope::kpu {

struct CoalesceLimits {
  std::int64_t packet = 0;  ///< payload bytes
  std::int64_t room = 0;    ///< bytes of blocks in staging, together
};

/// Merges segments of the blocks of one operator on one tile, `bytes` each, and sets first_staged.
void coalesce(std::vector<BlockOutput>& blocks, const std::vector<std::int64_t>& bytes, const CoalesceLimits& limits);

}  // namespace cyclescope::kpu
