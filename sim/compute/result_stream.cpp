#include "sim/compute/result_stream.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {

ResultStream::ResultStream(const ArrayGeometry& geometry, Femtoseconds period)
    : depth_(static_cast<std::size_t>(geometry.egress_depth)),
      period_(period),
      columns_(static_cast<std::size_t>(geometry.columns)) {}

void ResultStream::open(const EgressWindow& window, BlockState& block, std::int64_t call) {
  if (block.has_window) throw InternalError(fmt::format("block {} has an egress window already", window.block));
  if (window.clocks_per_result <= 0) throw InternalError("egress window without a positive pace");
  if (any_ && explicit_ != (window.column_clocks != nullptr)) {
    throw InternalError("only some egress windows have column clocks");
  }
  explicit_ = window.column_clocks != nullptr;
  if (explicit_ && window.column_clocks->size() != static_cast<std::size_t>(block.block.m * block.block.n)) {
    throw InternalError(fmt::format("egress window with {} column clocks for {} x {} results",
                                    window.column_clocks->size(), block.block.m, block.block.n));
  }
  if (!any_ && !explicit_) {
    columns_.resize(1);
    for (const Coming& coming : columns_.front().to_come) coming.block->open_lanes = 1;
    for (const Waiting& waiting : columns_.front().in_order) waiting.block->open_lanes = 1;
  }
  any_ = true;
  block.has_window = true;
  block.window = window;
  block.window.from_clock = std::max(window.from_clock, call);
  block.window.release.at += (block.window.from_clock - window.from_clock) * period_;
  for (std::size_t j = 0; j < columns_.size(); ++j) resolve(j);
}

void ResultStream::expect(BlockState& block) {
  const std::size_t tracked = std::min(columns_.size(), static_cast<std::size_t>(block.block.n));
  block.open_lanes = static_cast<std::int64_t>(tracked);
  for (std::size_t j = 0; j < tracked; ++j) {
    std::deque<Coming>& to_come = columns_[j].to_come;
    const std::int64_t first = block.first_edge_step() + static_cast<std::int64_t>(j);
    const auto before = [](const Coming& a, const Coming& b) { return a.step < b.step; };
    const auto middle = static_cast<std::ptrdiff_t>(to_come.size());
    for (int row = 0; row < block.block.m; ++row) to_come.push_back({first + 2 * row, &block, row});
    std::inplace_merge(to_come.begin(), to_come.begin() + middle, to_come.end(), before);
  }
}

ResultStream::Arrival ResultStream::arrival(std::size_t column) const {
  const Column& lane = columns_[column];
  const Coming& coming = lane.to_come.front();
  Arrival next{column, coming.step, 0, {}, coming.block, coming.row};
  if (lane.in_order.size() == depth_) {
    const Waiting& in_front = lane.in_order.front();
    next.free_from = in_front.turn == kUnknown ? kUnknown : in_front.turn + 1;
    next.release = in_front.release;
  }
  return next;
}

ResultStream::Arrival ResultStream::next() const {
  Arrival first;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    if (!columns_[j].to_come.empty() && columns_[j].to_come.front().step < first.step) first = arrival(j);
  }
  return first;
}

std::int64_t ResultStream::first_held(std::int64_t offset) const {
  std::int64_t step = kUnknown;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    if (columns_[j].to_come.empty()) continue;
    const Arrival next = arrival(j);
    if (next.free_from > next.step + offset) step = std::min(step, next.step);
  }
  return step;
}

void ResultStream::arrived(std::size_t column, std::int64_t clock) {
  Column& lane = columns_[column];
  const Coming coming = lane.to_come.front();
  lane.to_come.pop_front();
  if (lane.in_order.size() == depth_) {
    lane.in_order.pop_front();
    --lane.resolved;
  }
  lane.in_order.push_back({coming.block, coming.row, clock, kUnknown, {}});
  resolve(column);
}

void ResultStream::resolve(std::size_t column) {
  Column& lane = columns_[column];
  const auto j = static_cast<std::int64_t>(column);
  for (; lane.resolved < lane.in_order.size(); ++lane.resolved) {
    Waiting& waiting = lane.in_order[lane.resolved];
    BlockState& block = *waiting.block;
    if (!block.has_window) return;
    const EgressWindow& window = block.window;
    std::int64_t open_from = window.from_clock;
    if (explicit_) {
      open_from =
          std::max(open_from, (*window.column_clocks)[static_cast<std::size_t>(j * block.block.m + waiting.row)]);
    }
    waiting.turn = std::max({open_from, lane.free_from, waiting.arrived + 1});
    lane.free_from = waiting.turn + (explicit_ ? 1 : window.clocks_per_result);
    waiting.release = window.release;
    waiting.release.at += (waiting.turn + 1 - window.from_clock) * period_;
    waiting.release.reason = ledger::Reason::credit;
    if (waiting.row != block.block.m - 1) continue;
    --block.open_lanes;
    block.last_turn = std::max(block.last_turn, waiting.turn + (explicit_ ? 0 : block.block.n - 1));
  }
}

}  // namespace cyclescope::compute
