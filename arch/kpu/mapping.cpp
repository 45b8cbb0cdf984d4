// Puts one operator on the tiles: blocks, partition by output, what stays in L2, slices of the reduction.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "arch/kpu/commands.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/partition.h"
#include "arch/kpu/shape_views.h"
#include "arch/kpu/tile_choice.h"

namespace cyclescope::kpu {
namespace {

using workloads::Graph;
using workloads::Operator;

/// Most K steps of a slice: an L2 request or, where weights stay, as many as the array holds.
std::int64_t longest_slice(const LoweredOp& op, const KpuConfig& config) {
  if (op.array.weight_stationary) return op.array.fold_steps();
  return std::max<std::int64_t>({16, config.slice_steps / op.element_bytes, whole_steps(op.array)});
}

/// The slices of a reduction over `channels`: chunk by chunk, all taps of a chunk together. None when one takes no step
/// of the array.
std::vector<Slice> slices_for(const LoweredOp& op, const KpuConfig& config, std::int64_t channels) {
  const std::int64_t longest = longest_slice(op, config);
  const bool folds = op.array.weight_stationary;
  const std::int64_t unit = folds ? op.array.cell_k : 1;  // folds are cut between rows of the array
  const auto array = [&op](std::int64_t k) { return ceil_div(4 * k, op.array.quarter_macs); };
  std::vector<Slice> slices;
  std::int64_t first = 0;
  std::int64_t chunk = 0;
  for (std::int64_t channel = 0; channel < channels; channel += op.chunk_channels) {
    for (std::int64_t row_part = 0; row_part < op.row_parts; ++row_part, ++chunk) {
      const std::int64_t width = std::min(op.chunk_channels, channels - channel);
      const Range rows = split(op.window.kernel[0], op.row_parts, row_part);
      const std::int64_t chunk_steps = width * rows.size() * op.window.kernel[1];
      const std::int64_t parts = ceil_div(chunk_steps, longest);  // of equal length, so that none is short
      for (std::int64_t part = 0; part < parts; ++part) {
        Range steps = split(ceil_div(chunk_steps, unit), parts, part);
        steps = {steps.begin * unit, std::min(steps.end * unit, chunk_steps)};
        const std::int64_t begin = folds ? 0 : array(first + steps.begin);
        const std::int64_t length = folds ? ceil_div(steps.size(), unit) : array(first + steps.end) - begin;
        if (length == 0) return {};
        slices.push_back({first + steps.begin, steps.size(), chunk, first, chunk_steps, width, rows, begin, length});
      }
      first += chunk_steps;
    }
  }
  return slices;
}

/// False when a slice takes no step of the array.
bool set_slices(LoweredOp& op, const KpuConfig& config) {
  const std::int64_t last = op.channels_of(op.groups - 1).size();
  const bool shorter = last < op.group_channels();
  op.slices = slices_for(op, config, op.group_channels());
  if (shorter) op.last_slices = slices_for(op, config, last);
  if (op.slices.empty() || (shorter && op.last_slices.empty())) return false;
  op.chunks = op.slices.back().chunk + 1;
  op.array_steps =
      op.array.weight_stationary ? ceil_div(op.block_m, op.array.cell_m) : ceil_div(4 * op.k, op.array.quarter_macs);
  return true;
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
  std::int64_t longest = longest_slice(op, config);
  if (op.array.weight_stationary) {
    longest = std::min(longest, op.chunk_channels * op.window.kernel[0] * op.window.kernel[1]);
  }
  const std::int64_t b_slice = longest * op.block_n * bytes + op.block_n * op.epilogue_bytes;
  const std::int64_t b_strip = (op.k * bytes + op.epilogue_bytes) * op.block_n;
  std::int64_t staged = op.result_bytes;  // of an element: the result, and the residual operand that it waits for
  for (const InputEdge& edge : op.inputs) staged += edge.role == EdgeRole::residual ? edge.element_bytes : 0;
  const std::int64_t staging = 2 * op.block_m * op.block_n * staged;
  const std::int64_t sums = op.array.weight_stationary ? op.block_m * op.block_n * kSumBytes : 0;
  budget = std::max<std::int64_t>(0, config.l2_bytes - staging - sums);
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
    op.moved_bytes = moved_a;
  } else if (b_fits) {
    op.hold = Hold::b;
    op.pool_a = 2 * a.chunk;
    op.pool_b = budget - op.pool_a;
    op.moved_bytes = moved_b;
  } else if (need <= budget) {
    op.hold = Hold::none;
    op.pool_b = 2 * b_slice;
    op.pool_a = budget - op.pool_b;
    op.moved_bytes = rows * columns * (a.strip + b_strip);
  } else {
    return false;
  }
  return true;
}

/// Largest chunk of channels with which the operands fit L2: whole lines first, then parts of a line. False when none
/// does, with the bytes needed and those there are (enough when it is the steps of the array that do not fit).
bool set_chunks(LoweredOp& op, const KpuConfig& config, std::int64_t& need, std::int64_t& budget) {
  const std::int64_t taps = op.window.kernel[0] * op.window.kernel[1];
  const std::int64_t whole = whole_steps(op.array);  // all chunks but the last are whole steps of the array
  const std::int64_t request =
      op.array.weight_stationary ? op.array.fold_steps() : config.slice_steps / op.element_bytes;
  const std::int64_t widest = std::max<std::int64_t>(2, taps == 1 ? request : config.line_bytes / op.element_bytes);
  op.chunk_channels = std::min(op.group_channels(), round_up(widest, whole));
  std::int64_t window = largest_window(op);
  while (!set_l2(op, config, window, need, budget)) {
    if (op.chunk_channels <= whole) {
      if (op.row_parts >= op.window.kernel[0] || op.whole_input) return false;
      op.row_parts = std::min(op.row_parts * 2, op.window.kernel[0]);  // then some rows of the kernel at a time
      window = largest_window(op);
      continue;
    }
    op.chunk_channels = round_up((op.chunk_channels + 1) / 2, whole);
  }
  return set_slices(op, config);
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
      const std::int64_t pixels = edge.role == EdgeRole::per_channel ? edge.pixels : largest_window(op);
      largest += pixels * op.block_n * edge.element_bytes;
    }
    const std::int64_t need = 2 * largest;
    op.pool_a = config.l2_bytes - 2 * op.block_m * op.block_n * op.result_bytes;
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

PartitionCost map_vector_work(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config) {
  for (int site = 0; site < config.tiles; ++site) op.sites.push_back(site);
  set_vector_blocks(graph, primary, op, config);
  return partition(op, config);
}

PartitionCost map_product(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config,
                          const std::vector<TileGroup>& groups) {
  const LoweredOp shaped = op;
  std::optional<PartitionCost> least;
  std::int64_t need = 0;
  std::int64_t budget = 0;
  for (const TileGroup& group : groups) {
    bool fits = false;
    for (const std::int64_t rows : block_rows(shaped, group.array)) {
      // Folds of fewer tokens than rows wait for their loads: only where L2 leaves no choice.
      if (fits && ceil_div(rows, group.array.cell_m) < group.array.rows) break;
      LoweredOp candidate = shaped;
      candidate.array = group.array;
      candidate.sites = group.sites;
      candidate.block_m = rows;
      candidate.block_n = group.array.fold_channels();
      set_grid(candidate);
      PartitionCost cost = partition(candidate, config);
      if (!set_chunks(candidate, config, need, budget)) continue;
      fits = true;
      const std::int64_t clocks = busy_clocks(candidate, config) + cost.traffic_clocks;  // the slices are known now
      cost.busy_clocks = std::max(clocks, ceil_div(candidate.moved_bytes, config.line_bytes)) - cost.traffic_clocks;
      if (least && !(cost < *least)) continue;
      least = cost;
      op = std::move(candidate);
    }
  }
  if (least) return *least;
  if (need <= budget) refuse(graph, primary, "what fits L2 is less than a step of the array takes");
  refuse(graph, primary, fmt::format("its operands need {} B of L2, the budget is {} B", need, budget));
}

PartitionCost map_on_tiles(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config,
                           Precision used) {
  if (op.kind == OpKind::vector) return map_vector_work(graph, primary, op, config);
  const std::vector<TileGroup> groups = groups_for(config, used);
  if (groups.empty()) refuse(graph, primary, no_tiles(config, used));
  return map_product(graph, primary, op, config, groups);
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
