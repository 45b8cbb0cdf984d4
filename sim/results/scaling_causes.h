// What takes the loss when tiles are added, under names that a user knows: a documented table from the leaves of the
// ledger to causes, total over all leaves.
//
// Two causes are no leaf: `heterogeneity`, decided lane by lane (see scaling.h), and `elsewhere`,
// work that one machine does on its arrays and the other does not (design: executed elsewhere).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/ledger/leaf.h"

namespace cyclescope::results {

enum class ScalingCause : std::uint8_t {
  fill_drain,        ///< wavefronts fill and empty the array: once per run of blocks
  short_k,           ///< a block of few steps keeps the next one waiting until its results are out of the way
  padding,           ///< blocks that do not cover the array or the last step of K
  quantisation,      ///< a capable tile without a block: fewer blocks than tiles, or finished before the others
  serial_operators,  ///< operators on vector units only, and chains of operators
  launch,            ///< starting operators: launch, program load, descriptors
  synchronisation,   ///< barriers between operators, clock crossings
  operands_l1,       ///< operands not in L1 in time
  operands_l2,       ///< operands not in L2 in time
  operands_l3,       ///< operands not in L3 in time
  arbitration,       ///< behind another client of a port, be it of L3 or of external memory
  noc,               ///< operands on the network on chip
  dram_bandwidth,    ///< queued behind data of the external memory
  dram_latency,      ///< latency, row changes, refresh and turnaround of the external memory
  host_link,         ///< operands from the host
  egress,            ///< results that cannot leave: output space, vector unit, transfer
  weights,           ///< reload of weights
  ends,              ///< before a tile's first work and after its last
  heterogeneity,     ///< tiles of a kind that did no MAC at all while another kind did
  elsewhere,         ///< MACs on the arrays of one machine and not on those of the other; differences only
};

constexpr std::size_t kScalingCauses = static_cast<std::size_t>(ScalingCause::elsewhere) + 1;

/// Slots (quarter-MACs) per cause.
using CauseSlots = std::array<std::int64_t, kScalingCauses>;

/// Key in files, `dram_bandwidth`.
const char* key(ScalingCause cause);

/// As people read it, `DRAM bandwidth`.
const char* title(ScalingCause cause);

/// What an array's slots in this leaf are: lost to a cause, useful, or unaccounted (a fault).
struct LeafRole {
  enum class Kind : std::uint8_t { lost, useful, unaccounted } kind = Kind::unaccounted;
  ScalingCause cause = ScalingCause::elsewhere;  ///< of `lost`
};

/// Total: throws InternalError only for a value that is no leaf.
LeafRole role_of(ledger::Leaf leaf);

}  // namespace cyclescope::results
