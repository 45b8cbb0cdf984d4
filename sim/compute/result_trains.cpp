#include "sim/compute/result_trains.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {
namespace {

/// First of `count` results, the x-th arriving at clock `arrival` + x and needing the slot of one that leaves at `turn`
/// + x * pace, which comes too early; -1 for none.
std::int64_t first_early(std::int64_t arrival, std::int64_t turn, std::int64_t pace, std::int64_t count) {
  if (turn == kUnknown) return 0;
  const std::int64_t spare = arrival - (turn + 1);
  if (spare < 0) return 0;
  if (pace == 1) return -1;
  const std::int64_t x = spare / (pace - 1) + 1;
  return x < count ? x : -1;
}

}  // namespace

ResultTrains::ResultTrains(const ArrayGeometry& geometry, Femtoseconds period)
    : depth_(geometry.egress_depth), period_(period), columns_(static_cast<std::size_t>(geometry.columns)) {}

void ResultTrains::open(const EgressWindow& window, BlockState& block, std::int64_t call) {
  if (block.has_window) throw InternalError(fmt::format("block {} has an egress window already", window.block));
  if (window.clocks_per_result <= 0) throw InternalError("egress window without a positive pace");
  if (any_ && explicit_ != (window.column_clocks != nullptr)) {
    throw InternalError("only some egress windows have column clocks");
  }
  explicit_ = window.column_clocks != nullptr;
  if (explicit_ && static_cast<std::int64_t>(window.column_clocks->size()) != block.block.steps * block.block.n) {
    throw InternalError(fmt::format("egress window with {} column clocks for {} x {} results",
                                    window.column_clocks->size(), block.block.steps, block.block.n));
  }
  if (!any_ && !explicit_) {
    columns_.resize(1);
    for (const Coming& coming : columns_.front().to_come) coming.block->open_lanes = 1;
    for (const Train& train : columns_.front().waiting) train.block->open_lanes = 1;
  }
  any_ = true;
  block.has_window = true;
  block.window = window;
  block.window.from_clock = std::max(window.from_clock, call);
  block.window.release.at += (block.window.from_clock - window.from_clock) * period_;
  for (std::size_t j = 0; j < columns_.size(); ++j) resolve(j);
}

void ResultTrains::expect(BlockState& block, std::int64_t first) {
  const std::size_t tracked = std::min(columns_.size(), static_cast<std::size_t>(block.block.n));
  block.open_lanes = static_cast<std::int64_t>(tracked);
  for (std::size_t j = 0; j < tracked; ++j) {
    columns_[j].to_come.push_back({&block, first + static_cast<std::int64_t>(j), 0});
  }
}

ledger::Release ResultTrains::freed(const EgressWindow& window, std::int64_t turn) const {
  return {window.release.by, window.release.at + (turn + 1 - window.from_clock) * period_, ledger::Reason::credit};
}

std::int64_t ResultTrains::horizon(const Column& column) const {
  const Coming& coming = column.to_come.front();
  return explicit_ ? 1 : coming.block->block.steps - coming.row;
}

ResultTrains::Train ResultTrains::ahead_of(const Column& column, std::int64_t offset) const {
  const Coming& coming = column.to_come.front();
  Train train{coming.block, coming.row, horizon(column), coming.step + offset, kUnknown, 1, {}};
  if (!coming.block->has_window || explicit_ || column.resolved < column.waiting.size()) return train;
  train.turn = std::max({coming.block->window.from_clock, column.free_from, train.arrived + 1});
  train.pace = coming.block->window.clocks_per_result;
  train.release = freed(coming.block->window, train.turn);
  return train;
}

ResultTrains::Slot ResultTrains::slot_of(const Column& column, std::int64_t ahead, std::int64_t offset) const {
  std::int64_t index = column.held - depth_ + ahead;  // of the result whose slot it is
  if (index < 0) return {};
  const auto of = [&](const Train& train) -> Slot {
    if (train.turn == kUnknown) return {kUnknown, {}};
    Slot slot{train.turn + index * train.pace + 1, train.release};
    slot.release.at += index * train.pace * period_;
    return slot;
  };
  for (const Train& train : column.waiting) {
    if (index < train.count) return of(train);
    index -= train.count;
  }
  return of(ahead_of(column, offset));
}

std::int64_t ResultTrains::first_held(const Column& column, std::int64_t offset) const {
  const Coming& coming = column.to_come.front();
  const std::int64_t results = horizon(column);
  std::int64_t ahead = depth_ - column.held;
  const auto check = [&](const Train& train) {
    const std::int64_t x = first_early(coming.step + ahead + offset, train.turn, train.pace, train.count);
    return x < 0 || ahead + x >= results ? kUnknown : coming.step + ahead + x;
  };
  for (const Train& train : column.waiting) {
    if (ahead >= results) return kUnknown;
    const std::int64_t step = check(train);
    if (step != kUnknown) return step;
    ahead += train.count;
  }
  return ahead >= results ? kUnknown : check(ahead_of(column, offset));
}

std::int64_t ResultTrains::first_held(std::int64_t offset) const {
  std::int64_t step = kUnknown;
  for (const Column& column : columns_) {
    if (!column.to_come.empty()) step = std::min(step, first_held(column, offset));
  }
  return step;
}

std::int64_t ResultTrains::next_step() const {
  std::int64_t step = kUnknown;
  for (const Column& column : columns_) {
    if (!column.to_come.empty()) step = std::min(step, column.to_come.front().step + horizon(column) - 1);
  }
  return step;
}

void ResultTrains::arrive(std::int64_t limit, std::int64_t offset) {
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    Column& column = columns_[j];
    while (!column.to_come.empty() && column.to_come.front().step < limit) {
      Coming& coming = column.to_come.front();
      const std::int64_t count = std::min(horizon(column), limit - coming.step);
      column.waiting.push_back({coming.block, coming.row, count, coming.step + offset, kUnknown, 1, {}});
      column.held += count;
      coming.row += count;
      coming.step += count;
      if (coming.row == coming.block->block.steps) column.to_come.erase(column.to_come.begin());
      resolve(j);
      while (column.held > depth_) {
        Train& oldest = column.waiting.front();
        const std::int64_t gone = std::min(oldest.count, column.held - depth_);
        column.held -= gone;
        oldest.row += gone;
        oldest.count -= gone;
        oldest.arrived += gone;
        oldest.turn += gone * oldest.pace;
        oldest.release.at += gone * oldest.pace * period_;
        if (oldest.count > 0) continue;
        column.waiting.pop_front();
        --column.resolved;
      }
    }
  }
}

void ResultTrains::resolve(std::size_t index) {
  Column& column = columns_[index];
  for (; column.resolved < column.waiting.size(); ++column.resolved) {
    Train& train = column.waiting[column.resolved];
    if (!train.block->has_window) return;
    if (explicit_ && train.count > 1) {  // every result for itself
      Train rest = train;
      ++rest.row;
      ++rest.arrived;
      --rest.count;
      train.count = 1;
      column.waiting.insert(column.waiting.begin() + static_cast<std::ptrdiff_t>(column.resolved) + 1, rest);
    }
    resolve(column, index, column.waiting[column.resolved]);
  }
}

void ResultTrains::resolve(Column& column, std::size_t index, Train& train) {
  BlockState& state = *train.block;
  const ArrayBlock& block = state.block;
  std::int64_t open_from = state.window.from_clock;
  if (explicit_) {
    const std::int64_t item = static_cast<std::int64_t>(index) * block.steps + train.row;
    open_from = std::max(open_from, (*state.window.column_clocks)[static_cast<std::size_t>(item)]);
  }
  train.turn = std::max({open_from, column.free_from, train.arrived + 1});
  train.pace = explicit_ ? 1 : state.window.clocks_per_result;
  train.release = freed(state.window, train.turn);
  column.free_from = train.turn + train.count * train.pace;
  if (train.row + train.count != block.steps) return;
  --state.open_lanes;
  const std::int64_t last = train.turn + (train.count - 1) * train.pace;
  state.last_turn = std::max(state.last_turn, last + (explicit_ ? 0 : block.n - 1));
}

}  // namespace cyclescope::compute
