// Lowering: from an operator graph to a program for the tiles. Pure functions; no SystemC.
#pragma once

#include "arch/kpu/config.h"
#include "arch/kpu/partition.h"
#include "arch/kpu/planes.h"
#include "arch/kpu/program.h"
#include "arch/kpu/tile_choice.h"
#include "sim/base/precision.h"
#include "workloads/fusion.h"
#include "workloads/graph.h"

namespace cyclescope::kpu {

/// What is to be lowered besides the graph: frames of one inference and the precision asked for.
struct LoweringOptions {
  Precision precision = Precision::int8;
  std::int64_t batch = 1;
};

/// The precision that the tiles use instead of the one asked for, and how that is called. Throws NotModelled for int4.
struct PrecisionUse {
  Precision used = Precision::int8;
  std::string label = "native";  ///< native | fallback | substituted
};
PrecisionUse precision_use(Precision requested);

/// What the egress path of a KPU tile absorbs.
workloads::FusionRules fusion_rules();

/// Lowers a whole graph: fuses, maps every group on the tiles, plans L3, lists transfers. Throws NotModelled naming
/// operator type, node and model for what the tiles cannot do yet or what does not fit, with need and budget.
Program lower(const workloads::Graph& graph, const KpuConfig& config, const LoweringOptions& options = {});

/// A group's operands as it reads them and its place in the array or vector engine, before it is put on tiles.
/// Views give kind view and `output` only.
struct Shaped {
  LoweredOp op;
  TensorView output;  ///< producer not yet filled in
};
Shaped shape_group(const workloads::Graph& graph, const workloads::FusedGroup& group, PlaneMap& planes,
                   const LoweringOptions& options);

/// Puts a shaped group on the tiles: blocks, partition, L2 residency, slices. Gives the estimate by which mappings are
/// compared. Throws NotModelled when L2 is too small.
PartitionCost map_on_tiles(const workloads::Graph& graph, const workloads::Operator& primary, LoweredOp& op,
                           const KpuConfig& config, Precision used);
PartitionCost map_vector_work(const workloads::Graph& graph, const workloads::Operator& primary, LoweredOp& op,
                              const KpuConfig& config);
/// The same for a product on one of `groups`, the cheapest.
PartitionCost map_product(const workloads::Graph& graph, const workloads::Operator& primary, LoweredOp& op,
                          const KpuConfig& config, const std::vector<TileGroup>& groups);

/// Shape and mapping of one group of a graph whose operands are plain planes. For tests and single operators.
LoweredOp map_group(const workloads::Graph& graph, const workloads::FusedGroup& group, const KpuConfig& config);

/// Marks the input rows and columns that some window of the operator touches: a stride beyond the kernel skips pixels, and
/// what is skipped is never moved.
void set_used_pixels(LoweredOp& op);

/// Input pixels and channels that output rectangle `out` needs of the primary input.
Region input_region(const LoweredOp& op, const Region& out);

/// What tiles (im, *) need of an edge in pixels, and tiles (*, in) in channels, in the reader's plane.
Range needed_pixels(const LoweredOp& op, const InputEdge& edge, std::int64_t im);
Range needed_channels(const LoweredOp& op, const InputEdge& edge, std::int64_t in);

/// Input pixels in [begin, end) that the operator reads at all, and elements of a region among them.
std::int64_t used_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end);
/// Distinct input pixels that the windows of output pixels [begin, end) read (between the columns of a dilated window
/// all are counted).
std::int64_t window_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end);
/// The same for some rows of the kernel only.
std::int64_t window_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end, const Range& kernel_rows);

std::int64_t used_elements(const LoweredOp& op, const Region& in);

/// Pixels of [begin, end) that a tile keeps of an edge.
std::int64_t edge_pixels(const LoweredOp& op, const InputEdge& edge, std::int64_t begin, std::int64_t end);

/// Static plan of L3: what lives when, how many deliveries may be on chip how early, what stays resident, which
/// activations go through external memory. Throws NotModelled when an operator does not fit.
void plan_l3(Program& program, const KpuConfig& config);

/// Fills routes, loads, outputs and expected bytes of a mapped and planned program.
void plan_transfers(Program& program, const KpuConfig& config);

}  // namespace cyclescope::kpu
