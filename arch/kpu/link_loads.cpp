#include "arch/kpu/link_loads.h"

#include <algorithm>

#include "sim/base/checked.h"

namespace cyclescope::kpu {

LinkLoads::LinkLoads(const KpuConfig& config)
    : config_(config),
      east_(static_cast<std::size_t>((config.mesh_width + 1) * config.mesh_height), 0),
      west_(east_),
      south_(static_cast<std::size_t>((config.mesh_height + 1) * config.mesh_width), 0),
      north_(south_),
      injection_(static_cast<std::size_t>(config.tiles + config.dma_engines), 0),
      ejection_(static_cast<std::size_t>(config.tiles), 0),
      first_(static_cast<std::size_t>(config.mesh_width)),
      last_(first_) {}

void LinkLoads::add(std::int32_t source, const std::vector<std::int32_t>& sites, std::int64_t bytes) {
  const auto packet = [this](std::int64_t payload) {
    return payload > 0 ? 1 + ceil_div(payload, config_.flit_bytes) : 0;
  };
  const std::int64_t flits =
      bytes / config_.packet_bytes * packet(config_.packet_bytes) + packet(bytes % config_.packet_bytes);
  if (config_.multicast) {
    add_tree(source, sites, flits);
  } else {
    for (const std::int32_t site : sites) add_tree(source, {site}, flits);
  }
}

void LinkLoads::add_run(std::vector<std::int64_t>& steps, std::int32_t line, std::int32_t from, std::int32_t to,
                        std::int64_t flits) {
  const std::int32_t length = &steps == &east_ || &steps == &west_ ? config_.mesh_width : config_.mesh_height;
  steps[static_cast<std::size_t>(line * (length + 1) + from)] += flits;
  steps[static_cast<std::size_t>(line * (length + 1) + to)] -= flits;
  total_ += flits * (to - from);
}

void LinkLoads::add_tree(std::int32_t source, const std::vector<std::int32_t>& sites, std::int64_t flits) {
  const std::int32_t width = config_.mesh_width;
  const std::int32_t router = source < config_.tiles ? source : config_.dma_row(source - config_.tiles) * width;
  const std::int32_t x = router % width;
  const std::int32_t y = router / width;
  std::int32_t west = x;
  std::int32_t east = x;
  std::fill(first_.begin(), first_.end(), y);
  std::fill(last_.begin(), last_.end(), y);
  injection_[static_cast<std::size_t>(source)] += flits;
  for (const std::int32_t site : sites) {
    const std::int32_t column = site % width;
    const auto at = static_cast<std::size_t>(column);
    west = std::min(west, column);
    east = std::max(east, column);
    first_[at] = std::min(first_[at], site / width);
    last_[at] = std::max(last_[at], site / width);
    ejection_[static_cast<std::size_t>(site)] += flits;
  }
  total_ += flits * static_cast<std::int64_t>(1 + sites.size());
  add_run(west_, y, west, x, flits);
  add_run(east_, y, x, east, flits);
  for (std::int32_t column = west; column <= east; ++column) {
    const auto at = static_cast<std::size_t>(column);
    if (first_[at] < y) add_run(north_, column, first_[at], y, flits);
    if (last_[at] > y) add_run(south_, column, y, last_[at], flits);
  }
}

std::int64_t LinkLoads::most_of(const std::vector<std::int64_t>& steps) {
  std::int64_t most = 0;
  std::int64_t load = 0;
  for (const std::int64_t step : steps) {
    load += step;  // 0 again at the end of a line
    most = std::max(most, load);
  }
  return most;
}

std::int64_t LinkLoads::mean() const {
  const std::int64_t between =
      (config_.mesh_width - 1) * config_.mesh_height + config_.mesh_width * (config_.mesh_height - 1);
  return ceil_div(total_, 2 * (between + config_.tiles + config_.dma_engines));
}

std::int64_t LinkLoads::most() const {
  return std::max({most_of(east_), most_of(west_), most_of(south_), most_of(north_),
                   *std::max_element(injection_.begin(), injection_.end()),
                   *std::max_element(ejection_.begin(), ejection_.end())});
}

}  // namespace cyclescope::kpu
