#include "arch/kpu/k_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "arch/kpu/settle.h"
#include "sim/base/checked.h"

namespace cyclescope::kpu {
namespace {

/// Parts that `auto` tries.
constexpr std::int64_t kParts[]{2, 3, 4, 8};

/// The two operators of a split product on their tiles, and what they cost together by the estimate.
struct Candidate {
  SplitProduct operators;
  PartitionCost cost;
};

/// Clocks that the launch of one operator more takes, with a program more.
std::int64_t launch_clocks(const KpuConfig& config) {
  return config.launch_cycles + 2 * config.signal_latency + config.rows + config.columns - 1 +
         ceil_div(config.program_bytes, config.flit_bytes);
}

bool splits(const LoweredOp& op) { return op.kind == OpKind::gemm && op.groups == 1 && op.weight_bytes > 0; }

/// Clocks in which the operands of the busiest tile get from L3 into L2, and from there to its vector engine: one after the
/// other, as it has few blocks.
std::int64_t line_clocks(const LoweredOp& sum, const KpuConfig& config) {
  if (config.ideal_operands) return 0;
  std::int64_t bytes = 0;  // of an element of the output
  for (const InputEdge& edge : sum.inputs) bytes += edge.role == EdgeRole::input ? edge.element_bytes : 0;
  return 2 * sum.rounds() * ceil_div(sum.block_m * sum.block_n * bytes, config.line_bytes);
}

/// Puts the sum on the tiles that made the parts, where each of these has one block: every one adds some rows of the
/// block that they share, so that sums go to neighbours only. False where that is not so or L2 does not hold it.
bool add_in_place(const LoweredOp& partial, LoweredOp& given, const KpuConfig& config) {
  if (config.ideal_operands || partial.rounds() != 1) return false;
  LoweredOp sum = given;
  std::int64_t shares = partial.groups;
  while (partial.block_m % shares != 0) --shares;
  sum.block_m = partial.block_m / shares;
  sum.block_n = partial.block_n;
  sum.tiles_m = sum.grid_m = ceil_div(sum.m, sum.block_m);
  sum.tiles_n = sum.grid_n = ceil_div(sum.n, sum.block_n);
  std::int64_t operands = 0;  // of a block
  for (const InputEdge& edge : sum.inputs) {
    operands += (edge.role == EdgeRole::per_channel ? edge.pixels : sum.block_m) * sum.block_n * edge.element_bytes;
  }
  sum.pool_a = config.l2_bytes - 2 * sum.block_m * sum.block_n * sum.result_bytes;
  if (2 * operands > sum.pool_a) return false;
  sum.sites.clear();
  for (std::int64_t im = 0; im < sum.tiles_m; ++im) {
    for (std::int64_t in = 0; in < sum.tiles_n; ++in) {
      const std::int64_t column = im % shares * partial.blocks_per_group() + in;
      sum.sites.push_back(partial.sites[static_cast<std::size_t>(im / shares * partial.tiles_n + column)]);
    }
  }
  given = std::move(sum);
  return true;
}

/// The sites on which an operator that is mapped may stand.
std::vector<std::int32_t> usable_sites(const LoweredOp& op, const KpuConfig& config, Precision used) {
  if (op.kind == OpKind::gemm) {
    for (TileGroup& group : groups_for(config, used)) {
      if (group.array == op.array) return std::move(group.sites);
    }
  }
  std::vector<std::int32_t> all(static_cast<std::size_t>(config.tiles));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// The split into `parts` on a group of tiles; nothing when there are not so many parts, or L2 or L3 does not hold
/// them.
std::optional<Candidate> split_on(const workloads::Graph& graph, const workloads::Operator& primary,
                                  const LoweredOp& op, const KpuConfig& config, const TileGroup& group,
                                  std::int64_t parts, std::int32_t index) {
  const std::int64_t whole = whole_steps(group.array);
  const std::int64_t part_channels = round_up(ceil_div(op.in_channels, parts), whole);
  if (ceil_div(op.in_channels, whole) < parts || part_channels >= op.in_channels) return std::nullopt;
  Candidate candidate{split_product(op, part_channels, index), {}};
  SplitProduct& two = candidate.operators;
  try {
    const PartitionCost product = map_product(graph, primary, two.partial, config, {group});
    if (product.beyond_l3 > 0) return std::nullopt;  // from external memory every tile would get a copy of its own
    const PartitionCost sum = add_in_place(two.partial, two.sum, config)
                                  ? partition_as_given(two.sum, config)
                                  : map_vector_work(graph, primary, two.sum, config);
    candidate.cost.beyond_l3 = std::max(product.beyond_l3, sum.beyond_l3);
    candidate.cost.busy_clocks =
        product.busy_clocks + std::max(sum.busy_clocks, line_clocks(two.sum, config)) + launch_clocks(config);
    candidate.cost.traffic_clocks = product.traffic_clocks + sum.traffic_clocks;
  } catch (const NotModelled&) {
    return std::nullopt;
  }
  return candidate;
}

/// The cheapest split that lowering.k_split allows.
std::optional<Candidate> best_split(const workloads::Graph& graph, const workloads::Operator& primary,
                                    const LoweredOp& op, const KpuConfig& config, Precision used, std::int32_t index) {
  std::optional<Candidate> best;
  for (const TileGroup& group : groups_for(config, used)) {
    if (group.array.weight_stationary) continue;
    const auto tiles = static_cast<std::int64_t>(group.sites.size());
    const std::int64_t blocks = ceil_div(op.m, group.array.rows) * ceil_div(op.n, group.array.columns);
    if (blocks >= tiles) continue;
    for (const std::int64_t parts : kParts) {
      if (config.k_split > 0 ? parts != config.k_split : parts * blocks > tiles) continue;
      std::optional<Candidate> candidate = split_on(graph, primary, op, config, group, parts, index);
      if (candidate && (!best || candidate->cost < best->cost)) best = std::move(candidate);
    }
  }
  return best;
}

}  // namespace

SplitProduct split_product(const LoweredOp& op, std::int64_t part_channels, std::int32_t index) {
  const std::int64_t parts = ceil_div(op.in_channels, part_channels);
  SplitProduct two{op, {}};
  LoweredOp& partial = two.partial;
  partial.name = op.name + " (partial sums)";
  partial.type = "partial sums";
  partial.members.clear();
  partial.k = op.k / op.in_channels * part_channels;
  partial.n = parts * op.n;
  partial.groups = parts;
  partial.part_channels = part_channels;
  partial.result_bytes = kSumBytes;
  partial.weight_bytes = op.weight_bytes - op.n * op.epilogue_bytes;
  partial.epilogue_bytes = 0;
  partial.vector_passes = 1;
  partial.program = fmt::format("partial sums of {} {}x{}", op.type, op.window.kernel[0], op.window.kernel[1]);
  const auto residual = [](const InputEdge& edge) { return edge.role == EdgeRole::residual; };
  partial.inputs.erase(std::remove_if(partial.inputs.begin(), partial.inputs.end(), residual), partial.inputs.end());

  LoweredOp& sum = two.sum;
  sum.name = op.name;
  sum.type = op.type;
  sum.members = op.members;
  sum.kind = OpKind::vector;
  sum.element_bytes = op.element_bytes;
  sum.result_bytes = op.result_bytes;
  sum.frames = op.frames;
  sum.m = op.m;
  sum.n = sum.in_channels = op.n;
  sum.in_height = sum.out_height = 1;  // element by element: a row of pixels
  sum.in_width = sum.out_width = op.frame_pixels();
  sum.per_input = false;
  // The first part enters with the pass that adds bias and requantises, every other one is an operand more.
  sum.vector_passes = op.vector_passes + static_cast<int>(parts) - 1;
  sum.precision_label = op.precision_label;
  sum.program = fmt::format("sum of {} parts, {}", parts, op.program);
  const std::int64_t pixels = op.frame_pixels();
  for (std::int64_t part = 0; part < parts; ++part) {
    InputEdge edge;
    edge.element_bytes = kSumBytes;
    edge.pixels = pixels;
    edge.channels = op.n;
    edge.pieces.push_back({index, {0, pixels, part * op.n, (part + 1) * op.n}, pixels, 0, 0});
    sum.inputs.push_back(std::move(edge));
  }
  for (const InputEdge& edge : op.inputs) {
    if (!residual(edge)) continue;
    sum.inputs.push_back(edge);
    sum.inputs.back().role = EdgeRole::input;
  }
  InputEdge parameters;
  parameters.role = EdgeRole::per_channel;
  parameters.element_bytes = kSumBytes;
  parameters.pixels = op.epilogue_bytes / kSumBytes;
  parameters.channels = op.n;
  parameters.pieces.push_back({kConstant, {0, parameters.pixels, 0, op.n}, parameters.pixels, 0, 0});
  sum.inputs.push_back(std::move(parameters));
  set_used_pixels(sum);
  return two;
}

std::vector<LoweredOp> map_whole_or_split(const workloads::Graph& graph, const workloads::Operator& primary,
                                          LoweredOp op, const KpuConfig& config, Precision used,
                                          const std::vector<LoweredOp>& before) {
  const auto index = static_cast<std::int32_t>(before.size());
  std::optional<Candidate> split;
  if (config.k_split != 1 && splits(op)) split = best_split(graph, primary, op, config, used, index);
  std::vector<LoweredOp> operators;
  std::vector<const LoweredOp*> producers;
  for (const LoweredOp& one : before) producers.push_back(&one);
  if (config.k_split < 2 || !split) {
    const PartitionCost whole = map_on_tiles(graph, primary, op, config, used);
    if (!split || !(split->cost < whole)) {
      if (!config.ideal_operands) settle(op, usable_sites(op, config, used), producers, config);
      operators.push_back(std::move(op));
      return operators;
    }
  }
  LoweredOp& partial = split->operators.partial;
  LoweredOp& sum = split->operators.sum;
  if (!config.ideal_operands) {
    settle(partial, usable_sites(partial, config, used), producers, config);
    producers.push_back(&partial);
    if (add_in_place(partial, sum, config)) {
      number_tiles(sum, config);
    } else {
      settle(sum, usable_sites(sum, config, used), producers, config);
    }
  }
  operators.push_back(std::move(partial));
  operators.push_back(std::move(sum));
  return operators;
}

}  // namespace cyclescope::kpu
