// Lost efficiency of one machine beside another, from their results alone; nothing is simulated or re-derived.
//
// The slots (quarter-MACs) of all MAC arrays of a run are its capacity times its time:
//     C T = S = U + sum over causes c of L(c)        U: MACs done on the arrays
// Against a base (index 1) that did W_1 units of work while this one did W_N, efficiency is the base's slots per unit
// of work over this one's:
//     E = (S_1 / W_1) / (S_N / W_N) = W_N S_1 / (W_1 S_N)
//     1 - E = [sum over c of (W_1 L_N(c) - W_N L_1(c)) + (W_1 U_N - W_N U_1)] / (W_1 S_N)
// With equal work W = 1 this is the formula of the design; work counts frames (the batch), so that weak scaling closes
// as exactly. The last term is `executed elsewhere`. C holds the clock: a lower clock is less capacity, no loss.
//
// All terms are integers over one denominator and are held against the left side with ==.
#pragma once

#include <cstdint>
#include <string>

#include "sim/results/result.h"
#include "sim/results/scaling_causes.h"

namespace cyclescope::results {

/// What the arrays of one run did with their slots.
struct ArraySlotSums {
  std::int64_t arrays = 0;           ///< lanes with MAC slots
  std::int64_t slots_per_cycle = 0;  ///< of all arrays together, quarter-MACs: the capacity per reference clock
  std::int64_t all = 0;              ///< S
  std::int64_t useful = 0;           ///< U
  CauseSlots lost{};                 ///< L(c); of `elsewhere` always 0
};

/// Adds the lanes that have slots. An array that executed no MAC in the whole run, while an array of another number of
/// slots per clock (another kind of tile) executed some, is lost to `heterogeneity` entirely.
/// Throws NotModelled when the arrays together have more slots than the chip, because they take turns.
/// Throws CheckFailed with the numbers when the ledger of an array does not close: slots in `unknown`, a time that is
/// not the makespan, no whole number of slots per reference clock, useful slots that are not 4 per executed MAC,
/// or S != U + sum L.
ArraySlotSums array_slots(const RunResult& result);

/// 1 - E of a point against a base, every term over `denominator`.
struct LostEfficiency {
  std::int64_t base_work = 1;    ///< W_1, divided by the greatest common divisor of both
  std::int64_t work = 1;         ///< W_N, likewise
  std::int64_t denominator = 1;  ///< W_1 S_N
  std::int64_t lost = 0;         ///< W_1 S_N - W_N S_1: (1 - E) * denominator
  CauseSlots terms{};            ///< sums to `lost`; negative where the base lost more

  [[nodiscard]] double efficiency() const;
};

/// Throws CheckFailed when the terms do not sum to what is lost, InputError for a base or point without slots or work.
LostEfficiency lost_efficiency(const ArraySlotSums& base, std::int64_t base_work, const ArraySlotSums& point,
                               std::int64_t work);

}  // namespace cyclescope::results
