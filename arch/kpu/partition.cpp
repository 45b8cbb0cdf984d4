#include "arch/kpu/partition.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "arch/kpu/commands.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/placement.h"
#include "arch/kpu/tile_choice.h"

namespace cyclescope::kpu {
namespace {

/// Bytes of L3 that the operands of the fullest tile take, weights apart.
std::int64_t tile_bytes(const LoweredOp& op) {
  std::vector<std::int64_t> channels;  // most of a tile, by edge
  for (const InputEdge& edge : op.inputs) {
    std::int64_t widest = 0;
    for (std::int64_t in = 0; in < op.tiles_n; ++in) widest = std::max(widest, needed_channels(op, edge, in).size());
    channels.push_back(widest);
  }
  std::int64_t most = 0;
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const InputEdge& edge = op.inputs[i];
      const Range pixels = needed_pixels(op, edge, im);
      bytes += edge_pixels(op, edge, pixels.begin, pixels.end) * channels[i] * edge.element_bytes;
    }
    most = std::max(most, bytes);
  }
  return most;
}

/// Clocks that moving the operands takes by a simple estimate: through the router of the busiest tile,
std::int64_t router_clocks(const LoweredOp& op, const KpuConfig& config) {
  const std::int64_t weights = op.weight_bytes > 0 ? op.most_n() * op.block_n * op.k * op.element_bytes : 0;
  return ceil_div(tile_bytes(op) + weights, config.flit_bytes);
}

/// and over the links of the mesh if they share the load.
std::int64_t link_clocks(const Placement& placement, const KpuConfig& config) {
  const std::int64_t links =
      2 * ((config.mesh_width - 1) * config.mesh_height + config.mesh_width * (config.mesh_height - 1) + config.tiles);
  return ceil_div(placement.flit_links, links);
}

/// Bytes by which operands exceed L3.
std::int64_t beyond_l3(const LoweredOp& op, const KpuConfig& config) {
  return std::max<std::int64_t>(0, tile_bytes(op) - (config.l3_bytes - config.weight_window));
}

/// The rectangle of blocks per tile: every number of rows of tiles is tried that changes how many blocks the busiest
/// tile gets.
PartitionCost set_partition(LoweredOp& op, const KpuConfig& config) {
  const std::vector<std::int32_t> usable = op.sites;
  const auto tiles = static_cast<std::int64_t>(usable.size());
  std::optional<PartitionCost> best_cost;
  std::int64_t best_m = 1;
  const auto take = [&](std::int64_t tiles_m) {
    op.tiles_m = tiles_m;
    // As few columns of tiles as have no more blocks each: more would only receive copies.
    op.tiles_n = ceil_div(op.grid_n, ceil_div(op.grid_n, std::min(op.grid_n, tiles / tiles_m)));
  };
  std::int64_t before = 0;
  for (std::int64_t tiles_m = 1; tiles_m <= std::min(op.grid_m, tiles); ++tiles_m) {
    const std::int64_t rounds = ceil_div(op.grid_m, tiles_m);
    const std::int64_t columns = std::min(op.grid_n, tiles / tiles_m);
    const bool last = tiles_m == std::min(op.grid_m, tiles) || columns != std::min(op.grid_n, tiles / (tiles_m + 1));
    if (rounds == before && !last) continue;  // as many blocks on as many columns: a row of tiles more changes nothing
    before = rounds;
    take(tiles_m);
    PartitionCost cost{beyond_l3(op, config), busy_clocks(op, config), 0};
    if (best_cost && !(cost < *best_cost)) continue;
    Placement placement = place(op, usable, config);
    cost.traffic_clocks = router_clocks(op, config) + link_clocks(placement, config);
    if (best_cost && !(cost < *best_cost)) continue;
    best_cost = cost;
    best_m = tiles_m;
    op.sites = std::move(placement.sites);
  }
  take(best_m);
  number_tiles(op, config);
  return *best_cost;
}

/// Nothing moves when operands are ideal: blocks are dealt to as many tiles as there are blocks for.
PartitionCost deal(LoweredOp& op, const KpuConfig& config) {
  op.dealt = true;
  op.tiles_m = std::min(op.grid_m * op.grid_n, static_cast<std::int64_t>(op.sites.size()));
  op.tiles_n = 1;
  op.sites.resize(static_cast<std::size_t>(op.tiles_m));
  number_tiles(op, config);
  return {0, busy_clocks(op, config), 0};
}

}  // namespace

void number_tiles(LoweredOp& op, const KpuConfig& config) {
  op.tile_at.assign(static_cast<std::size_t>(config.tiles), -1);
  for (std::size_t tile = 0; tile < op.sites.size(); ++tile) {
    op.tile_at[static_cast<std::size_t>(op.sites[tile])] = static_cast<std::int32_t>(tile);
  }
}

std::int64_t busy_clocks(const LoweredOp& op, const KpuConfig& config) {
  if (op.kind == OpKind::gemm) {
    return op.rounds() * block_clocks(op, config);
  }
  const Region out = op.block(0, 0);
  return op.rounds() * vector_clocks(op, out, window_pixels(op, out.pixel_begin, out.pixel_end), config);
}

PartitionCost partition_as_given(LoweredOp& op, const KpuConfig& config) {
  number_tiles(op, config);
  return {beyond_l3(op, config), busy_clocks(op, config), router_clocks(op, config)};
}

PartitionCost partition(LoweredOp& op, const KpuConfig& config) {
  return config.ideal_operands ? deal(op, config) : set_partition(op, config);
}

}  // namespace cyclescope::kpu
