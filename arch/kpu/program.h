// The lowered form of a network: what the chip executes. Static; built by lowering, never changed by the machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace cyclescope::kpu {

enum class OpKind : std::uint8_t { gemm, vector, view };

/// Which operand strip stays in L2 while the other streams past it.
enum class Hold : std::uint8_t { a, b, none };

/// A rectangle of an activation: row-major pixels by channels.
struct Region {
  std::int64_t pixel_begin = 0, pixel_end = 0;
  std::int64_t channel_begin = 0, channel_end = 0;
  [[nodiscard]] std::int64_t elements() const { return (pixel_end - pixel_begin) * (channel_end - channel_begin); }
};

/// Half-open range of block indices.
struct Range {
  std::int64_t begin = 0, end = 0;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

/// Part `index` of `total` items dealt in contiguous, balanced runs to `parts`.
Range split(std::int64_t total, std::int64_t parts, std::int64_t index);

/// A consecutive stretch of the reduction: its steps, the operand bytes it needs.
struct Slice {
  std::int64_t first_step = 0;
  std::int64_t steps = 0;
  std::int64_t chunk = 0;  ///< channel chunk of A it reads
};

/// Window of a convolution or pool over the input plane; 1x1 for a matrix product.
struct Window {
  workloads::Pair kernel{1, 1};
  workloads::Pair stride{1, 1};
  workloads::Padding padding{0, 0, 0, 0};
  workloads::Pair dilation{1, 1};
};

/// An activation that an operator reads: which token counts its arrival at a tile.
struct InputEdge {
  std::int32_t producer = -1;  ///< index of the lowered operator, -1: graph input in external memory
  std::int32_t token = 0;
  bool residual = false;  ///< added on the drain instead of entering the array
  bool reshaped = false;  ///< read through a view: every tile needs the whole tensor
};

/// One fused group on the chip.
struct LoweredOp {
  std::string name;
  std::string type;
  std::string members;  ///< names of the operators fused into it
  OpKind kind = OpKind::gemm;
  std::int64_t macs = 0;
  // Output plane and reduction.
  std::int64_t m = 0;  ///< output pixels (rows of the GEMM)
  std::int64_t n = 0;  ///< output channels (columns)
  std::int64_t k = 0;  ///< reduction length; 0 for vector work
  std::int64_t in_height = 0, in_width = 0, in_channels = 0;
  std::int64_t out_width = 0;
  Window window;
  std::vector<char> row_used;                     ///< input rows that some window touches
  std::vector<std::int64_t> columns_used_before;  ///< prefix count of touched input columns
  bool whole_input = false;  ///< every output needs the whole input (global pooling, flattened products)
  // Mapping.
  std::int64_t block_m = 0, block_n = 0;
  std::int64_t grid_m = 0, grid_n = 0;
  std::int64_t tiles_m = 0, tiles_n = 0;  ///< tile (im, in) is number im * tiles_n + in
  Hold hold = Hold::none;
  std::int64_t chunk_channels = 0;      ///< channels of A moved to L2 at once
  std::vector<Slice> slices;            ///< of one block
  std::int64_t pool_a = 0, pool_b = 0;  ///< L2 bytes for each operand
  int vector_passes = 1;
  std::int64_t epilogue_bytes = 0;  ///< bias and requantisation per output channel
  std::vector<InputEdge> inputs;
  std::int32_t first_weight_token = 0;  ///< + n-block * slices + slice
  std::int64_t weight_bytes = 0;
  bool resident = false;                   ///< weights stay in L3 between inferences
  std::vector<std::int64_t> weight_slots;  ///< [i]: weight slices a tile may hold while operator i <= this one runs
  std::int32_t first_credit = 0;           ///< + column of tiles * column_slices() + slice in order of use
  bool graph_output = false;
  std::int64_t l3_peak = 0;  ///< L3 bytes in use on the fullest tile while it runs
  std::string program;       ///< domain-flow program it needs (kind and window)

  [[nodiscard]] std::int64_t tiles() const { return tiles_m * tiles_n; }
  [[nodiscard]] Range blocks_m(std::int64_t tile) const { return split(grid_m, tiles_m, tile / tiles_n); }
  [[nodiscard]] Range blocks_n(std::int64_t tile) const { return split(grid_n, tiles_n, tile % tiles_n); }
  [[nodiscard]] std::int64_t rounds() const {
    return (grid_m + tiles_m - 1) / tiles_m * ((grid_n + tiles_n - 1) / tiles_n);
  }
  /// Weight slices that a tile uses, at most.
  [[nodiscard]] std::int64_t column_slices() const {
    return (grid_n + tiles_n - 1) / tiles_n * static_cast<std::int64_t>(slices.size());
  }
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

/// Segments of one output block; blocks of an operator and tile stand in execution order.
struct BlockOutput {
  std::vector<Segment> segments;
};

/// One DMA descriptor: a stretch of external memory to the tiles that need it.
struct Load {
  std::int32_t op = 0;
  std::int32_t token = 0;
  std::int32_t route = 0;
  std::int32_t gate = -1;    ///< operator that must be complete, -1: none
  std::int32_t credit = -1;  ///< weight slice that all its tiles must have moved out of L3, -1: none
  bool weights = true;
  bool resident = false;  ///< already on chip in the steady state
  std::int64_t address = 0;
  std::int64_t bytes = 0;
};

/// Everything the chip needs for one inference.
struct Program {
  std::vector<LoweredOp> ops;
  std::vector<RouteSpec> routes;
  std::vector<std::vector<Load>> loads;                        ///< per DMA engine, in order
  std::vector<std::vector<std::vector<BlockOutput>>> outputs;  ///< [op][tile][block]
  std::int32_t edge_tokens = 0;
  std::int32_t tokens = 0;
  std::vector<std::vector<std::int64_t>> edge_expected;  ///< [edge token][tile] bytes
  std::vector<std::int64_t> weight_expected;             ///< [token - edge_tokens] bytes at each receiver
  std::vector<bool> weight_resident;                     ///< [token - edge_tokens]
  std::vector<std::int32_t> credit_tiles;                ///< [credit] tiles that move that weight slice
  std::int64_t external_bytes = 0;                       ///< weights, inputs and outputs in external memory
  std::int64_t store_bytes = 0;                          ///< written to external memory per frame
};

}  // namespace cyclescope::kpu
