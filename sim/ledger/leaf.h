// The names of time: every lane is in exactly one leaf at every instant.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace cyclescope::ledger {

enum class Leaf : std::uint8_t {
  useful_mac,
  useful_vector,
  useful_transfer,
  structural_fill,
  structural_drain,
  structural_padding,
  structural_issue,
  waiting_operand_l1,
  waiting_operand_l2,
  waiting_operand_l3,
  waiting_operand_noc,
  waiting_operand_dram_bandwidth,
  waiting_operand_dram_latency,
  waiting_operand_dram_row,
  waiting_operand_dram_refresh,
  waiting_operand_dram_turnaround,
  waiting_operand_host_link,
  waiting_output_space,
  waiting_dependency,
  waiting_arbitration,
  waiting_weights,
  overhead_launch,
  overhead_descriptor,
  overhead_synchronisation,
  overhead_clock_crossing,
  overhead_configuration,
  idle_before_first_work,
  idle_no_demand,
  idle_unused,
  idle_after_last_work,
  unknown,  ///< must be zero in every finished run
};

constexpr std::size_t kLeafCount = static_cast<std::size_t>(Leaf::unknown) + 1;

/// Dotted name as printed: `waiting.operand.dram_row`.
const char* name(Leaf leaf);

/// Inverse of name; throws InputError for an unknown one.
Leaf parse_leaf(const std::string& text);

/// First component of the name: `useful`, `structural`, `waiting`, `overhead`, `idle`, `unknown`.
std::string group(Leaf leaf);

/// True for the leaves under `waiting.`.
constexpr bool is_waiting(Leaf leaf) { return leaf >= Leaf::waiting_operand_l1 && leaf <= Leaf::waiting_weights; }

/// True for the leaves under `waiting.operand.`.
constexpr bool is_operand_wait(Leaf leaf) {
  return leaf >= Leaf::waiting_operand_l1 && leaf <= Leaf::waiting_operand_host_link;
}

/// A sum per leaf, indexed by the enum.
using LeafSums = std::array<std::int64_t, kLeafCount>;

}  // namespace cyclescope::ledger
