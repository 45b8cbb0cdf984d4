// Kinds of compute tiles, how many of each a chip has, and where they stand.
#pragma once

#include "arch/kpu/config.h"

namespace cyclescope::kpu {

/// Declares `tiles.*`, `int8_tile.*`, `bf16_tile.*` and `matrix_tile.*`.
void declare_tile_kinds(config::Schema& schema);

/// Fills `kinds` and `kind_of_tile`; needs tiles, rows, columns and line_bytes. Throws InputError naming the keys that
/// contradict each other.
void resolve_tile_kinds(const config::Settings& settings, KpuConfig& config);

/// Tiles of each kind on a chip of `tiles`, for a mix given as shares: every kind but the first by its share, BF16 at
/// least one tile if it has any share (it executes every precision), rounded half up, matrix rounded down.
struct TileMix {
  int int8 = 0, bf16 = 0, matrix = 0;
};
TileMix scaled_mix(const TileMix& shares, int tiles);

/// Kind index by site: BF16 tiles spread evenly over the sites, matrix tiles evenly over the sites left, INT8 the rest.
std::vector<std::uint8_t> spread(const TileMix& mix);

}  // namespace cyclescope::kpu
