// The lowered form of a network: what the chip executes. Static; built by lowering, never changed by the machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/kpu/config.h"
#include "sim/base/precision.h"
#include "workloads/graph.h"

namespace cyclescope::kpu {

enum class OpKind : std::uint8_t { gemm, vector, view };

/// Which operand strip stays in L2 while the other streams past it.
enum class Hold : std::uint8_t { a, b, none };

/// A rectangle of an activation: row-major pixels (frame after frame) by channels.
struct Region {
  std::int64_t pixel_begin = 0, pixel_end = 0;
  std::int64_t channel_begin = 0, channel_end = 0;
  [[nodiscard]] std::int64_t elements() const { return (pixel_end - pixel_begin) * (channel_end - channel_begin); }
  [[nodiscard]] bool empty() const { return pixel_begin >= pixel_end || channel_begin >= channel_end; }
};

/// The common part of two rectangles; empty when there is none.
Region intersect(const Region& a, const Region& b);

/// Half-open range of block indices.
struct Range {
  std::int64_t begin = 0, end = 0;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

/// Part `index` of `total` items dealt in contiguous, balanced runs to `parts`.
Range split(std::int64_t total, std::int64_t parts, std::int64_t index);

/// A consecutive stretch of the reduction (of one group): its K steps, the clocks' worth of array steps it takes. Where
/// weights stay, it is a fold: one load of the array's rows.
struct Slice {
  std::int64_t first_step = 0;  ///< K
  std::int64_t steps = 0;
  std::int64_t chunk = 0;        ///< chunk of A it reads: some channels, and some rows of the kernel
  std::int64_t chunk_begin = 0;  ///< K steps of that chunk
  std::int64_t chunk_steps = 0;
  std::int64_t channels = 0;
  Range kernel_rows;
  std::int64_t array_first = 0;  ///< the same in steps of the array: ceil(4 K / quarter_macs); a fold: 0
  std::int64_t array_steps = 0;  ///< a fold: rows of the array that it loads
};

/// Window of a convolution or pool over the input plane; 1x1 for a matrix product.
struct Window {
  workloads::Pair kernel{1, 1};
  workloads::Pair stride{1, 1};
  workloads::Padding padding{0, 0, 0, 0};
  workloads::Pair dilation{1, 1};
};

constexpr std::int32_t kGraphInput = -1;  ///< producer of what comes with every frame
constexpr std::int32_t kConstant = -2;    ///< producer of parameters that are read as activations

/// A rectangle of one plane that is a rectangle of another: views (slices, concatenations) cost nothing.
struct Piece {
  std::int32_t producer = kGraphInput;  ///< index of a lowered operator, or kGraphInput, kConstant
  Region source;                        ///< in the producer's output plane, of one frame
  std::int64_t source_pixels = 0;       ///< pixels of a frame of that plane
  std::int64_t pixel = 0, channel = 0;  ///< where it lies in the reader's plane, of one frame
};

/// How an operator uses an activation.
enum class EdgeRole : std::uint8_t {
  input,       ///< operand A of an array, operand of vector work
  residual,    ///< added on the drain instead of entering the array
  operand_b,   ///< operand B of an array: a product of two activations
  per_channel  ///< parameters of every channel, beside the operands of vector work
};

/// A series of deliveries from external memory to L3, in the order of use. Delivery i of lane l has token
/// first_token + l * length + i. A lane is a column of tiles (operand B), a row of tiles (operand A) or one tile.
struct Stream {
  bool used = false;
  bool reload = false;  ///< every use is a delivery of its own: L3 does not hold it between uses
  std::int32_t first_token = 0;
  std::int64_t lanes = 0;
  std::int64_t length = 0;      ///< deliveries of the longest lane
  std::int64_t slots = 0;       ///< deliveries that a tile may hold while the operator runs
  std::int64_t slot_bytes = 0;  ///< largest delivery
};

/// An activation that an operator reads.
struct InputEdge {
  std::int32_t token = 0;  ///< counts its arrival at a tile when it is pushed; unused when it streams
  EdgeRole role = EdgeRole::input;
  bool reshaped = false;  ///< read in another order than it was made: every tile needs all of it
  std::int64_t element_bytes = 1;
  std::int64_t pixels = 0, channels = 0;  ///< of one frame of the reader's plane
  std::vector<Piece> pieces;              ///< that make up the plane
  Stream stream;                          ///< used: it is in external memory and comes by deliveries
};

/// One fused group on the chip.
struct LoweredOp {
  std::string name;
  std::string type;
  std::string members;  ///< names of the operators fused into it
  OpKind kind = OpKind::gemm;
  std::int64_t macs = 0;           ///< of all frames
  std::int64_t element_bytes = 1;  ///< of what enters the array: operand A and weights
  std::int64_t result_bytes = 1;   ///< of an element of the output
  // Output plane and reduction; the batch lies behind each other in m.
  std::int64_t frames = 1;
  std::int64_t m = 0;       ///< output pixels (rows of the GEMM) of all frames
  std::int64_t n = 0;       ///< output channels (columns) of all groups
  std::int64_t k = 0;       ///< reduction length of a group (the longest part); 0 for vector work
  std::int64_t groups = 1;  ///< products side by side (heads, groups, parts of a reduction): slices of the channels
  std::int64_t part_channels = 0;  ///< groups are parts of one reduction (K-split): input channels of all but the last
  std::int64_t in_height = 0, in_width = 0;  ///< of one frame
  std::int64_t in_channels = 0;              ///< of all groups
  std::int64_t out_height = 0, out_width = 0;
  Window window;
  std::vector<char> row_used;                     ///< input rows of a frame that some window touches
  std::vector<std::int64_t> rows_used_before;     ///< prefix count of touched input rows
  std::vector<std::int64_t> columns_used_before;  ///< prefix count of touched input columns
  bool whole_input = false;   ///< every output needs the whole input frame (global pooling, flattened products)
  bool resize = false;        ///< the input rows of an output row follow from the scale
  bool rows_whole = false;    ///< a row of a group is one reduction (softmax, layer norm): blocks hold whole rows
  bool frames_apart = false;  ///< a block stays within a frame, as the other operand differs by frame
  bool b_transposed = false;  ///< operand B is read along its channels (N = pixels of its plane)
  bool per_input = true;      ///< vector work counts the elements of its input, else of its output
  // Mapping.
  TileArray array;                    ///< of its tiles, at its precision
  std::vector<std::int32_t> sites;    ///< mesh site of tile i
  std::vector<std::int32_t> tile_at;  ///< [site] its tile, -1: not taking part
  std::int64_t block_m = 0, block_n = 0;
  std::int64_t grid_m = 0, grid_n = 0;
  std::int64_t tiles_m = 0, tiles_n = 0;  ///< tile (im, in) is number im * tiles_n + in
  bool dealt = false;  ///< ideal operands: a tile has a run of blocks in row-major order instead of a rectangle
  Hold hold = Hold::none;
  std::int64_t chunk_channels = 0;      ///< channels of A moved to L2 at once
  std::int64_t row_parts = 1;           ///< and parts into which the rows of the kernel are cut for that
  std::int64_t chunks = 1;              ///< of a group
  std::vector<Slice> slices;            ///< of one block
  std::vector<Slice> last_slices;       ///< of one block of the last part of a reduction, if it is shorter
  std::int64_t array_steps = 0;         ///< of one block: ceil(4 k / quarter_macs); of one fold: ceil(block_m / cell_m)
  std::int64_t pool_a = 0, pool_b = 0;  ///< L2 bytes for each operand
  std::int64_t moved_bytes = 0;         ///< of operands, from L3 to L2 of the busiest tile
  int vector_passes = 1;                ///< on the drain, or of vector work per element
  std::int64_t epilogue_bytes = 0;      ///< bias and requantisation per output channel
  std::vector<InputEdge> inputs;
  Stream weights;  ///< operand B from parameters
  std::int64_t weight_bytes = 0;
  bool resident = false;                   ///< weights stay in L3 between inferences
  std::vector<std::int64_t> weight_slots;  ///< [i]: weight deliveries a tile may hold while operator i <= this one runs
  std::int64_t staging_bytes = 0;          ///< L3 of a tile for results on their way out
  bool graph_output = false;
  bool stored = false;       ///< written to external memory: a graph output, or a reader streams it
  std::int64_t l3_peak = 0;  ///< L3 bytes in use on the fullest tile while it runs
  std::string program;       ///< domain-flow program it needs (kind and window)
  std::string precision_label = "native";

  [[nodiscard]] std::int64_t tiles() const { return tiles_m * tiles_n; }
  [[nodiscard]] Range blocks_m(std::int64_t tile) const { return split(grid_m, tiles_m, tile / tiles_n); }
  [[nodiscard]] Range blocks_n(std::int64_t tile) const { return split(grid_n, tiles_n, tile % tiles_n); }
  /// Most row and column blocks of a tile.
  [[nodiscard]] std::int64_t most_m() const { return (grid_m + tiles_m - 1) / tiles_m; }
  [[nodiscard]] std::int64_t most_n() const { return (grid_n + tiles_n - 1) / tiles_n; }
  [[nodiscard]] std::int64_t rounds() const {
    return dealt ? (grid_m * grid_n + tiles() - 1) / tiles() : most_m() * most_n();
  }
  /// Input channels of a group, the last part of a reduction apart.
  [[nodiscard]] std::int64_t group_channels() const { return part_channels > 0 ? part_channels : in_channels / groups; }
  [[nodiscard]] Range channels_of(std::int64_t group) const {
    return {group * group_channels(), std::min(in_channels, (group + 1) * group_channels())};
  }
  /// Reduction length of the last group.
  [[nodiscard]] std::int64_t last_k() const { return k / group_channels() * channels_of(groups - 1).size(); }
  [[nodiscard]] const std::vector<Slice>& slices_of(std::int64_t nb) const {
    return last_slices.empty() || group_of(nb) + 1 < groups ? slices : last_slices;
  }
  [[nodiscard]] std::int64_t blocks_per_group() const { return grid_n / groups; }
  [[nodiscard]] std::int64_t group_of(std::int64_t nb) const { return nb / blocks_per_group(); }
  [[nodiscard]] std::int64_t frame_pixels() const { return out_height * out_width; }  ///< output
  /// Weight slices that a tile uses, at most, each once.
  [[nodiscard]] std::int64_t column_slices() const { return most_n() * static_cast<std::int64_t>(slices.size()); }
  /// Pixels and channels of output block (mb, nb).
  [[nodiscard]] Region block(std::int64_t mb, std::int64_t nb) const;
  /// Output rectangle of a tile.
  [[nodiscard]] Region output_region(std::int64_t tile) const;
};

/// Source site and the sites that receive a copy.
struct RouteSpec {
  std::int32_t source = 0;
  std::vector<std::int32_t> destinations;
};

/// Part of an output block on its way to those who need it.
struct Segment {
  std::int32_t token = 0;
  std::int32_t route = -1;  ///< index into Program::routes, -1 when only the own tile needs it
  bool local = false;       ///< the own tile needs it too
  bool store = false;       ///< goes to external memory at `address`
  std::int64_t bytes = 0;
  std::int64_t address = 0;
};

/// Segments of one output block; blocks of an operator and tile stand in execution order. A segment may carry data of
/// blocks before it too (arch/kpu/coalesce.h).
struct BlockOutput {
  std::vector<Segment> segments;
  std::int64_t first_staged = 0;  ///< first block of which something waits in staging when this one has been sent
};

/// One DMA descriptor: a stretch of external memory to the tiles that need it.
struct Load {
  std::int32_t op = 0;
  std::int32_t token = 0;
  std::int32_t route = 0;
  std::int32_t gate = -1;    ///< operator that must be complete, -1: none
  std::int32_t stored = -1;  ///< operator whose output must be in external memory, -1: none
  std::int32_t credit = -1;  ///< token of the delivery that all its tiles must have moved out of L3, -1: none
  bool weights = true;
  bool resident = false;  ///< already on chip in the steady state
  std::int64_t address = 0;
  std::int64_t bytes = 0;
};

/// Everything the chip needs for one inference.
struct Program {
  Precision precision = Precision::int8;  ///< that arrays use and bytes move at
  std::vector<LoweredOp> ops;
  std::vector<RouteSpec> routes;
  std::vector<std::vector<Load>> loads;                        ///< per DMA engine, in order
  std::vector<std::vector<std::vector<BlockOutput>>> outputs;  ///< [op][tile][block]
  std::int32_t edge_tokens = 0;
  std::int32_t tokens = 0;
  std::vector<std::vector<std::int64_t>> edge_expected;  ///< [edge token][site] bytes
  std::vector<std::int64_t> stream_bytes;                ///< [token - edge_tokens] bytes at each receiver
  std::vector<char> stream_resident;                     ///< [token - edge_tokens]
  std::vector<std::int32_t> stream_tiles;                ///< [token - edge_tokens] tiles that move it out of L3
  std::int64_t external_bytes = 0;                       ///< weights, inputs, outputs and spilled activations
  std::int64_t store_bytes = 0;                          ///< written to external memory per inference
  std::vector<std::int64_t> store_expected;              ///< [op] of these
};

}  // namespace cyclescope::kpu
