// The load of every link when packets cross the trees that the mesh itself builds, link by link: what tests compare
// estimates of it with.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/kpu/config.h"
#include "sim/noc/topology.h"

namespace cyclescope::kpu::test {

class TreeLoads {
 public:
  explicit TreeLoads(const KpuConfig& config);

  /// A message of `bytes` from a tile or DMA engine (tiles + its number) to the tiles at `sites`.
  void add(std::int32_t source, const std::vector<std::int32_t>& sites, std::int64_t bytes);

  [[nodiscard]] std::int64_t most() const;
  [[nodiscard]] std::int64_t total() const;
  /// Rounded up.
  [[nodiscard]] std::int64_t mean() const;

 private:
  std::int64_t flit_bytes_, packet_bytes_;
  bool multicast_;
  noc::Topology topology_;
  std::vector<std::int64_t> flits_;  ///< [link]
};

}  // namespace cyclescope::kpu::test
