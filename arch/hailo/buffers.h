// How many rows the buffer of an input holds: found by running the rows without time.
//
// A reader's buffer holds the rows that it needs at once and, allocator.slack_rows times, as many more as it moves on by from
// row to row (its stride), so that they can come while the others are used; of an input that it needs as a whole two frames, so that one can come while the other is used.
// Where branches part and meet again, the short one has to hold what it is given while the long one works up to the row
// that the meeting layer waits for. For every layer of several inputs and each of its rows, the layers before it, back to
// the one where all branches part, are asked for the rows that this takes, slack_rows more at each so that all can work at
// once. A layer makes what it is asked for and, when more comes than its buffers hold, as much more as it can. What then
// lies in a buffer is the least it has to hold.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/hailo/network.h"

namespace cyclescope::hailo {

/// Capacities in rows, by layer and input, of a network whose layers all run at once.
std::vector<std::vector<std::int64_t>> buffer_rows(const Network& network, std::int64_t slack_rows);

/// Capacity of an input that is read from memory: nothing but its reader's need.
std::int64_t window_rows(const LayerInput& input, std::int64_t readers_rows, std::int64_t slack_rows);

}  // namespace cyclescope::hailo
