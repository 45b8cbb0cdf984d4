// Lowering: from an operator graph to a program for the tiles. Pure functions; no SystemC.
#pragma once

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"
#include "sim/base/precision.h"
#include "workloads/fusion.h"
#include "workloads/graph.h"

namespace cyclescope::kpu {

/// What the egress path of a KPU tile absorbs.
workloads::FusionRules fusion_rules();

/// Lowers a whole graph at INT8: fuses, maps every group on the tiles, plans L3, lists transfers. Throws NotModelled
/// naming operator type, node and model for what the tiles cannot do yet or what does not fit, with need and budget.
Program lower(const workloads::Graph& graph, const KpuConfig& config);

/// The mapping of one group (no L3 plan, no transfers). Used by lower.
LoweredOp map_group(const workloads::Graph& graph, const workloads::FusedGroup& group, const KpuConfig& config);

/// Input pixels and channels that output rectangle `out` needs of the primary input.
Region input_region(const LoweredOp& op, const Region& out);

/// Input pixels in [begin, end) that the operator reads at all, and elements of a region among them.
std::int64_t used_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end);
/// Distinct input pixels that the windows of output pixels [begin, end) read (between the columns of a dilated window
/// all are counted).
std::int64_t window_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end);

std::int64_t used_elements(const LoweredOp& op, const Region& in);

/// Static plan of L3: what lives when, how many weight slices may be on chip how early, what stays resident. Fills
/// weight_slots, resident and l3_peak of every operator. Throws NotModelled when an operator does not fit.
void plan_l3(Program& program, const KpuConfig& config);

/// Fills routes, loads, outputs and expected bytes of a mapped and planned program.
void plan_transfers(Program& program, const KpuConfig& config);

}  // namespace cyclescope::kpu
