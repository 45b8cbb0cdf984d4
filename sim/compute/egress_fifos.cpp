#include "sim/compute/egress_fifos.h"

#include <algorithm>

namespace cyclescope::compute {

void EgressFifos::open(const EgressWindow& given, std::int64_t clock, Femtoseconds period) {
  if (windows_.count(given.block) != 0) throw InternalError("a block has two egress windows");
  EgressWindow window = given;
  window.from_clock = std::max(given.from_clock, clock);
  window.release.at += (window.from_clock - given.from_clock) * period;
  windows_[window.block] = window;
}

void EgressFifos::begin_clock() {
  for (Column& column : columns_) {
    if (!column.emptied) continue;
    column.emptied = false;
    --column.used;
    column.room = column.leaving;
  }
}

void EgressFifos::grant(std::int64_t clock) {
  if (rows_.empty() || rows_.front().arrived >= clock || taken_until_ > clock) return;
  const ResultTag& row = rows_.front().result;
  const auto window = windows_.find(row.block->id);
  if (window == windows_.end() || window->second.column_clocks != nullptr) return;
  if (window->second.from_clock > clock) return;
  for (int j = 0; j < row.block->n; ++j) columns_[static_cast<std::size_t>(j)].grants.push_back(clock + j);
  taken_until_ = clock + window->second.clocks_per_result;
  rows_.pop_front();
}

bool EgressFifos::may_leave(std::size_t column, std::int64_t clock) const {
  const Column& lane = columns_[column];
  if (lane.emptied || lane.fifo.empty() || lane.fifo.front().arrived >= clock) return false;
  const ResultTag& result = lane.fifo.front().result;
  const auto window = windows_.find(result.block->id);
  if (window == windows_.end()) return false;
  if (window->second.column_clocks == nullptr) return !lane.grants.empty() && lane.grants.front() <= clock;
  const std::int64_t per_column = per_step_ ? result.block->steps : result.block->m;
  const std::size_t item = column * static_cast<std::size_t>(per_column) + static_cast<std::size_t>(result.row);
  return std::max((*window->second.column_clocks)[item], window->second.from_clock) <= clock;
}

std::vector<ResultTag> EgressFifos::leave(std::int64_t clock, Femtoseconds period) {
  std::vector<ResultTag> left;
  grant(clock);
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    if (!may_leave(j, clock)) continue;
    Column& column = columns_[j];
    const EgressWindow& window = windows_.at(column.fifo.front().result.block->id);
    column.leaving = window.release;
    column.leaving.at += (clock + 1 - window.from_clock) * period;
    column.leaving.reason = ledger::Reason::credit;
    left.push_back(column.fifo.front().result);
    column.fifo.pop_front();
    if (window.column_clocks == nullptr) {
      column.grants.pop_front();
    } else if (j == 0) {
      rows_.pop_front();
    }
    column.emptied = true;
  }
  return left;
}

void EgressFifos::arrive(const ResultTag& result, std::int64_t clock) {
  Column& column = columns_[static_cast<std::size_t>(result.column)];
  if (column.used == depth_) throw InternalError("a result arrives at a full egress FIFO");
  ++column.used;
  column.fifo.push_back({result, clock});
  if (result.column == 0) rows_.push_back({result, clock});
}

}  // namespace cyclescope::compute
