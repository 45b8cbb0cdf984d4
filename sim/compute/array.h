// A matrix-multiply array as the machine sees it: blocks of an output-stationary GEMM go in, results come out at the
// north edge, and operands and result space arrive when others provide them.
//
// Timing (clocks of the array; step = a clock in which the array is not frozen):
//  * A[i,k] enters row i from the west and B[k,j] column j from the north at step S + k + i and S + k + j, where S is the
//    block's start step; PE(i,j) executes reduction step k at S + k + i + j; with T steps per block the result (i,j)
//    reaches the north edge at S + T + 2i + j.
//  * The next block may start at S' >= S + max(T, D): D = 2m-1, or, with interleaved drain, any odd distance >= m or any
//    distance >= 2m-1. It starts only when its first operands are there (all lanes' first run supplied); before that the
//    array goes on draining.
//  * Lock step: once a block has started, one lane without its due token, or one column whose egress FIFO is full when a
//    result is due, freezes the whole array (fill, MACs and drain alike).
//  * Lanes and columns beyond m, n carry no tokens.
// Causes: useful.mac, structural.fill, structural.drain, waits cut along what ended them, idle.
// Actions: mac (useful MACs), pe_hop (operand hops between PEs), drain_hop.
// Source: kpu.md sections 4.1-4.5 (schedule tau = [1 1 1]); SCALE-Sim one-fold runtime 2R + C + T - 2.
#pragma once

#include <cstdint>

#include "sim/kernel/module.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::compute {

enum class Side : std::uint8_t { a, b };

/// Sizes of one array.
struct ArrayGeometry {
  int rows = 0;
  int columns = 0;
  int quarter_macs = 4;        ///< per PE and clock at the precision in use (INT8 4)
  bool interleave_drain = false;
  int ingress_depth = 32;      ///< tokens per lane that a streamer may run ahead of the array
  int egress_depth = 16;       ///< results per column between array and vector unit
};

/// One output block: m x n results of `steps` reduction steps each.
struct ArrayBlock {
  std::int64_t id = 0;         ///< increasing per array
  int m = 0;
  int n = 0;
  std::int64_t steps = 0;      ///< T = ceil(K * q)
  std::int64_t macs = 0;       ///< useful MACs, m * n * K
  ledger::OperatorIndex op = -1;
};

/// Tokens of one side for reduction steps [first_step, first_step + steps) of a block. The token of step k for lane i
/// is in its ingress FIFO from clock first_clock + i + floor((k - first_step) * clocks_num / clocks_den).
struct OperandRun {
  std::int64_t block = 0;
  std::int64_t first_step = 0;
  std::int64_t steps = 0;
  std::int64_t first_clock = 0;   ///< absolute clock index (time / period)
  std::int64_t clocks_num = 1;
  std::int64_t clocks_den = 1;
  ledger::Release release;        ///< the streamer activity that delivers it (its instant: first_clock)
};

/// Results of a block may be taken: result r of column j leaves the egress FIFO at the earliest at
/// from_clock + j + r * clocks_per_result, in order, and not in the clock in which it arrived.
struct EgressWindow {
  std::int64_t block = 0;
  std::int64_t from_clock = 0;
  std::int64_t clocks_per_result = 2;
  ledger::Release release;        ///< what opened the window (its instant: from_clock)
};

/// Who uses the array. Called at the simulated time of the event.
class ArrayListener {
 public:
  virtual ~ArrayListener() = default;
  /// The last token of the run has entered the ingress FIFO: the streamer may begin its next run.
  virtual void run_entered(Side side, std::int64_t block, std::int64_t first_step, ledger::ActivityId by) = 0;
  /// First result of the block is on the north edge.
  virtual void first_result(std::int64_t block, ledger::ActivityId by) = 0;
  /// Last result of the block has left the egress FIFO.
  virtual void last_result(std::int64_t block, ledger::ActivityId by) = 0;
};

/// What both array models offer. All calls take effect at the current instant; runs of one side are supplied in order.
class Array : public kernel::Module {
 public:
  using kernel::Module::Module;
  virtual void push_block(const ArrayBlock& block, const ledger::Release& release) = 0;
  virtual void supply(Side side, const OperandRun& run) = 0;
  virtual void open_egress(const EgressWindow& window) = 0;
  virtual void restart(Femtoseconds t0) = 0;
  virtual void finish(Femtoseconds end) = 0;
};

}  // namespace cyclescope::compute
