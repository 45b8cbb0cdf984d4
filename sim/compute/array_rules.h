// What the dataflow of an array decides about a block: its tail, its hops, what of it is useful, which sizes are legal.
//
// Source: the schedules of array.h and stationary_array.h.
#pragma once

#include "sim/compute/array.h"

namespace cyclescope::compute {

/// Steps from the end of a block's issue until its last result is on the edge, that step included: 2m + n - 2, on a
/// stationary array R + n - 1.
std::int64_t tail_steps(const ArrayGeometry& geometry, const ArrayBlock& block);

/// Moves of operands between PEs: T(m(n-1) + n(m-1)), on a stationary array T m(n-1) of the streamed and n m(m-1)/2 of
/// the stationary operand, whose row r moves r PEs down.
std::int64_t operand_hops(const ArrayGeometry& geometry, const ArrayBlock& block);

/// Moves of results or sums between PEs: nm(m-1)/2, on a stationary array T n(R-1).
std::int64_t result_hops(const ArrayGeometry& geometry, const ArrayBlock& block);

/// Useful quarter-MACs of a block. Output-stationary: 4 per MAC when T = ceil(4K / quarter_macs), otherwise all that are
/// executed; stationary: 4 per MAC.
std::int64_t useful_quarter_macs(const ArrayGeometry& geometry, const ArrayBlock& block);

/// InternalError unless the geometry is that of a possible weight- or input-stationary array.
void check_stationary(const ArrayGeometry& geometry);

/// InternalError unless the array can execute the fold and its id is above `last_id`.
void check_fold(const ArrayGeometry& geometry, const ArrayBlock& fold, std::int64_t last_id);

}  // namespace cyclescope::compute
