// What the engines of one tile do for one operator, in order. Expanded from the program when the operator is launched.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

enum class Operand : std::uint8_t { a, b, residual };

/// Block mover, L3 to L2: `bytes` of one operand once `token` is complete, into that operand's pool.
struct Move {
  Operand operand = Operand::a;
  std::int32_t token = 0;
  std::int64_t bytes = 0;
  bool leaves = false;       ///< a delivery: it leaves L3 with this move, and its slot can be used again
  std::int32_t edge = -1;    ///< input it belongs to, -1: weights
  std::int64_t ordinal = 0;  ///< of its block among those of the largest tile: the order in which deliveries are loaded
};

/// Streamer, L2 to L1: reads `lines` for reduction steps of a block (or all of a vector block; tokens of A or rows of B of
/// a fold) from what load number `load` of its side brought.
struct StreamRun {
  std::int64_t block = 0;       ///< index of its BlockCommand
  std::int64_t first_step = 0;  ///< of the array
  std::int64_t steps = 0;
  std::int64_t lines = 0;  ///< as wide as the tile's port
  std::int64_t bytes = 0;  ///< that enter L1, with the parameters of the epilogue
  std::int64_t load = 0;
  std::int64_t release_bytes = 0;  ///< freed in L2 when the run has entered, 0 while others still need it
  std::int64_t elements = 0;       ///< vector work: elements through passes of the vector engine
  std::int64_t clocks = 0;         ///< vector work: clocks it takes, without its depth
};

/// Array or vector block and its way out. Where weights stay, an output block is one of these per fold: all but the last
/// leave their sums in L2, all but the first add to them.
struct BlockCommand {
  std::int64_t m = 0, n = 0;  ///< rows and columns of the array; vector work: pixels and channels
  std::int64_t steps = 0;     ///< 0: vector work
  std::int64_t macs = 0;
  std::int64_t results = 0;      ///< elements
  std::int64_t row_results = 0;  ///< elements of a row of results
  int passes = 1;                ///< of the vector engine over each
  bool adds = false;             ///< results are added to sums in L2
  bool leaves = true;            ///< results are an output block, else sums that stay in L2
  std::int64_t out_bytes = 0;
  std::int64_t residual_bytes = 0;
};

struct TileCommands {
  std::vector<Move> moves;
  std::vector<StreamRun> runs_a, runs_b;
  std::vector<BlockCommand> blocks;
};

/// Calls `visit(mb, nb)` for the blocks of a tile in execution order: the held operand is the outer loop, or, when
/// blocks are dealt, the row.
void for_each_block(const LoweredOp& op, std::int64_t tile,
                    const std::function<void(std::int64_t, std::int64_t)>& visit);

/// L2 lines that the A streamer touches for the output pixels [begin, end) and one chunk of `channels`: each kernel row
/// of each window is one contiguous stretch (one per tap when dilated), padding is not read.
std::int64_t window_lines(const LoweredOp& op, std::int64_t begin, std::int64_t end, std::int64_t channels,
                          std::int64_t line_bytes);
/// The same for some rows of the kernel only.
std::int64_t window_lines(const LoweredOp& op, std::int64_t begin, std::int64_t end, std::int64_t channels,
                          std::int64_t line_bytes, const Range& kernel_rows);

/// Clocks that the vector engine takes for output block `out`, for which `window` input pixels are read, without the
/// depth of its pipe. Rows that are reduced (softmax, layer norm) take a pass after the other:
/// passes * ceil(length / lanes) + depth + ceil(log2 lanes) each.
std::int64_t vector_clocks(const LoweredOp& op, const Region& out, std::int64_t window, const KpuConfig& config);

/// What the block mover of `tile` brings for operator `op`, in order. Tiles beyond op.tiles() get nothing.
std::vector<Move> moves_of(const LoweredOp& op, std::int64_t tile);

/// Commands of `tile` for operator `op`. Tiles beyond op.tiles() get none.
TileCommands expand(const LoweredOp& op, std::int64_t tile, const KpuConfig& config);

}  // namespace cyclescope::kpu
