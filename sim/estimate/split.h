// The residual of the public estimator (branes.h) against a simulation, split over causes. Starting from the estimate,
// each step replaces one assumption by what the machine has; its share is the difference it makes. So the shares of a
// row sum to simulation - estimate, in whole femtoseconds and femtojoules, and those of the rows to the total.
//
// A row is a unit: the smallest set of operators of the estimator and of groups that the machine executes as one, such
// that neither reaches out of it (mostly one group with all its members). The last row is what belongs to no operator.
//
// i: an operator of the estimator, F_i operations, M_i MACs, B_i bytes at FP32; g: a group of the machine, M_g MACs, B_g
// bytes at FP32 of what it reads and writes outside. Constants of the estimator: P, BW, o, k_i, e_op s, e_B, 0.3 TDP.
// Of the machine: P' = 2 MACs per second, BW' of its external memory, b = bits / 32 of the precision used.
//
// Latency. Constants come first, so that none of the estimator's reaches into a later step. A wrong one moves its own
// share, and those before it as far as the larger of two times changes sides (a wrong peak also moves `bandwidth` then)
// or is multiplied by k.
//   published_digits  estimate from the estimator's own operator list, less the published row (last row alone)
//   operator_list     estimate from the operators of the trace, less that (last row alone)
//   overhead          o -> 0
//   size_correction   k_i -> 1
//   bandwidth         sum max(F_i / P, B_i / BW)  -> sum max(F_i / P, B_i / BW')
//   peak              -> sum max(2 M_i / P', B_i / BW'): other operations do not take the arrays
//   precision         -> sum max(2 M_i / P', b B_i / BW')
//   views             an operator that the machine executes as a view -> 0
//   fusion            -> sum over groups max(2 M_g / P', b B_g / BW')
//   on_chip           -> max(2 M / P', C / BW'), M and C of the unit: C its part of the compulsory bytes of the state
//   overlap           -> its part r of the roofline: 2 M / P' if that is bound by compute, C / BW' if by memory
// Here the estimate is the roofline. The simulated time of a unit is its time on the critical path, by cause; there is
// a share for each cause (path_causes), which is the time on the path less what the bound takes of it:
//   r is taken off the causes that it consists of, from the first until nothing is left of it: bound by compute, `mac`;
//   bound by memory, the way of a byte: dram_bandwidth host_link transfer noc l3 l2 l1
//   beside_path       -(what is left of r): the machine did that part of the bound's work while the path showed
//                     something else
//   unexplained       simulation - estimate - all others: time on the path under a name that is no cause
// Energy:
//   published_digits, operator_list   as above
//   energy_per_op     e_op s F_i -> price of a MAC of the machine times M_i
//   energy_per_byte   e_B B_i -> e_B' B_i, e_B' what external memory took per byte that it moved in this run
//   precision, views, fusion, on_chip   bytes as above, times e_B'
//   latency           0.3 TDP times the estimated time -> times the simulated time of the unit
//   idle_power        0.3 TDP -> the simulated component `idle`
//   array             component `array` less the MACs above: registers, hops between PEs
//   external_memory   components `dram...` less the bytes above: bytes moved beyond the compulsory ones
//   NAME              every other component as simulated
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/estimate/branes.h"

namespace cyclescope::estimate {

/// An operator of the estimator, counted at the batch of the run.
struct SplitOperator {
  OperatorCount count;
  bool view = false;  ///< all of it is in groups that the machine executes as views
};

/// What the machine executes as one; a view has neither.
struct SplitGroup {
  std::int64_t macs = 0;
  std::int64_t bytes = 0;  ///< read and written outside, FP32
};

struct SplitUnit {
  std::string name;
  std::string type;
  std::vector<SplitOperator> operators;
  std::vector<SplitGroup> groups;
  std::int64_t compulsory_bytes = 0;              ///< at the precision used
  std::map<std::string, Femtoseconds> path;       ///< simulated: time on the critical path by name of the leaf
  std::map<std::string, std::int64_t> energy_fj;  ///< simulated, by component
};

struct SplitMachine {
  std::int64_t peak_macs_per_second = 0;   ///< at the precision used; 0: MACs take no time
  std::int64_t peak_bytes_per_second = 0;  ///< of external memory; 0: bytes take no time
  Femtoseconds roofline = 0;
  std::string roofline_bound;  ///< compute | memory | dependency
  double joules_per_mac = 0;   ///< price of a MAC at the precision used
  double joules_per_byte = 0;  ///< external memory, as this run took
};

/// Latency in femtoseconds and energy in femtojoules.
struct Totals {
  std::int64_t latency = 0;
  std::int64_t energy = 0;
};

/// A published row.
struct PublishedTotals {
  Totals printed;
  Totals listed;  ///< recomputed from the estimator's own list of operators
};

struct SplitInput {
  BranesPlatform constants;
  Precision precision = Precision::int8;
  std::optional<PublishedTotals> published;  ///< without it the estimate is the recomputation for the trace
  SplitMachine machine;
  std::vector<SplitUnit> units;
  SplitUnit rest;  ///< path and energy of no operator
};

/// One row; `shares` in the order of the causes.
struct SplitRow {
  std::string name;
  std::string type;
  std::int64_t estimate = 0;
  std::int64_t simulation = 0;
  std::vector<std::int64_t> shares;
};

struct Split {
  std::vector<std::string> causes;  ///< keys; the last is `unexplained`
  std::vector<SplitRow> rows;       ///< of the units, then of what belongs to no operator

  [[nodiscard]] SplitRow total() const;
  /// Share of a cause in a row; 0 for a cause there is not.
  [[nodiscard]] std::int64_t share(const SplitRow& row, const std::string& cause) const;
};

/// In femtoseconds. Throws InputError for constants that branes() refuses.
Split split_latency(const SplitInput& input);

/// In femtojoules.
Split split_energy(const SplitInput& input);

/// `row misses` for `row_misses`; a component of energy is its own title.
std::string cause_title(const std::string& key);

/// Key of the cause that a leaf of the ledger belongs to; `unexplained` for a name that is no leaf or says nothing.
std::string path_cause(const std::string& leaf);

}  // namespace cyclescope::estimate
