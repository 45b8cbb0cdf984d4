// Parameters of a KPU chip, resolved once from a platform file into checked values. Every key is declared here with its
// unit, range and meaning; sources stand beside the values in configs/platforms/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/precision.h"
#include "sim/base/time.h"
#include "sim/config/settings.h"

namespace cyclescope::kpu {

/// Energies of one action each, in attojoules (configs/energy/).
struct EnergyConfig {
  std::int64_t mac_int8 = 0, mac_bf16 = 0, mac_fp32 = 0;
  std::int64_t pe_register = 0;                         ///< register accesses of one INT8 MAC
  std::int64_t pe_hop = 0;                              ///< operand hop between neighbouring PEs, per byte
  std::int64_t drain_hop = 0;                           ///< 4-byte result over one north link
  std::int64_t l1_write = 0, l1_read = 0;               ///< per byte
  std::int64_t l2_write = 0, l2_read = 0;               ///< per byte
  std::int64_t l3_write = 0, l3_read = 0;               ///< per byte
  std::int64_t streamer = 0, block_mover = 0, dma = 0;  ///< per byte moved
  std::int64_t descriptor = 0;                          ///< per DMA descriptor
  std::int64_t flit_hop = 0;                            ///< per flit and link
  std::int64_t vector_pass = 0;                         ///< per element and pass of the vector engine
  std::int64_t program_load = 0;                        ///< per program and tile
};

/// The array of a tile at one precision, as lowering and machine see it. A cell of an output-stationary tile counts as
/// cell_m x cell_n PEs of its own; where weights stay, a cell takes bundles of elements: cell_m x cell_k of A and cell_k
/// x cell_n of B give cell_m x cell_n sums.
struct TileArray {
  int rows = 0, columns = 0;
  int quarter_macs = 4;                    ///< per PE (or cell) and clock
  bool weight_stationary = false;          ///< else output-stationary
  int cell_m = 1, cell_n = 1, cell_k = 1;  ///< 1 but where weights stay
  std::int64_t port_bytes = 0;             ///< streamer width per clock and operand

  /// Reduction steps and output channels that one load of weights covers.
  [[nodiscard]] std::int64_t fold_steps() const { return std::int64_t{rows} * cell_k; }
  [[nodiscard]] std::int64_t fold_channels() const { return std::int64_t{columns} * cell_n; }

  friend bool operator==(const TileArray& a, const TileArray& b) {
    return a.rows == b.rows && a.columns == b.columns && a.quarter_macs == b.quarter_macs &&
           a.weight_stationary == b.weight_stationary && a.cell_m == b.cell_m && a.cell_n == b.cell_n &&
           a.cell_k == b.cell_k && a.port_bytes == b.port_bytes;
  }
};

/// A kind of compute tile.
struct TileKind {
  std::string name;                        ///< "int8", "bf16" or "matrix"
  int rows = 0, columns = 0;               ///< PEs (cells of a matrix tile)
  bool weight_stationary = false;          ///< else output-stationary
  int cell_m = 1, cell_n = 1, cell_k = 1;  ///< the product that a cell computes per clock at INT8
  /// MACs of a PE in four clocks; 0: the kind does not execute that precision.
  int quarter_macs_int8 = 0, quarter_macs_bf16 = 0, quarter_macs_fp32 = 0;
  std::int64_t port_bytes = 0;  ///< streamer width per clock and operand
  int ingress_depth = 0;        ///< tokens per lane

  /// FP16 runs at the BF16 rate; INT4 is not modelled: 0.
  [[nodiscard]] int quarter_macs(Precision precision) const;
  /// Of no rate, and output-stationary, at a precision that the kind does not execute.
  [[nodiscard]] TileArray array(Precision precision) const;
};

/// Whether matrix tiles take part in products.
enum class MatrixUse : std::uint8_t { cheapest, off, only };

/// Indices of KpuConfig::kinds.
constexpr std::size_t kInt8Tile = 0, kBf16Tile = 1, kMatrixTile = 2;

/// One chip. Lengths in bytes, times in clocks of the fabric.
struct KpuConfig {
  int mesh_width = 0, mesh_height = 0;
  int tiles = 0;
  std::int64_t clock_hz = 0;
  std::vector<TileKind> kinds;             ///< int8, bf16, matrix
  std::vector<std::uint8_t> kind_of_tile;  ///< index of `kinds` by site
  int rows = 0, columns = 0;               ///< of kinds[kInt8Tile]
  bool interleave_drain = false;
  int ingress_depth = 0, egress_depth = 0;
  bool register_array = false;  ///< array.model = register

  int vector_lanes = 0, vector_depth = 0;

  std::int64_t line_bytes = 0;  ///< L2 and L3 line, streamer and block mover width per clock
  int l2_latency = 0, l3_latency = 0, l3_banks = 0;
  std::int64_t l2_bytes = 0, l3_bytes = 0;
  int streamer_setup = 0, block_mover_setup = 0, block_mover_queue = 0;
  int slice_steps = 0;  ///< reduction steps per operand slice (one L2 request)

  int flit_bytes = 0, mesh_buffer = 0, router_latency = 0, link_latency = 0, mesh_credit_latency = 0;
  int dma_engines = 0, dma_setup = 0, dma_outstanding = 0;
  std::int64_t request_bytes = 0;  ///< dma.packet
  std::int64_t packet_bytes = 0;   ///< mesh.packet
  bool multicast = true;           ///< off: one copy per destination
  /// Mesh row to which a DMA engine is attached. With as many engines as rows or more, every row has one.
  [[nodiscard]] int dma_row(int engine) const { return engine * mesh_height / dma_engines; }
  /// The engine that stores what the tiles of a mesh row send: the first one of that row or, if it has none, that of
  /// the nearest row before it.
  [[nodiscard]] int store_engine(int row) const;

  int launch_cycles = 0, signal_latency = 0, program_bytes = 0, program_cache = 0;
  MatrixUse matrix_use = MatrixUse::cheapest;
  int k_split = 0;                  ///< parts of a reduction; 1: never split, 0: where an estimate finds it cheaper
  int prefetch_operators = 0;       ///< weights may be loaded up to this many operators ahead
  std::int64_t weight_window = 0;   ///< L3 per tile kept for streaming an operator's weights while it runs
  int staging_blocks = 0;           ///< blocks of results on their way out of a tile whose L3 is short
  int spill_buffers = 0;            ///< deliveries of a spilled activation that a tile holds at once
  std::int64_t load_bytes = 0;      ///< most bytes of a descriptor that loads an activation
  std::int64_t load_alignment = 0;  ///< of the start of a descriptor in external memory
  std::int64_t idle_microwatts = 0;
  bool ideal_operands = false;  ///< sim.ideal = operands
  EnergyConfig energy;

  /// MACs per clock of all tiles that execute `precision`, times four.
  [[nodiscard]] std::int64_t quarter_macs(Precision precision) const;
};

/// Declares every key of the family and of the parts it uses.
config::Schema schema();

/// Checks and converts. Throws InputError naming the keys that contradict each other.
KpuConfig from_settings(const config::Settings& settings);

}  // namespace cyclescope::kpu
