#include "arch/kpu/tile_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/checked.h"

namespace cyclescope::kpu {
namespace {

constexpr std::int64_t kMostRows = 256;  // of a block where weights stay: its sums take 8 KiB of 8 columns

/// Clocks in which the results of a fold leave the array.
std::int64_t drain_clocks(const LoweredOp& op, const KpuConfig& config, int passes) {
  const std::int64_t row = ceil_div(op.block_n * op.array.cell_m * passes, config.vector_lanes);
  return ceil_div(op.block_m, op.array.cell_m) * row;
}

/// Clocks of a fold of `steps` K steps: tokens of A, rows of B and results each at their pace.
std::int64_t fold_clocks(const LoweredOp& op, const KpuConfig& config, std::int64_t steps, int passes) {
  const std::int64_t a = ceil_div(op.block_m * steps * op.element_bytes, op.array.port_bytes);
  const std::int64_t b = ceil_div(op.block_n * steps * op.element_bytes, op.array.port_bytes);
  return std::max({a, b, drain_clocks(op, config, passes)});
}

/// Clocks for which a block takes one of the two result slots of L2.
std::int64_t slot_clocks(const LoweredOp& op, const KpuConfig& config) {
  const std::int64_t lines = ceil_div(op.block_m * op.block_n * op.result_bytes, config.line_bytes);
  return drain_clocks(op, config, op.vector_passes) + config.vector_depth + 1 + config.l2_latency + lines + 1;
}

/// Whether tiles can share an operator. Output-stationary tiles with ports of different widths all go at the narrowest.
bool alike(const TileArray& a, TileArray b) {
  if (!a.weight_stationary) b.port_bytes = a.port_bytes;
  return a == b;
}

}  // namespace

std::vector<TileGroup> groups_for(const KpuConfig& config, Precision used) {
  std::vector<TileGroup> groups;
  for (std::size_t kind = 0; kind < config.kinds.size(); ++kind) {  // kinds in order, so that equals keep it
    if (config.kinds[kind].quarter_macs(used) == 0) continue;
    const MatrixUse use = config.matrix_use;
    if (use != MatrixUse::cheapest && (use == MatrixUse::only) != (kind == kMatrixTile)) continue;
    const TileArray array = config.kinds[kind].array(used);
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const TileGroup& one) { return alike(one.array, array); });
    if (group == groups.end()) group = groups.insert(groups.end(), TileGroup{array, {}});
    group->array.port_bytes = std::min(group->array.port_bytes, array.port_bytes);
    for (std::size_t site = 0; site < config.kind_of_tile.size(); ++site) {
      if (config.kind_of_tile[site] == kind) group->sites.push_back(static_cast<std::int32_t>(site));
    }
  }
  const auto empty = [](const TileGroup& group) { return group.sites.empty(); };
  groups.erase(std::remove_if(groups.begin(), groups.end(), empty), groups.end());
  for (TileGroup& group : groups) std::sort(group.sites.begin(), group.sites.end());
  const auto rank = [](const TileGroup& group) {
    const TileArray& array = group.array;
    const auto tiles = static_cast<std::int64_t>(group.sites.size());
    return std::make_pair(array.weight_stationary, -tiles * array.rows * array.columns * array.quarter_macs);
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&rank](const TileGroup& a, const TileGroup& b) { return rank(a) < rank(b); });
  return groups;
}

std::string no_tiles(const KpuConfig& config, Precision used) {
  const char* kinds = config.matrix_use == MatrixUse::only  ? "matrix tile"
                      : config.matrix_use == MatrixUse::off ? "tile other than matrix tiles"
                                                            : "tile";
  return fmt::format("no {} executes {}", kinds, name(used));
}

std::vector<std::int64_t> block_rows(const LoweredOp& op, const TileArray& array) {
  if (!array.weight_stationary) return {array.rows};
  const std::int64_t m = op.frames_apart ? op.m / op.frames : op.m;
  std::vector<std::int64_t> rows;
  for (std::int64_t candidate = kMostRows; candidate >= 1; candidate /= 2) {
    if (candidate < 2 * m) rows.push_back(std::min(candidate, m));
  }
  return rows;
}

std::int64_t whole_steps(const TileArray& array) {
  return array.weight_stationary ? 1 : ceil_div(array.quarter_macs, 4);
}

int fold_passes(const LoweredOp& op, std::size_t index, std::size_t folds) {
  return index + 1 < folds ? 1 : op.vector_passes + (index > 0 ? 1 : 0);
}

std::int64_t block_clocks(const LoweredOp& op, const KpuConfig& config) {
  if (op.array.weight_stationary) {
    const std::int64_t full = op.array.fold_steps();
    const std::int64_t slots = ceil_div(slot_clocks(op, config), 2);
    if (op.slices.empty()) {
      return std::max(slots, ceil_div(op.k, full) * fold_clocks(op, config, std::min(op.k, full), 1));
    }
    std::int64_t clocks = 0;
    for (std::size_t s = 0; s < op.slices.size(); ++s) {
      clocks += fold_clocks(op, config, op.slices[s].steps, fold_passes(op, s, op.slices.size()));
    }
    return std::max(slots, clocks);
  }
  const std::int64_t widest = std::max(op.block_m, op.block_n) * op.k * op.element_bytes;
  return std::max(
      {ceil_div(4 * op.k, op.array.quarter_macs), 2 * op.block_m - 1, ceil_div(widest, op.array.port_bytes)});
}

}  // namespace cyclescope::kpu
