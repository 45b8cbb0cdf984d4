// KPU-T64 on meshes of any size.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "tests/kpu/support.h"

namespace cyclescope::kpu::test {

using Sites = std::vector<std::int32_t>;

inline KpuConfig mesh_of(int width, int height, std::vector<std::string> more = {}) {
  more.insert(more.end(),
              {"mesh.width=" + std::to_string(width) + " nodes", "mesh.height=" + std::to_string(height) + " nodes",
               "kpu.tiles=" + std::to_string(width * height) + " tiles"});
  return chip(more);
}

/// Every tile of the mesh, in order.
inline Sites all_sites(const KpuConfig& config) {
  Sites sites(static_cast<std::size_t>(config.tiles));
  std::iota(sites.begin(), sites.end(), 0);
  return sites;
}

}  // namespace cyclescope::kpu::test
