#include "sim/compute/pe_grid.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {

PeGrid::PeGrid(int rows, int columns)
    : rows_(rows), columns_(columns), pes_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns)) {}

ResultTag PeGrid::arriving(int column) const {
  const Pe& top = at(0, column);
  if (top.finished) return {top.accumulating, 0, column};
  return rows_ > 1 ? at(1, column).link : ResultTag{};
}

void PeGrid::step(const std::vector<OperandTag>& west, const std::vector<OperandTag>& north) {
  executed_ = operand_hops_ = result_hops_ = 0;
  corners_.clear();
  move_results();
  move_operands(west, north);
  for (int i = 0; i < rows_; ++i) {
    for (int j = 0; j < columns_; ++j) execute(i, j);
  }
}

void PeGrid::inject(const OperandTag& west, const OperandTag& north) {
  Pe& pe = at(0, 0);
  if (pe.west.block != nullptr || pe.north.block != nullptr) throw InternalError("PE(0,0) is fed twice in one step");
  pe.west = west;
  pe.north = north;
  execute(0, 0);
}

bool PeGrid::corner_begins(const ArrayBlock& block) const {
  return std::find(corners_.begin(), corners_.end(), &block) != corners_.end();
}

void PeGrid::move_results() {
  for (int i = 0; i < rows_; ++i) {
    for (int j = 0; j < columns_; ++j) {
      Pe& pe = at(i, j);
      pe.link = i + 1 < rows_ ? at(i + 1, j).link : ResultTag{};
      if (pe.link.block != nullptr) ++result_hops_;
      if (!pe.finished) continue;
      if (pe.link.block != nullptr) {
        throw InternalError(fmt::format("results of blocks {} and {} meet on the link of PE({},{})", pe.link.block->id,
                                        pe.accumulating->id, i, j));
      }
      if (pe.executed != pe.accumulating->steps) {
        throw InternalError(fmt::format("result ({},{}) of block {} got {} of {} steps", i, j, pe.accumulating->id,
                                        pe.executed, pe.accumulating->steps));
      }
      pe.link = {pe.accumulating, i, j};
      pe.accumulating = nullptr;
      pe.finished = false;
    }
  }
}

void PeGrid::move_operands(const std::vector<OperandTag>& west, const std::vector<OperandTag>& north) {
  for (int i = rows_ - 1; i >= 0; --i) {
    for (int j = columns_ - 1; j >= 0; --j) {
      Pe& pe = at(i, j);
      pe.west = j > 0 ? at(i, j - 1).west : west[static_cast<std::size_t>(i)];
      pe.north = i > 0 ? at(i - 1, j).north : north[static_cast<std::size_t>(j)];
      if (pe.west.block != nullptr && j >= pe.west.block->n) pe.west.block = nullptr;
      if (pe.north.block != nullptr && i >= pe.north.block->m) pe.north.block = nullptr;
      if (j > 0 && pe.west.block != nullptr) ++operand_hops_;
      if (i > 0 && pe.north.block != nullptr) ++operand_hops_;
    }
  }
}

void PeGrid::execute(int i, int j) {
  Pe& pe = at(i, j);
  if (pe.west.block == nullptr && pe.north.block == nullptr) return;
  if (pe.west.block != pe.north.block || pe.west.k != pe.north.k || pe.west.lane != i || pe.north.lane != j) {
    throw InternalError(fmt::format("PE({},{}) sees operands that do not belong together", i, j));
  }
  const ArrayBlock& block = *pe.west.block;
  if (pe.west.k == 0) {
    if (pe.accumulating != nullptr) throw InternalError(fmt::format("accumulator ({},{}) is overwritten", i, j));
    pe.accumulating = &block;
    pe.executed = 0;
    if (i == block.m - 1 && j == block.n - 1) corners_.push_back(&block);
  }
  if (pe.accumulating != &block || pe.executed != pe.west.k) {
    throw InternalError(fmt::format("PE({},{}) of block {} lost a reduction step", i, j, block.id));
  }
  ++pe.executed;
  ++executed_;
  pe.finished = pe.executed == block.steps;
}

}  // namespace cyclescope::compute
