#include "sim/results/scaling_causes.h"

#include "sim/base/error.h"

namespace cyclescope::results {
namespace {

using ledger::Leaf;
using Cause = ScalingCause;

struct CauseName {
  Cause cause;
  const char* key;
  const char* title;
};

constexpr std::array<CauseName, kScalingCauses> kNames{{
    {Cause::fill_drain, "fill_drain", "fill and drain"},
    {Cause::short_k, "short_k_drain", "short-K drain"},
    {Cause::padding, "padding", "padding"},
    {Cause::quantisation, "tile_quantisation", "tile quantisation"},
    {Cause::serial_operators, "serial_operators", "serial operators"},
    {Cause::launch, "launch", "launch"},
    {Cause::synchronisation, "synchronisation", "synchronisation"},
    {Cause::operands_l1, "operands_l1", "operands L1"},
    {Cause::operands_l2, "operands_l2", "operands L2"},
    {Cause::operands_l3, "operands_l3", "operands L3"},
    {Cause::arbitration, "arbitration", "arbitration"},
    {Cause::noc, "noc", "NoC"},
    {Cause::dram_bandwidth, "dram_bandwidth", "DRAM bandwidth"},
    {Cause::dram_latency, "dram_latency", "DRAM latency"},
    {Cause::host_link, "host_link", "host link"},
    {Cause::egress, "egress", "egress and vector unit"},
    {Cause::weights, "weights", "weights"},
    {Cause::ends, "ends", "idle at the ends"},
    {Cause::heterogeneity, "heterogeneity", "heterogeneity"},
    {Cause::elsewhere, "executed_elsewhere", "executed elsewhere"},
}};

LeafRole lost(Cause cause) { return {LeafRole::Kind::lost, cause}; }

const CauseName& named(Cause cause) {
  const CauseName& row = kNames.at(static_cast<std::size_t>(cause));
  if (row.cause != cause) throw InternalError("causes of scaling are not in order");
  return row;
}

}  // namespace

const char* key(ScalingCause cause) { return named(cause).key; }

const char* title(ScalingCause cause) { return named(cause).title; }

LeafRole role_of(Leaf leaf) {
  switch (leaf) {
    case Leaf::useful_mac:
      return {LeafRole::Kind::useful, {}};
    case Leaf::unknown:
      return {LeafRole::Kind::unaccounted, {}};
    case Leaf::structural_fill:
    case Leaf::structural_drain:
      return lost(Cause::fill_drain);
    case Leaf::structural_issue:
      return lost(Cause::short_k);
    case Leaf::structural_padding:
      return lost(Cause::padding);
    case Leaf::idle_unused:
    case Leaf::idle_no_demand:
      return lost(Cause::quantisation);
    case Leaf::waiting_dependency:
      return lost(Cause::serial_operators);
    case Leaf::overhead_launch:
    case Leaf::overhead_configuration:
    case Leaf::overhead_descriptor:
      return lost(Cause::launch);
    case Leaf::overhead_synchronisation:
    case Leaf::overhead_clock_crossing:
      return lost(Cause::synchronisation);
    case Leaf::waiting_operand_l1:
      return lost(Cause::operands_l1);
    case Leaf::waiting_operand_l2:
      return lost(Cause::operands_l2);
    case Leaf::waiting_operand_l3:
      return lost(Cause::operands_l3);
    case Leaf::waiting_arbitration:
      return lost(Cause::arbitration);
    case Leaf::waiting_operand_noc:
      return lost(Cause::noc);
    case Leaf::waiting_operand_dram_bandwidth:
      return lost(Cause::dram_bandwidth);
    case Leaf::waiting_operand_dram_latency:
    case Leaf::waiting_operand_dram_row:
    case Leaf::waiting_operand_dram_refresh:
    case Leaf::waiting_operand_dram_turnaround:
      return lost(Cause::dram_latency);
    case Leaf::waiting_operand_host_link:
      return lost(Cause::host_link);
    case Leaf::useful_vector:
    case Leaf::useful_transfer:
    case Leaf::waiting_output_space:
      return lost(Cause::egress);
    case Leaf::waiting_weights:
      return lost(Cause::weights);
    case Leaf::idle_before_first_work:
    case Leaf::idle_after_last_work:
      return lost(Cause::ends);
  }
  throw InternalError("a leaf of the ledger without a cause of scaling");
}

}  // namespace cyclescope::results
