// The event-driven array that machines use: exact to the clock, and asleep between decisions.
//
// Timing: as array.h; every listener call is made at the first instant of its clock. Wakes: the start of a block, the
//   entry of a run, the first and the last result, plus one per call. Results equal those of RegisterArray, which
//   ticks.
// Causes, Actions: as array.h, booked by ArrayBook on the lane given.
// Ports: Array in, ArrayListener out. A listener may call push_block, supply and open_egress from inside its call.
// Errors: as array.h; also restart or finish with blocks on the array.
// Source: as array.h.
#pragma once

#include "sim/compute/event_array.h"

namespace cyclescope::compute {

class ExactArray : public EventArray<LockStep> {
 public:
  using EventArray::EventArray;
};

}  // namespace cyclescope::compute
