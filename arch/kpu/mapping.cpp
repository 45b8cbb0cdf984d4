// Mapping of one fused group on the tiles: GEMM view of the operator, blocks, partition by output, L2 residency.
#include <fmt/format.h>

#include <algorithm>

#include "arch/kpu/lowering.h"
#include "workloads/cost.h"

namespace cyclescope::kpu {
namespace {

using workloads::FusedGroup;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorType;

[[noreturn]] void not_modelled(const Graph& graph, const Operator& op, const std::string& why) {
  throw NotModelled(fmt::format("{} '{}' of model '{}' is not modelled on KPU: {}", workloads::name(op.type), op.name,
                                graph.model, why));
}

/// Geometry of the input and output planes; batch 1 only.
void set_planes(const Graph& graph, const Operator& op, LoweredOp& lowered) {
  const workloads::Shape& in = graph.input(op, 0).shape;
  const workloads::Shape& out = graph.output(op).shape;
  if (in.empty() || (in.size() == 4 && in[0] != 1)) not_modelled(graph, op, "expected batch 1");
  if (in.size() == 4) {
    lowered.in_channels = in[1];
    lowered.in_height = in[2];
    lowered.in_width = in[3];
    lowered.n = out[1];
    lowered.m = out.size() == 4 ? out[2] * out[3] : 1;
    lowered.out_width = out.size() == 4 ? out[3] : 1;
  } else {  // matrix: rows x features
    lowered.in_channels = in.back();
    lowered.in_height = 1;
    lowered.in_width = graph.input(op, 0).elements() / in.back();
    lowered.n = out.back();
    lowered.m = lowered.in_width;
    lowered.out_width = lowered.m;
  }
}

void set_operator(const Graph& graph, const Operator& op, LoweredOp& lowered) {
  switch (op.type) {
    case OperatorType::conv2d: {
      const auto& conv = std::get<workloads::ConvAttributes>(op.attributes);
      if (conv.groups != 1) not_modelled(graph, op, fmt::format("groups = {}, expected 1", conv.groups));
      lowered.window = {conv.kernel, conv.stride, conv.padding, conv.dilation};
      lowered.k = conv.kernel[0] * conv.kernel[1] * lowered.in_channels;
      break;
    }
    case OperatorType::gemm:
      lowered.k = lowered.in_channels;
      break;
    case OperatorType::max_pool2d:
    case OperatorType::avg_pool2d: {
      const auto& pool = std::get<workloads::PoolAttributes>(op.attributes);
      lowered.kind = OpKind::vector;
      lowered.window = {pool.kernel, pool.stride, pool.padding, pool.dilation};
      break;
    }
    case OperatorType::global_avg_pool:
      lowered.kind = OpKind::vector;
      lowered.whole_input = true;
      break;
    case OperatorType::relu:
    case OperatorType::clip:
      lowered.kind = OpKind::vector;
      break;
    case OperatorType::add: {
      const bool same = graph.input(op, 0).shape == graph.input(op, 1).shape && op.inputs[0] != op.inputs[1];
      const bool activations = graph.input(op, 0).role == workloads::TensorRole::activation &&
                               graph.input(op, 1).role == workloads::TensorRole::activation;
      if (!same || !activations) not_modelled(graph, op, "only the sum of two activations of one shape is known");
      lowered.kind = OpKind::vector;
      break;
    }
    case OperatorType::reshape: {
      const workloads::Shape& out = graph.output(op).shape;
      const bool flatten = out.size() == 2 && out[0] == 1;
      if (!flatten) not_modelled(graph, op, "only a reshape to one row is a view");
      lowered.kind = OpKind::view;
      break;
    }
    default:
      not_modelled(graph, op, "its lowering is not known yet");
  }
}

/// Marks the input rows and columns that some window touches: a stride beyond the kernel skips pixels, and what is
/// skipped is never moved.
void set_used_pixels(LoweredOp& op, const workloads::Shape& out) {
  const auto used = [&op](std::int64_t outputs, std::int64_t inputs, std::size_t axis) {
    std::vector<char> touched(static_cast<std::size_t>(inputs), op.whole_input ? 1 : 0);
    for (std::int64_t o = 0; o < outputs && !op.whole_input; ++o) {
      for (std::int64_t tap = 0; tap < op.window.kernel[axis]; ++tap) {
        const std::int64_t i = o * op.window.stride[axis] - op.window.padding[axis] + tap * op.window.dilation[axis];
        if (i >= 0 && i < inputs) touched[static_cast<std::size_t>(i)] = 1;
      }
    }
    return touched;
  };
  const bool plane = out.size() == 4;
  op.row_used = used(plane ? out[2] : 1, op.in_height, 0);
  op.columns_used_before.assign(1, 0);
  for (const char column : used(plane ? out[3] : op.in_width, op.in_width, 1)) {
    op.columns_used_before.push_back(op.columns_used_before.back() + column);
  }
}

/// Members after the primary: what the drain does besides requantisation.
void set_epilogue(const Graph& graph, const FusedGroup& group, LoweredOp& lowered) {
  for (std::size_t i = 1; i < group.members.size(); ++i) {
    const Operator& op = graph.operators[group.members[i]];
    const bool known = op.type == OperatorType::batch_norm || op.type == OperatorType::add ||
                       op.type == OperatorType::relu || op.type == OperatorType::clip;
    if (!known) not_modelled(graph, op, "its lowering on the drain is not known yet");
  }
  constexpr std::int64_t kBytesPerChannel = 8;  // INT32 bias and 32-bit requantisation scale
  if (lowered.kind == OpKind::gemm) lowered.epilogue_bytes = kBytesPerChannel;
  // Bias, activation and requantisation are one pass; a residual operand is a pass of its own.
  lowered.vector_passes = group.has_residual ? 2 : 1;
}

/// The slices of the reduction: chunk of channels by chunk, all taps of a chunk together.
void set_slices(LoweredOp& op, const KpuConfig& config) {
  const std::int64_t taps = op.window.kernel[0] * op.window.kernel[1];
  op.slices.clear();
  std::int64_t first = 0;
  for (std::int64_t channel = 0, chunk = 0; channel < op.in_channels; channel += op.chunk_channels, ++chunk) {
    const std::int64_t channels = std::min(op.chunk_channels, op.in_channels - channel);
    const std::int64_t parts = ceil_div(channels * taps, config.slice_steps);  // of equal length, so that none is short
    for (std::int64_t part = 0; part < parts; ++part) {
      const Range steps = split(channels * taps, parts, part);
      op.slices.push_back({first + steps.begin, steps.size(), chunk});
    }
    first += channels * taps;
  }
}

/// Largest A chunk and strip in bytes over the row blocks, at one byte per element.
struct Footprint {
  std::int64_t chunk = 0;
  std::int64_t strip = 0;
};

Footprint a_footprint(const LoweredOp& op) {
  Footprint largest;
  for (std::int64_t mb = 0; mb < op.grid_m; ++mb) {
    const Region out = op.block(mb, 0);
    const std::int64_t pixels = window_pixels(op, out.pixel_begin, out.pixel_end);
    largest.chunk = std::max(largest.chunk, pixels * op.chunk_channels);
    largest.strip = std::max(largest.strip, pixels * op.in_channels);
  }
  return largest;
}

/// Chooses what stays in L2; the pools hold two slices or chunks of what streams. False when nothing fits, with the
/// bytes needed and those there are.
bool set_l2(LoweredOp& op, const KpuConfig& config, std::int64_t& need, std::int64_t& budget) {
  const Footprint a = a_footprint(op);
  const std::int64_t b_slice = config.slice_steps * op.block_n + op.block_n * op.epilogue_bytes;
  const std::int64_t b_strip = (op.k + op.epilogue_bytes) * op.block_n;
  const std::int64_t staging = 2 * op.block_m * op.block_n * (op.vector_passes > 1 ? 2 : 1);
  budget = std::max<std::int64_t>(0, config.l2_bytes - staging);
  need = 2 * a.chunk + 2 * b_slice;
  const bool a_fits = a.strip + a.chunk + 2 * b_slice <= budget;
  const bool b_fits = b_strip + b_slice + 2 * a.chunk <= budget;
  const std::int64_t rows = ceil_div(op.grid_m, op.tiles_m);
  const std::int64_t columns = ceil_div(op.grid_n, op.tiles_n);
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
  op.chunk_channels = std::min<std::int64_t>(op.in_channels, taps == 1 ? config.slice_steps : config.line_bytes);
  std::int64_t need = 0;
  std::int64_t budget = 0;
  while (!set_l2(op, config, need, budget)) {
    if (op.chunk_channels == 1) {
      not_modelled(graph, primary, fmt::format("its operands need {} B of L2, the budget is {} B", need, budget));
    }
    op.chunk_channels = (op.chunk_channels + 1) / 2;
  }
  set_slices(op, config);
}

/// Clocks of the busiest tile by a simple estimate: array time against operand ingest through the router. Decides the
/// partition only; the machine finds the time.
std::int64_t partition_cost(const LoweredOp& op, const KpuConfig& config) {
  std::int64_t ingest = 0;
  for (std::int64_t tile = 0; tile < op.tiles(); tile += op.tiles_n) {
    const Region in = input_region(op, op.output_region(tile));
    ingest =
        std::max(ingest, used_elements(op, in) * static_cast<std::int64_t>(op.inputs.empty() ? 1 : op.inputs.size()));
  }
  const std::int64_t ingest_clocks = ceil_div(ingest, config.flit_bytes);
  const std::int64_t per_block =
      op.kind == OpKind::gemm ? std::max<std::int64_t>(op.k, 2 * op.block_m - 1) : op.block_m * op.block_n;
  const std::int64_t columns = ceil_div(op.grid_n, op.tiles_n);
  const std::int64_t weights = ceil_div(columns * op.block_n * op.k, config.flit_bytes);
  return op.rounds() * per_block + ingest_clocks + weights;
}

void set_partition(LoweredOp& op, const KpuConfig& config) {
  LoweredOp best = op;
  std::int64_t best_cost = -1;
  for (std::int64_t tiles_m = 1; tiles_m <= std::min<std::int64_t>(op.grid_m, config.tiles); ++tiles_m) {
    LoweredOp candidate = op;
    candidate.tiles_m = tiles_m;
    candidate.tiles_n = std::min<std::int64_t>(op.grid_n, config.tiles / tiles_m);
    const std::int64_t cost = partition_cost(candidate, config);
    if (best_cost < 0 || cost < best_cost) {
      best_cost = cost;
      best = candidate;
    }
  }
  op = best;
}

/// Rows of a vector block: as many pixels as leave room for two input regions in L2.
void set_vector_blocks(const Graph& graph, const Operator& primary, LoweredOp& op, const KpuConfig& config,
                       std::size_t operands) {
  op.block_n = std::min<std::int64_t>(op.n, config.columns);
  const std::int64_t most = ceil_div(op.m * ceil_div(op.n, op.block_n), config.tiles);
  for (op.block_m = std::max<std::int64_t>(1, std::min(op.m, most));; op.block_m = (op.block_m + 1) / 2) {
    op.grid_m = ceil_div(op.m, op.block_m);
    op.grid_n = ceil_div(op.n, op.block_n);
    std::int64_t largest = 0;
    for (std::int64_t mb = 0; mb < op.grid_m; ++mb) {
      const Region out = op.block(mb, 0);
      largest = std::max(largest, window_pixels(op, out.pixel_begin, out.pixel_end) * op.block_n);
    }
    op.pool_a = config.l2_bytes - 2 * op.block_m * op.block_n;
    if (2 * largest * static_cast<std::int64_t>(operands) <= op.pool_a) return;
    if (op.block_m == 1) {
      not_modelled(graph, primary,
                   fmt::format("one output row needs {} B of L2, the budget is {} B",
                               2 * largest * static_cast<std::int64_t>(operands), op.pool_a));
    }
  }
}

}  // namespace

LoweredOp map_group(const Graph& graph, const FusedGroup& group, const KpuConfig& config) {
  const Operator& primary = graph.operators[group.members.front()];
  LoweredOp op;
  op.name = primary.name;
  op.type = workloads::name(primary.type);
  for (const workloads::OperatorId member : group.members) {
    op.members += (op.members.empty() ? "" : " ") + graph.operators[member].name;
    op.macs += workloads::cost(graph, graph.operators[member]).macs;
  }
  set_planes(graph, primary, op);
  set_operator(graph, primary, op);
  set_used_pixels(op, graph.output(primary).shape);
  if (op.kind == OpKind::view) return op;
  set_epilogue(graph, group, op);
  op.program = fmt::format("{} {}x{} {} {}", op.type, op.window.kernel[0], op.window.kernel[1], op.vector_passes,
                           group.has_activation);
  if (op.kind == OpKind::vector) {
    set_vector_blocks(graph, primary, op, config, group.inputs.size());
    set_partition(op, config);
    return op;
  }
  op.block_m = config.rows;
  op.block_n = config.columns;
  op.grid_m = ceil_div(op.m, op.block_m);
  op.grid_n = ceil_div(op.n, op.block_n);
  op.weight_bytes = op.k * op.n + op.n * op.epilogue_bytes;
  set_partition(op, config);
  set_chunks(graph, primary, op, config);
  return op;
}

}  // namespace cyclescope::kpu
