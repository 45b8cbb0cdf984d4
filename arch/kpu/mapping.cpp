// Puts one operator on the tiles: blocks, partition by output, what stays in L2, slices of the reduction.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "arch/kpu/commands.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/placement.h"
#include "arch/kpu/shape_views.h"

namespace cyclescope::kpu {
namespace {

using workloads::Graph;
using workloads::Operator;

/// Tiles that work on an operator: those of one rate that together execute most. Sets their sites and the rate.
void set_sites(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config, Precision used) {
  const TileKind* chosen = nullptr;
  std::int64_t most = 0;
  const auto alike = [used](const TileKind& a, const TileKind& b) {
    return !b.weight_stationary && a.rows == b.rows && a.columns == b.columns &&
           a.quarter_macs(used) == b.quarter_macs(used);
  };
  for (const TileKind& kind : config.kinds) {
    if (kind.weight_stationary || kind.quarter_macs(used) == 0) continue;
    std::int64_t rate = 0;
    for (const std::uint8_t other : config.kind_of_tile) {
      if (alike(kind, config.kinds[other])) rate += kind.quarter_macs(used) * kind.rows * kind.columns;
    }
    if (rate > most) chosen = &kind;
    most = std::max(most, rate);
  }
  if (op.kind == OpKind::gemm && chosen == nullptr) {
    refuse(graph, primary, fmt::format("no tile executes {}", name(used)));
  }
  for (int site = 0; site < config.tiles; ++site) {
    if (op.kind != OpKind::gemm || alike(*chosen, config.kinds[config.kind_of_tile[static_cast<std::size_t>(site)]])) {
      op.sites.push_back(site);
    }
  }
  if (op.kind != OpKind::gemm) return;
  op.quarter_macs = chosen->quarter_macs(used);
  op.block_m = chosen->rows;
  op.block_n = chosen->columns;
}

/// The slices of the reduction: chunk by chunk, all taps of a chunk together.
void set_slices(LoweredOp& op, const KpuConfig& config) {
  const std::int64_t longest = std::max<std::int64_t>(16, config.slice_steps / op.element_bytes);
  const auto array = [&op](std::int64_t k) { return ceil_div(4 * k, op.quarter_macs); };
  op.slices.clear();
  std::int64_t first = 0;
  op.chunks = 0;
  for (std::int64_t channel = 0; channel < op.group_channels(); channel += op.chunk_channels) {
    for (std::int64_t row_part = 0; row_part < op.row_parts; ++row_part, ++op.chunks) {
      const std::int64_t channels = std::min(op.chunk_channels, op.group_channels() - channel);
      const Range rows = split(op.window.kernel[0], op.row_parts, row_part);
      const std::int64_t chunk_steps = channels * rows.size() * op.window.kernel[1];
      const std::int64_t parts = ceil_div(chunk_steps, longest);  // of equal length, so that none is short
      for (std::int64_t part = 0; part < parts; ++part) {
        const Range steps = split(chunk_steps, parts, part);
        const std::int64_t begin = array(first + steps.begin);
        const std::int64_t length = array(first + steps.end) - begin;
        if (length == 0) throw InternalError("a slice of the reduction takes no step of the array");
        op.slices.push_back(
            {first + steps.begin, steps.size(), op.chunks, first, chunk_steps, channels, rows, begin, length});
      }
      first += chunk_steps;
    }
  }
  op.array_steps = array(op.k);
}

/// Largest A chunk and strip (of a group) in bytes over the row blocks.
struct Footprint {
  std::int64_t chunk = 0;
  std::int64_t strip = 0;
};

/// Most input pixels that a block reads of one part of the kernel's rows.
std::int64_t largest_window(const LoweredOp& op) {
  std::int64_t pixels = 0;

  for (std::int64_t mb = 0; mb < op.grid_m; ++mb) {
    const Region out = op.block(mb, 0);
    for (std::int64_t part = 0; part < op.row_parts; ++part) {
      const Range rows = split(op.window.kernel[0], op.row_parts, part);
      pixels = std::max(pixels, window_pixels(op, out.pixel_begin, out.pixel_end, rows));
    }
  }
  return pixels;
}

/// Chooses what stays in L2; the pools hold two slices or chunks of what streams. False when nothing fits, with the
/// bytes needed and those there are.
bool set_l2(LoweredOp& op, const KpuConfig& config, std::int64_t window, std::int64_t& need, std::int64_t& budget) {
  const std::int64_t bytes = op.element_bytes;
  const Footprint a{window * op.chunk_channels * bytes, window * op.row_parts * op.group_channels() * bytes};
  const std::int64_t longest = std::max<std::int64_t>(16, config.slice_steps / bytes);
  const std::int64_t b_slice = longest * op.block_n * bytes + op.block_n * op.epilogue_bytes;
  const std::int64_t b_strip = (op.k * bytes + op.epilogue_bytes) * op.block_n;
  const bool residual = std::any_of(op.inputs.begin(), op.inputs.end(),
                                    [](const InputEdge& edge) { return edge.role == EdgeRole::residual; });
  const std::int64_t staging = 2 * op.block_m * op.block_n * bytes * (residual ? 2 : 1);
  budget = std::max<std::int64_t>(0, config.l2_bytes - staging);
  need = 2 * a.chunk + 2 * b_slice;
  const bool a_fits = a.strip + a.chunk + 2 * b_slice <= budget;
  const bool b_fits = b_strip + b_slice + 2 * a.chunk <= budget;
  const std::int64_t rows = op.most_m();
  const std::int64_t columns = op.most_n();
  const std::int64_t moved_a = rows * a.strip + rows * columns * b_strip;
  const std::int64_t moved_b = columns * b_strip + rows * columns * a.strip;
  if (a_fits && (!b_fits || moved_a <= moved_b)) {
    op.hold = Hold::a;
    op.pool_b = 2 * b_slice;
    op.pool_a = budget - op.pool_b;
  } else if (b_fits) {
    op.hold = Hold::b;
    op.pool_a = 2 * a.chunk;
    op.pool_b = budget - op.pool_a;
  } else if (need <= budget) {
    op.hold = Hold::none;
    op.pool_b = 2 * b_slice;
    op.pool_a = budget - op.pool_b;
  } else {
    return false;
  }
  return true;
}

/// Largest chunk of channels with which the operands fit L2: whole lines first, then parts of a line.
void set_chunks(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config) {
  const std::int64_t taps = op.window.kernel[0] * op.window.kernel[1];
  const std::int64_t widest =
      std::max<std::int64_t>(2, (taps == 1 ? config.slice_steps : config.line_bytes) / op.element_bytes);
  op.chunk_channels = std::min(op.group_channels(), widest);
  std::int64_t window = largest_window(op);
  std::int64_t need = 0;
  std::int64_t budget = 0;
  while (!set_l2(op, config, window, need, budget)) {
    // Two MACs per clock need whole pairs of reduction steps in all chunks but the last.
    if (op.chunk_channels == 1 || (op.chunk_channels == 2 && op.quarter_macs > 4)) {
      if (op.row_parts < op.window.kernel[0] && !op.whole_input) {  // then some rows of the kernel at a time
        op.row_parts = std::min(op.row_parts * 2, op.window.kernel[0]);
        window = largest_window(op);
        continue;
      }
      refuse(graph, primary, fmt::format("its operands need {} B of L2, the budget is {} B", need, budget));
    }
    op.chunk_channels = (op.chunk_channels + 1) / 2;
    if (op.quarter_macs > 4) op.chunk_channels += op.chunk_channels % 2;
  }
  set_slices(op, config);
}

/// Bytes of L3 that the operands and results of the fullest tile take, weights apart.
std::int64_t tile_bytes(const LoweredOp& op) {
  std::int64_t most = 0;
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    std::int64_t elements = 0;
    for (const InputEdge& edge : op.inputs) {
      const Range pixels = needed_pixels(op, edge, im);
      elements += edge_pixels(op, edge, pixels.begin, pixels.end) * needed_channels(op, edge, 0).size();
    }
    most = std::max(most, elements * op.element_bytes);
  }
  return most;
}

/// Clocks of the array or vector engine of the busiest tile.
std::int64_t busy_clocks(const LoweredOp& op, const KpuConfig& config) {
  if (op.kind == OpKind::gemm) {
    return op.rounds() * std::max<std::int64_t>(ceil_div(4 * op.k, op.quarter_macs), 2 * op.block_m - 1);
  }
  const Region out = op.block(0, 0);
  return op.rounds() * vector_clocks(op, out, window_pixels(op, out.pixel_begin, out.pixel_end), config);
}

/// Clocks that moving the operands takes by a simple estimate: through the router of the busiest tile, and over the
/// links of the mesh if they share the load.
std::int64_t traffic_clocks(const LoweredOp& op, const Placement& placement, const KpuConfig& config) {
  const std::int64_t weights = op.weight_bytes > 0 ? op.most_n() * op.block_n * op.k * op.element_bytes : 0;
  const std::int64_t links =
      2 * ((config.mesh_width - 1) * config.mesh_height + config.mesh_width * (config.mesh_height - 1) + config.tiles);
  return ceil_div(tile_bytes(op) + weights, config.flit_bytes) + ceil_div(placement.flit_links, links);
}

void number_tiles(LoweredOp& op, const KpuConfig& config) {
  op.tile_at.assign(static_cast<std::size_t>(config.tiles), -1);
  for (std::size_t tile = 0; tile < op.sites.size(); ++tile) {
    op.tile_at[static_cast<std::size_t>(op.sites[tile])] = static_cast<std::int32_t>(tile);
  }
}

/// The rectangle of blocks per tile by an estimate that decides the partition only (the machine finds the time): every
/// number of rows of tiles that changes how many blocks the busiest one gets. What fits L3 wins over what does not.
void set_partition(LoweredOp& op, const KpuConfig& config) {
  const std::vector<std::int32_t> usable = op.sites;
  const auto tiles = static_cast<std::int64_t>(usable.size());
  std::optional<std::pair<std::int64_t, std::int64_t>> best_cost;  // bytes beyond L3, clocks
  std::int64_t best_m = 1;
  const auto take = [&](std::int64_t tiles_m) {
    op.tiles_m = tiles_m;
    op.tiles_n = std::min(op.grid_n, tiles / tiles_m);
  };
  std::int64_t before = 0;
  for (std::int64_t tiles_m = 1; tiles_m <= std::min(op.grid_m, tiles); ++tiles_m) {
    const std::int64_t rounds = ceil_div(op.grid_m, tiles_m);
    const std::int64_t columns = std::min(op.grid_n, tiles / tiles_m);
    const bool last = tiles_m == std::min(op.grid_m, tiles) || columns != std::min(op.grid_n, tiles / (tiles_m + 1));
    if (rounds == before && !last) continue;  // as many blocks on as many columns: a row of tiles more changes nothing
    before = rounds;
    take(tiles_m);
    std::pair<std::int64_t, std::int64_t> cost{
        std::max<std::int64_t>(0, tile_bytes(op) - (config.l3_bytes - config.weight_window)), busy_clocks(op, config)};
    if (best_cost && !(cost < *best_cost)) continue;
    Placement placement = place(op, usable, config);
    cost.second += traffic_clocks(op, placement, config);
    if (best_cost && !(cost < *best_cost)) continue;
    best_cost = cost;
    best_m = tiles_m;
    op.sites = std::move(placement.sites);
  }
  take(best_m);
  number_tiles(op, config);
}

/// Nothing moves when operands are ideal: blocks are dealt to as many tiles as there are blocks for.
void deal(LoweredOp& op, const KpuConfig& config) {
  op.dealt = true;
  op.tiles_m = std::min(op.grid_m * op.grid_n, static_cast<std::int64_t>(op.sites.size()));
  op.tiles_n = 1;
  op.sites.resize(static_cast<std::size_t>(op.tiles_m));
  number_tiles(op, config);
}

void set_grid(LoweredOp& op) {
  op.grid_m = op.frames_apart ? op.frames * ceil_div(op.m / op.frames, op.block_m) : ceil_div(op.m, op.block_m);
  op.grid_n = op.groups * ceil_div(op.n / op.groups, op.block_n);
}

/// Blocks of vector work: as many rows as leave room for two input regions in L2, then fewer channels.
void set_vector_blocks(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config) {
  const std::int64_t width = op.n / op.groups;
  // Half a line of INT8 channels at least, so that a narrow array does not make narrow vector blocks.
  op.block_n = op.rows_whole ? width : std::min(width, std::max<std::int64_t>(config.columns, config.line_bytes / 2));
  const std::int64_t most = ceil_div(op.m * op.groups * ceil_div(width, op.block_n), config.tiles);
  op.block_m = std::max<std::int64_t>(1, std::min(op.m, most));
  while (true) {
    set_grid(op);
    std::int64_t largest = 0;
    for (const InputEdge& edge : op.inputs) {
      largest += (edge.role == EdgeRole::per_channel ? edge.pixels : largest_window(op)) * op.block_n;
    }
    const std::int64_t need = 2 * largest * op.element_bytes;
    op.pool_a = config.l2_bytes - 2 * op.block_m * op.block_n * op.element_bytes;
    if (need <= op.pool_a) return;
    if (op.block_m > 1) {
      op.block_m = (op.block_m + 1) / 2;
    } else if (op.block_n > 1 && !op.rows_whole) {
      op.block_n = (op.block_n + 1) / 2;
    } else {
      refuse(graph, primary, fmt::format("one output row needs {} B of L2, the budget is {} B", need, op.pool_a));
    }
  }
}

}  // namespace

void map_on_tiles(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config, Precision used) {
  set_sites(graph, primary, op, config, used);
  if (op.kind == OpKind::vector) {
    set_vector_blocks(graph, primary, op, config);
  } else {
    set_grid(op);
  }
  if (config.ideal_operands) {
    deal(op, config);
  } else {
    set_partition(op, config);
  }
  if (op.kind == OpKind::gemm) set_chunks(graph, primary, op, config);
}

LoweredOp map_group(const Graph& graph, const workloads::FusedGroup& group, const KpuConfig& config) {
  PlaneMap planes;
  for (const workloads::TensorId input : group.inputs) {
    planes.emplace(input, plain_view(graph.tensors[input].shape, kGraphInput));
  }
  const Operator& primary = graph.operators[group.members.front()];
  LoweredOp op = shape_group(graph, group, planes, {}).op;
  if (op.kind != OpKind::view) map_on_tiles(graph, primary, op, config, Precision::int8);
  return op;
}

}  // namespace cyclescope::kpu
