// Flits that every link of the mesh carries when packets cross it along XY trees: the busiest link bounds the time from
// below. Pure; the mesh itself finds the time.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/kpu/config.h"

namespace cyclescope::kpu {

class LinkLoads {
 public:
  explicit LinkLoads(const KpuConfig& config);

  /// A message of `bytes` in packets with a header each, from a tile or DMA engine (config.tiles + its number) to the
  /// tiles at `sites`: one tree, or without multicast a copy for each.
  void add(std::int32_t source, const std::vector<std::int32_t>& sites, std::int64_t bytes);

  /// Flits over the busiest link, those between routers and tiles included.
  [[nodiscard]] std::int64_t most() const;
  /// Flits over a link on average.
  [[nodiscard]] std::int64_t mean() const;
  /// Flits times links.
  [[nodiscard]] std::int64_t total() const { return total_; }

 private:
  void add_tree(std::int32_t source, const std::vector<std::int32_t>& sites, std::int64_t flits);
  /// [from, to) of a line of the mesh.
  void add_run(std::vector<std::int64_t>& steps, std::int32_t line, std::int32_t from, std::int32_t to,
               std::int64_t flits);
  [[nodiscard]] static std::int64_t most_of(const std::vector<std::int64_t>& steps);

  const KpuConfig& config_;
  // Rises and falls along each mesh row (east, west) or mesh column (south, north): sums give the load of a link.
  std::vector<std::int64_t> east_, west_, south_, north_;
  std::vector<std::int64_t> injection_, ejection_;  ///< by source, by tile
  std::int64_t total_ = 0;
  std::vector<std::int32_t> first_, last_;  ///< [mesh column] rows that a tree reaches
};

}  // namespace cyclescope::kpu
