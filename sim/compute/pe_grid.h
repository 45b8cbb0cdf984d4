// The registers of an output-stationary array: per PE two operands, an accumulator and a link register. One call moves
// everything by one step; values are replaced by the tags of what they belong to, which the grid checks.
//
// Timing: in a step every operand moves one PE east or south, every result one PE north; then each PE with both
//   operands executes one reduction step. A finished accumulator enters its link register in the following step.
// Errors: operands that do not belong together, a lost or repeated reduction step, an accumulator overwritten before
//   its result left, and two results on one link are InternalErrors.
// Source: as array.h.
#pragma once

#include <vector>

#include "sim/compute/array.h"

namespace cyclescope::compute {

/// An operand on its way: element of reduction step k of lane `lane`.
struct OperandTag {
  const ArrayBlock* block = nullptr;
  std::int64_t k = 0;
  int lane = 0;
};

/// A result on its way north.
struct ResultTag {
  const ArrayBlock* block = nullptr;
  int row = 0;
  int column = 0;
};

class PeGrid {
 public:
  PeGrid(int rows, int columns);

  /// The result that the next step would bring to the north edge of a column; block null for none.
  [[nodiscard]] ResultTag arriving(int column) const;
  /// One step: west[i] enters row i, north[j] column j; block null for none.
  void step(const std::vector<OperandTag>& west, const std::vector<OperandTag>& north);
  /// A block begins in the step just made: its first operands meet at PE(0,0).
  void inject(const OperandTag& west, const OperandTag& north);

  /// Reduction steps executed in the step just made.
  [[nodiscard]] std::int64_t executed() const { return executed_; }
  /// Operand and result moves between PEs in the step just made.
  [[nodiscard]] std::int64_t operand_hops() const { return operand_hops_; }
  [[nodiscard]] std::int64_t result_hops() const { return result_hops_; }
  /// The far corner of `block` began in the step just made.
  [[nodiscard]] bool corner_begins(const ArrayBlock& block) const;

 private:
  struct Pe {
    OperandTag west;
    OperandTag north;
    const ArrayBlock* accumulating = nullptr;
    std::int64_t executed = 0;
    bool finished = false;
    ResultTag link;
  };

  [[nodiscard]] Pe& at(int i, int j) { return pes_[static_cast<std::size_t>(i * columns_ + j)]; }
  [[nodiscard]] const Pe& at(int i, int j) const { return pes_[static_cast<std::size_t>(i * columns_ + j)]; }
  void move_results();
  void move_operands(const std::vector<OperandTag>& west, const std::vector<OperandTag>& north);
  void execute(int i, int j);

  int rows_;
  int columns_;
  std::vector<Pe> pes_;
  std::int64_t executed_ = 0;
  std::int64_t operand_hops_ = 0;
  std::int64_t result_hops_ = 0;
  std::vector<const ArrayBlock*> corners_;  ///< blocks whose far corner began in the step just made
};

}  // namespace cyclescope::compute
