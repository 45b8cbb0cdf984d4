// The registers of a weight- or input-stationary array: per PE a streamed operand, a chain register of the operand that
// loads, the stationary operand in use and a sum. One call moves everything by one step; values are replaced by the tags
// of what they belong to, which the grid checks.
//
// Timing: in a step streamed operands move one PE east and sums one PE south; a PE with a streamed operand adds its
//   product to the sum coming from the north. With the first operand of a fold the PE takes over what its chain register
//   holds; in the same step the chain register may take the next token from the north. A token in the chain moves one PE
//   south per step until it is in its row.
// Errors: a sum that meets another or passes a PE of its fold without a product, a stationary operand overwritten before
//   it was used or, with one buffer, while it is in use, and one that is missing when its fold starts are InternalErrors.
// Source: as stationary_array.h.
#pragma once

#include <vector>

#include "sim/compute/pe_grid.h"

namespace cyclescope::compute {

class StationaryGrid {
 public:
  StationaryGrid(int rows, int columns, int buffers);

  /// The sum that the next step would bring to the south edge of a column, row = step t; block null for none.
  [[nodiscard]] ResultTag arriving(int column) const;
  /// One step: west[i] streams into row i, north[j] loads into column j (k counts rows in the order of entry).
  void step(const std::vector<OperandTag>& west, const std::vector<OperandTag>& north);
  /// In the step just made a fold begins, its first streamed operand at PE(0,0); or a row begins to load there.
  void inject_west(const OperandTag& west);
  void inject_north(const OperandTag& north);

  /// Products, moves of operands (streamed and loading) and moves of sums between PEs in the step just made.
  [[nodiscard]] std::int64_t executed() const { return executed_; }
  [[nodiscard]] std::int64_t operand_hops() const { return operand_hops_; }
  [[nodiscard]] std::int64_t sum_hops() const { return sum_hops_; }
  /// The far corner of `fold` began in the step just made.
  [[nodiscard]] bool corner_begins(const ArrayBlock& fold) const;

 private:
  struct Sum {
    const ArrayBlock* fold = nullptr;
    std::int64_t t = 0;
    int rows = 0;  ///< products in it
  };
  struct Pe {
    OperandTag west;
    OperandTag chain;                  ///< moving through or waiting for its fold
    const ArrayBlock* held = nullptr;  ///< fold whose stationary operand is in use until its last step
    std::int64_t executed = 0;         ///< steps of that fold
    Sum sum;
  };

  [[nodiscard]] Pe& at(int i, int j) { return pes_[static_cast<std::size_t>(i * columns_ + j)]; }
  [[nodiscard]] const Pe& at(int i, int j) const { return pes_[static_cast<std::size_t>(i * columns_ + j)]; }
  void move_streamed(const std::vector<OperandTag>& west);
  void take_over(int i, int j);
  void load(int i, int j, const OperandTag& token);
  void add(int i, int j, const Sum& from_north);

  int rows_;
  int columns_;
  int buffers_;
  std::vector<Pe> pes_;
  std::int64_t executed_ = 0;
  std::int64_t operand_hops_ = 0;
  std::int64_t sum_hops_ = 0;
  std::vector<const ArrayBlock*> corners_;  ///< folds whose far corner began in the step just made
};

}  // namespace cyclescope::compute
