// The event-driven weight- or input-stationary array that machines use: exact to the clock, and asleep between decisions.
// One class serves both; geometry.dataflow says which operand stays.
//
// A block is a fold. Array rows are the K slice (m used), columns the N slice (the M slice when A stays; n used). The
// operand that stays (B, or A) is a matrix of m rows and n columns that loads from the north; the other streams in from
// the west, `steps` = T tokens in each of m rows; T x n sums leave at the south edge.
// Timing (clocks of the array; step = a clock in which the array is not frozen):
//  * Tokens of the stationary side: its run steps are rows in the order of entry, the last row (m - 1) first. A row
//    enters column 0 as soon as its token is there, one row per step, and column j exactly j steps later; it moves one
//    PE south per step until it is in its own. m rows that come one per clock take m clocks.
//  * The rows of a fold may enter from the start step of the fold before on (two stationary buffers) or from the end
//    S + T of its stream on (one buffer): the load runs diagonally behind the fold's wavefront.
//  * A fold starts at S, behind its last row in column 0, not before the fold before has issued all its steps, and not
//    before its first streamed token is there. Token t of row i enters at S + t + i; PE(i,j) executes it at S + t + i +
//    j; the sum t of column j moves south through all R rows, those beyond m included, and is on the edge at S + t + R +
//    j. So one fold takes m + T + R + n - 1 clocks from its first row, and folds follow every max(T, m of the next) steps
//    (one buffer: T + m). Sums of two folds never meet: they are on different diagonals.
//  * Lock step: a started fold without its due streamed token, a row that column 0 has taken and another column misses,
//    or a column whose egress FIFO is full when a sum is due freezes everything, loads included. A row that column 0 has
//    not taken delays the next fold only.
//  * Ingress, egress, equal clocks and calls: as array.h. A window's results are numbered by step; result_interval()
//    gives 1, the natural clocks_per_result.
// Causes: structural.fill (a row enters column 0 while no fold streams or drains; or a fold issues that started when
//   none drained, until its far corner PE(m-1,n-1) begins), useful.mac (other steps that issue), structural.drain (no
//   step is issued, sums are on their way), waits cut along what ended them (also between the rows of a load and before
//   the start, while nothing streams or drains), idle.
// Slots: those of load clocks are fill; otherwise ArraySlots' rule, with 4 useful quarter-MACs per useful MAC: unused
//   rows and columns, cells used in part and the rounding of T are padding.
// Actions: mac, pe_hop (tokens from PE to PE: T m (n - 1) eastwards and n m (m - 1) / 2 southwards), drain_hop (sums from
//   PE to PE: T n (R - 1)). A token of a cell array is a bundle and counts once.
// Ports: Array in, ArrayListener out. A listener may call push_block, supply and open_egress from inside its call.
// Errors: as array.h; also folds with more useful MACs than m n T quarter_macs / 4.
// Not modelled: values; turn-around of the load chain; preloading more than one fold ahead.
// Source: derived from the wavefront schedule; one full fold agrees with 2R + T + C - 1, the closed form in use for
//   weight-stationary arrays.
#pragma once

#include "sim/compute/event_array.h"

namespace cyclescope::compute {

class StationaryArray : public EventArray<StationaryStep> {
 public:
  using EventArray::EventArray;
};

}  // namespace cyclescope::compute
