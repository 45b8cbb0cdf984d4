#include "tests/kpu/tree_loads.h"

#include <algorithm>
#include <numeric>

namespace cyclescope::kpu::test {
namespace {

/// Engines hang on the west side, spread evenly over the rows of the mesh.
std::vector<noc::Site> engine_routers(const KpuConfig& config) {
  std::vector<noc::Site> routers;
  for (int engine = 0; engine < config.dma_engines; ++engine) {
    routers.push_back(engine * config.mesh_height / config.dma_engines * config.mesh_width);
  }
  return routers;
}

}  // namespace

TreeLoads::TreeLoads(const KpuConfig& config)
    : flit_bytes_(config.flit_bytes),
      packet_bytes_(config.packet_bytes),
      multicast_(config.multicast),
      topology_(config.mesh_width, config.mesh_height, engine_routers(config)),
      flits_(static_cast<std::size_t>(topology_.links()), 0) {}

void TreeLoads::add(std::int32_t source, const std::vector<std::int32_t>& sites, std::int64_t bytes) {
  std::int64_t flits = 0;
  for (std::int64_t left = bytes; left > 0; left -= packet_bytes_) {
    flits += 1;  // the header
    for (std::int64_t payload = std::min(left, packet_bytes_); payload > 0; payload -= flit_bytes_) ++flits;
  }
  std::vector<std::vector<std::int32_t>> copies{sites};
  if (!multicast_) {
    copies.clear();
    for (const std::int32_t site : sites) copies.push_back({site});
  }
  for (const std::vector<std::int32_t>& to : copies) {
    std::vector<std::int32_t> open{topology_.add_tree(source, to)};
    const std::int32_t root = open.front();
    while (!open.empty()) {
      const std::int32_t index = open.back();
      open.pop_back();
      const noc::TreeNode node = topology_.node(index);
      if (index != root) flits_[static_cast<std::size_t>(node.port)] += flits;  // the root is the injection queue
      for (std::int32_t child = 0; child < node.children; ++child) open.push_back(node.first_child + child);
    }
  }
}

std::int64_t TreeLoads::most() const { return *std::max_element(flits_.begin(), flits_.end()); }

std::int64_t TreeLoads::total() const { return std::accumulate(flits_.begin(), flits_.end(), std::int64_t{0}); }

std::int64_t TreeLoads::mean() const { return (total() + topology_.links() - 1) / topology_.links(); }

}  // namespace cyclescope::kpu::test
