// Where the tiles of a partition stand on the mesh. Pure geometry.
//
// Tile (im, in) reads input rows that all tiles (im, *) read and weights that all tiles (*, in) read; both come as one
// multicast along an XY tree: along the mesh row of the source first, then along mesh columns. Several arrangements are
// compared by the flits that they send over links; a row of tiles that stands in few mesh columns and a column of tiles
// that stands in one mesh row are cheap.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

/// Links of the XY tree from a router to the tiles at `sites`, with injection and ejections.
std::int64_t tree_links(const KpuConfig& config, std::int32_t router, const std::vector<std::int32_t>& sites);

struct Placement {
  std::vector<std::int32_t> sites;  ///< of tile im * tiles_n + in
  std::int64_t flit_links = 0;      ///< flits times links for all operands of one inference, headers apart
};

/// The arrangements that are compared, sites of tile im * tiles_n + in each.
std::vector<std::vector<std::int32_t>> arrangements(const LoweredOp& op, const std::vector<std::int32_t>& usable,
                                                    const KpuConfig& config);

/// The arrangement of op.tiles_m x op.tiles_n tiles on some of `usable` sites (ascending) that sends fewest flits over
/// links; ties: the first of the list in placement.cpp.
Placement place(const LoweredOp& op, const std::vector<std::int32_t>& usable, const KpuConfig& config);

}  // namespace cyclescope::kpu
