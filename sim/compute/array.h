// A matrix-multiply array as the machine sees it: blocks of a GEMM go in, results come out at an edge, and operands and
// result space arrive when others provide them. What follows is the output-stationary array; stationary_array.h says
// where the weight- and input-stationary ones differ.
//
// Timing (clocks of the array; step = a clock in which the array is not frozen):
//  * A[i,k] enters row i from the west and B[k,j] column j from the north at step S + k + i and S + k + j, where S is
//    the block's start step; PE(i,j) executes reduction step k at S + k + i + j; with T steps per block the result
//    (i,j) reaches the north edge at E + 2i + j, E = S + T.
//  * The next block (T', E' = S' + T') may start at S' >= S + T when its results cannot meet older ones on a link:
//    E' >= E + 2m - 1 for every older block; with interleaved drain it is enough that E' >= E + m for the block before
//    and that E' - E is odd or >= 2m - 1 for every older block. With equal T these are distances of starts (4.4).
//    It starts only when the operands of PE(0,0) are there; before that the array goes on draining.
//  * Lock step: once a block has started, one lane without its due token, or one column whose egress FIFO is full when
//    a result is due, freezes the whole array (fill, MACs and drain alike).
//  * Lanes and columns beyond m, n carry no tokens.
//  * Ingress: a token may be used in the clock in which it enters its FIFO; the slot of a token used in clock c takes
//    the next token from c + 1. Egress: a result that arrives in clock c leaves at c + 1 or later; the slot of a result
//    that leaves in clock c takes the next result from c + 1. Rows leave in the order in which they arrive, column j of
//    a row at least j clocks after the row's turn, and turns are at least one clock apart.
//  * Equal clocks: what is supplied, opened or pushed at an instant counts for the clock that begins there, whatever
//    the order of modules within the instant. A call between edges counts from the next edge. A first_clock or
//    from_clock before the call counts as the clock of the call, and a run begins no earlier than the last token of the
//    run before.
// Causes: useful.mac, structural.fill (start into an empty array until the far corner starts, while steps are issued),
//   structural.drain (no block issues steps: tail until the last result is on the edge), structural.issue (the next
//   block and the operands of its PE(0,0) are there, but results of older blocks do not let it start: short K), waits
//   cut along what ended them, idle.
// Actions: mac (useful MACs), pe_hop (operand hops between PEs, T(m(n-1) + n(m-1)) per block), drain_hop (result hops
//   between link registers, nm(m-1)/2 per block).
// Errors: calls out of order, for a block that was not pushed, or of impossible size are InternalErrors.
// Not modelled: the values themselves; columns that freeze on their own (the freeze is global).
// Source: stillwater-sc/kpu-sim (schedule tau = [1 1 1], C output-stationary; results leave northwards, every other
// clock, as branes-ai/graphs docs/hardware/kpu_architecture.md); SCALE-Sim one-fold runtime 2R + C + T - 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::compute {

enum class Side : std::uint8_t { a, b };

/// Which operand stays in the PEs. A GEMM is C[M,N] = A[M,K] B[K,N]; rows and columns of PEs are M and N when C stays,
/// K and N when the weights B stay, K and M when the inputs A stay.
enum class Dataflow : std::uint8_t { output_stationary, weight_stationary, input_stationary };

/// Sizes of one array. A PE may be a cell of cell_m x cell_n x cell_k MACs per clock; tokens are then bundles of elements
/// and the cell decides only how many tokens the machine sends.
struct ArrayGeometry {
  int rows = 0;
  int columns = 0;
  int quarter_macs = 4;  ///< per PE and clock at the precision in use (INT8 4 for each MAC of the cell)
  Dataflow dataflow = Dataflow::output_stationary;
  int cell_m = 1;
  int cell_n = 1;
  int cell_k = 1;
  int stationary_buffers = 2;  ///< 2: the next fold's stationary operand loads while this fold streams; 1: it does not
  bool interleave_drain = false;  ///< output-stationary only
  int ingress_depth = 32;         ///< tokens per lane that a streamer may run ahead of the array
  int egress_depth = 16;          ///< results per column between array and vector unit, at least 2
};

/// Indices of the ledger actions that an array counts; the owner declares them.
struct ArrayActions {
  std::size_t mac = 0;
  std::size_t pe_hop = 0;
  std::size_t drain_hop = 0;
};

/// The operand that stays in the PEs of a weight- or input-stationary array, and the one that streams through.
constexpr Side stationary_side(Dataflow dataflow) { return dataflow == Dataflow::input_stationary ? Side::a : Side::b; }
constexpr Side streaming_side(Dataflow dataflow) { return dataflow == Dataflow::input_stationary ? Side::b : Side::a; }

/// Clocks between two results of a column at the edge when nothing freezes: the natural clocks_per_result of a window.
constexpr std::int64_t result_interval(Dataflow dataflow) { return dataflow == Dataflow::output_stationary ? 2 : 1; }

/// Clock of every item of a transfer, or null for the regular schedule.
using ItemClocks = std::shared_ptr<const std::vector<std::int64_t>>;

/// One output block: m x n results of `steps` reduction steps each. On a stationary array one fold: an m x n operand
/// that stays while `steps` tokens per row stream past it and give `steps` x n results.
struct ArrayBlock {
  std::int64_t id = 0;     ///< increasing per array
  int m = 0;               ///< array rows used
  int n = 0;               ///< array columns used
  std::int64_t steps = 0;  ///< T = ceil(K * q); stationary: ceil(M / cell_m * q), N for M when A stays
  std::int64_t macs = 0;   ///< useful MACs, m * n * K; stationary: of the fold
  ledger::OperatorIndex op = -1;
};

/// Tokens of one side for reduction steps [first_step, first_step + steps) of a block. The token of step k for lane i
/// is in its ingress FIFO from clock first_clock + i + floor((k - first_step) * clocks_num / clocks_den).
struct OperandRun {
  std::int64_t block = 0;
  std::int64_t first_step = 0;
  std::int64_t steps = 0;
  std::int64_t first_clock = 0;  ///< absolute clock index (time / period)
  std::int64_t clocks_num = 1;
  std::int64_t clocks_den = 1;
  ledger::Release release;  ///< the streamer activity that delivers it (its instant: first_clock)
  ItemClocks
      lane_clocks;  ///< instead of the schedule: token k of lane i at [i * steps + k]; all runs of a side or none
};

/// Results of a block may be taken from from_clock on. Rows of results leave the egress FIFOs in order of arrival, not in
/// the clock in which they arrived, and a row takes clocks_per_result before the next one, of whatever block, may leave;
/// column j follows column 0 by j clocks.
struct EgressWindow {
  std::int64_t block = 0;
  std::int64_t from_clock = 0;
  std::int64_t clocks_per_result = 2;
  ledger::Release release;  ///< what opened the window (its instant: from_clock)
  /// Instead of the schedule: result r of column j at [j * m + r] (stationary: [j * steps + r]); all windows or none.
  ItemClocks column_clocks;
};

/// Who uses the array. Called at the simulated time of the event.
class ArrayListener {
 public:
  virtual ~ArrayListener() = default;
  /// The last token of the run (of all lanes) has entered its ingress FIFO: the streamer may begin its next run. `by`
  /// is the array's activity when it had to make room, otherwise the run's own release.
  virtual void run_entered(Side side, std::int64_t block, std::int64_t first_step, ledger::ActivityId by) = 0;
  /// First result of the block is on the north edge.
  virtual void first_result(std::int64_t block, ledger::ActivityId by) = 0;
  /// Last result of the block has left the egress FIFO. `by` is the array's activity when the result left at once,
  /// otherwise the release of the window.
  virtual void last_result(std::int64_t block, ledger::ActivityId by) = 0;
};

/// What both array models offer. A block is pushed before its runs and window; runs of one side are supplied in order.
/// restart and finish bound a frame and need an array without blocks.
class Array : public kernel::Module {
 public:
  using kernel::Module::Module;
  virtual void push_block(const ArrayBlock& block, const ledger::Release& release) = 0;
  virtual void supply(Side side, const OperandRun& run) = 0;
  virtual void open_egress(const EgressWindow& window) = 0;
  /// Why the array had nothing to do up to `until` <= now, since it was last busy: books that time. Needs an array
  /// without blocks.
  virtual void rest(Femtoseconds until, ledger::Leaf leaf) = 0;
  virtual void restart(Femtoseconds t0) = 0;
  virtual void finish(Femtoseconds end) = 0;
};

}  // namespace cyclescope::compute
