#include "sim/compute/stationary_grid.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {
namespace {

/// Array row in which a loading token stays.
int row_of(const OperandTag& token) { return token.block->m - 1 - static_cast<int>(token.k); }

}  // namespace

StationaryGrid::StationaryGrid(int rows, int columns, int buffers)
    : rows_(rows),
      columns_(columns),
      buffers_(buffers),
      pes_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns)) {}

ResultTag StationaryGrid::arriving(int column) const {
  const Sum& sum = at(rows_ - 1, column).sum;
  if (sum.fold == nullptr) return {};
  if (sum.rows != sum.fold->m) {
    throw InternalError(fmt::format("sum {} of fold {} in column {} has {} of {} products", sum.t, sum.fold->id, column,
                                    sum.rows, sum.fold->m));
  }
  return {sum.fold, static_cast<int>(sum.t), column};
}

void StationaryGrid::step(const std::vector<OperandTag>& west, const std::vector<OperandTag>& north) {
  executed_ = operand_hops_ = sum_hops_ = 0;
  corners_.clear();
  move_streamed(west);
  for (int i = 0; i < rows_; ++i) {
    for (int j = 0; j < columns_; ++j) take_over(i, j);
  }
  for (int i = rows_ - 1; i >= 0; --i) {  // from south to north: registers are read before they are written
    for (int j = 0; j < columns_; ++j) {
      const Sum from_north = i > 0 ? at(i - 1, j).sum : Sum{};
      add(i, j, from_north);
      if (i == 0) {
        load(i, j, north[static_cast<std::size_t>(j)]);
        continue;
      }
      OperandTag& above = at(i - 1, j).chain;
      if (above.block == nullptr || row_of(above) < i) continue;
      load(i, j, above);
      above = {};
      ++operand_hops_;
    }
  }
}

void StationaryGrid::inject_west(const OperandTag& west) {
  Pe& pe = at(0, 0);
  if (pe.west.block != nullptr || pe.sum.fold != nullptr) throw InternalError("PE(0,0) is fed twice in one step");
  pe.west = west;
  take_over(0, 0);
  add(0, 0, {});
}

void StationaryGrid::inject_north(const OperandTag& north) { load(0, 0, north); }

bool StationaryGrid::corner_begins(const ArrayBlock& fold) const {
  return std::find(corners_.begin(), corners_.end(), &fold) != corners_.end();
}

void StationaryGrid::move_streamed(const std::vector<OperandTag>& west) {
  for (int i = 0; i < rows_; ++i) {
    for (int j = columns_ - 1; j >= 0; --j) {
      Pe& pe = at(i, j);
      pe.west = j > 0 ? at(i, j - 1).west : west[static_cast<std::size_t>(i)];
      if (pe.west.block != nullptr && j >= pe.west.block->n) pe.west.block = nullptr;
      if (j > 0 && pe.west.block != nullptr) ++operand_hops_;
    }
  }
}

void StationaryGrid::take_over(int i, int j) {
  Pe& pe = at(i, j);
  if (pe.west.block == nullptr || pe.west.k != 0) return;
  const ArrayBlock& fold = *pe.west.block;
  if (pe.chain.block != &fold || row_of(pe.chain) != i || pe.chain.lane != j) {
    throw InternalError(fmt::format("PE({},{}) starts fold {} without its stationary operand", i, j, fold.id));
  }
  if (pe.held != nullptr) {
    throw InternalError(fmt::format("PE({},{}) starts fold {} before fold {} is done", i, j, fold.id, pe.held->id));
  }
  pe.held = &fold;
  pe.executed = 0;
  pe.chain = {};
  if (i == fold.m - 1 && j == fold.n - 1) corners_.push_back(&fold);
}

void StationaryGrid::load(int i, int j, const OperandTag& token) {
  if (token.block == nullptr) return;
  Pe& pe = at(i, j);
  if (pe.chain.block != nullptr) {
    throw InternalError(fmt::format("PE({},{}): a row of fold {} overwrites one of fold {}", i, j, token.block->id,
                                    pe.chain.block->id));
  }
  if (buffers_ == 1 && pe.held != nullptr) {
    throw InternalError(
        fmt::format("PE({},{}): a row of fold {} overwrites fold {} in use", i, j, token.block->id, pe.held->id));
  }
  pe.chain = token;
}

void StationaryGrid::add(int i, int j, const Sum& from_north) {
  Pe& pe = at(i, j);
  pe.sum = from_north;
  if (i > 0 && from_north.fold != nullptr) ++sum_hops_;
  if (pe.west.block == nullptr) {
    if (from_north.fold != nullptr && i < from_north.fold->m) {
      throw InternalError(
          fmt::format("sum {} of fold {} passes PE({},{}) without a product", from_north.t, from_north.fold->id, i, j));
    }
    return;
  }
  const OperandTag& token = pe.west;
  if (token.lane != i || pe.held != token.block || pe.executed != token.k) {
    throw InternalError(fmt::format("PE({},{}) of fold {} lost a step", i, j, token.block->id));
  }
  if (i > 0 && (from_north.fold != token.block || from_north.t != token.k || from_north.rows != i)) {
    throw InternalError(fmt::format("PE({},{}): step {} of fold {} meets another sum", i, j, token.k, token.block->id));
  }
  pe.sum = {token.block, token.k, i + 1};
  ++executed_;
  if (++pe.executed == token.block->steps) pe.held = nullptr;
}

}  // namespace cyclescope::compute
