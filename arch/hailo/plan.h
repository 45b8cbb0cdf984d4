// Contexts, sub-clusters, memory and buffers of every layer, decided before anything runs. Pure and deterministic.
//
// Rules (README.md has the reasons): weights and buffers of a layer lie in the memory that comes with its sub-clusters, and
// in L4 what these do not hold; layers are cut into the fewest contexts that fit control, compute and memory, and of these
// the cut with the least bytes between contexts; then, in each context, the slowest layer gets more sub-clusters again and
// again, while it can use them, the caps hold, and enough are left for the weights and buffers of the others.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/hailo/config.h"
#include "arch/hailo/network.h"

namespace cyclescope::hailo {

/// Sub-clusters of a layer in one cluster.
struct Share {
  int cluster = 0;
  int subclusters = 0;
};

/// Where rows of an input come from, and how many fit between.
struct Buffer {
  std::int64_t capacity = 0;  ///< rows, at least what the reader holds at once plus one
  bool external = false;      ///< made in an earlier context (or given): read from home or local memory
};

/// A layer in its context.
struct Stage {
  int layer = 0;
  int context = 0;
  std::vector<Share> shares;      ///< ascending clusters
  std::int64_t subclusters = 0;   ///< sum over shares
  std::int64_t buffer_bytes = 0;  ///< of all its input buffers
  std::int64_t l4_bytes = 0;      ///< of its weights and buffers, those that lie in L4
  std::int64_t row_clocks = 0;    ///< from the start of a row to that of the next
  std::int64_t work_clocks = 0;   ///< of them, at work; after row_overhead
  std::int64_t interval = 0;      ///< clocks per frame when nothing holds it up
  std::vector<Buffer> buffers;    ///< per input of the layer
  bool stored = false;            ///< a later context, or the host, reads its rows: they go to memory as well
};

struct Context {
  int first = 0, end = 0;         ///< stages [first, end)
  std::int64_t config_bytes = 0;  ///< weights with overhead, registers, microcode
  std::int64_t subclusters = 0;
  std::int64_t lcus = 0;
  std::int64_t memory_bytes = 0;  ///< weights and buffers
};

struct Plan {
  std::vector<Stage> stages;  ///< by layer
  std::vector<Context> contexts;
};

/// Throws NotModelled naming the layer, its need and the budget when a layer fits no context of its own.
Plan plan_of(const Network& network, const PrecisionUse& use, const HailoConfig& config);

}  // namespace cyclescope::hailo
