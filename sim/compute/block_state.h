// What the exact array knows about a block from push to its last result, and when blocks may follow each other.
#pragma once

#include <deque>

#include "sim/compute/array.h"

namespace cyclescope::compute {

/// A step or clock that nothing known so far determines.
constexpr std::int64_t kUnknown = INT64_MAX;

struct BlockState {
  ArrayBlock block;
  ledger::Release pushed_by;
  std::int64_t pushed = 0;              ///< clock of the push
  std::int64_t start = kUnknown;        ///< step S at which PE(0,0) begins
  std::vector<std::int64_t> row_steps;  ///< stationary: steps in which lane 0 took the rows loaded so far
  bool has_window = false;
  EgressWindow window;                 ///< from_clock not before the call
  std::int64_t open_lanes = 0;         ///< tracked columns whose last result has no known turn yet
  std::int64_t last_turn = 0;          ///< earliest clock at which the last result may leave, as far as turns go
  std::int64_t edge_clock = kUnknown;  ///< clock at which the last result reached the north edge
  bool result_seen = false;            ///< the first result has reached the edge
  bool left = false;                   ///< the last result has left

  [[nodiscard]] bool started() const { return start != kUnknown; }
  /// E: the step in which row 0 of column 0 is on the north edge.
  [[nodiscard]] std::int64_t first_edge_step() const { return start + block.steps; }
  [[nodiscard]] std::int64_t last_edge_step() const { return first_edge_step() + 2 * (block.m - 1) + block.n - 1; }
};

/// Blocks in flight, oldest first; addresses stay valid while a block is in the queue.
using BlockQueue = std::deque<BlockState>;

/// Index of a block in the queue; InternalError when it is not there.
std::size_t position(const BlockQueue& blocks, std::int64_t id);

/// The smallest step >= from at which `next` may start behind the first `started` blocks of the queue without two
/// results meeting on a link. Results of row i of a block occupy the links of column j on their way to the edge, which
/// they reach at E + 2i + j: two blocks meet iff E' - E is even and at most 2(m - 1). Derived from the schedule of
/// array.h, for unequal T and m.
std::int64_t first_legal_start(const BlockQueue& blocks, std::size_t started, const ArrayBlock& next, std::int64_t from,
                               bool interleave);

}  // namespace cyclescope::compute
