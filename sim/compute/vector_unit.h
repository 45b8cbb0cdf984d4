// Vector unit (element-wise engine on the egress path) as a pure timing rule; it has no module of its own.
//
// Timing: `lanes` elements per clock and pass, fully pipelined; the last result of a group appears `depth` clocks after
//   its elements went in: ceil(elements * passes / lanes) + depth clocks for a group that starts in an empty pipe.
// Causes: none (the caller charges useful.vector). Not modelled: look-up tables of different latency per function.
// Errors: a unit without lanes, negative sizes and sums beyond 64 bits are InternalErrors.
// Source: stillwater-sc/kpu-sim vector_engine.hpp counts rows * ceil(W/8) + 3, here elements are packed densely. The
//   array's drain delivers C/2 results per clock, hence the default of C/2 lanes; depth 4 is assumed.
#pragma once

#include <cstdint>

namespace cyclescope::compute {

struct VectorUnitGeometry {
  int lanes = 16;
  int depth = 4;  ///< pipeline clocks from operand to result

  /// Clocks that the unit is occupied by `elements` elements of `passes` operations each.
  [[nodiscard]] std::int64_t issue_clocks(std::int64_t elements, std::int64_t passes) const;

  /// Clocks from the first operand to the last result in an otherwise empty pipe; 0 for no elements.
  [[nodiscard]] std::int64_t clocks(std::int64_t elements, std::int64_t passes) const;
};

}  // namespace cyclescope::compute
