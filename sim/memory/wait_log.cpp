#include "sim/memory/wait_log.h"

#include <algorithm>

namespace cyclescope::memory {

using ledger::Leaf;

void WaitLog::data(const Slot& slot, Tick from, Tick to) {
  const bool continues =
      entries_.size() > first_ && entries_.back().to == from && entries_.back().data && entries_.back().seq == slot.seq;
  if (continues) {
    entries_.back().to = to;
  } else {
    entries_.push_back({from, to, slot.seq, slot.arrival.client, slot.arrival.request.direction, true, Leaf::unknown});
  }
  end_ = to;
}

void WaitLog::stall(Leaf cause, Tick until) {
  if (until <= end_) return;
  const bool continues =
      entries_.size() > first_ && entries_.back().to == end_ && !entries_.back().data && entries_.back().cause == cause;
  if (continues) {
    entries_.back().to = until;
  } else {
    entries_.push_back({end_, until, 0, kNone, Direction::read, false, cause});
  }
  end_ = until;
}

void WaitLog::prune(Tick t) {
  while (first_ < entries_.size() && entries_[first_].to <= t) ++first_;
  if (first_ < entries_.size() && first_ < 1024) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void WaitLog::add(Leaf cause, Tick from, Tick to) {
  if (from >= to) return;
  if (!pieces_.empty() && pieces_.back().cause == cause && pieces_.back().to == from) {
    pieces_.back().to = to;
  } else {
    pieces_.push_back({cause, from, to});
  }
}

const std::vector<WaitPiece>& WaitLog::cut(const Slot& slot, Tick from, Tick to, const Blocked& refresh) {
  pieces_.clear();
  std::size_t i = entries_.size();
  while (i > first_ && entries_[i - 1].to > from) --i;
  for (; i < entries_.size() && entries_[i].from < to; ++i) {
    const Entry& entry = entries_[i];
    const Tick begin = std::max(entry.from, from);
    const Tick end = std::min(entry.to, to);
    const bool ahead = entry.data && (entry.seq <= slot.seq || entry.direction != slot.arrival.request.direction);
    if (ahead) {
      add(entry.client == slot.arrival.client ? Leaf::waiting_operand_dram_bandwidth : Leaf::waiting_arbitration, begin,
          end);
      continue;
    }
    const bool channel_wide = !entry.data && (entry.cause == Leaf::waiting_operand_dram_turnaround ||
                                              entry.cause == Leaf::waiting_operand_dram_bandwidth);
    const Leaf own = channel_wide ? entry.cause : Leaf::waiting_operand_dram_row;
    const Tick blocked = std::clamp(refresh.from, begin, end);
    const Tick opened = std::clamp(refresh.to, blocked, end);
    add(own, begin, blocked);
    add(Leaf::waiting_operand_dram_refresh, blocked, opened);
    add(own, opened, end);
  }
  if (pieces_.size() > kMaxPieces) condense(from);
  return pieces_;
}

void WaitLog::condense(Tick from) {
  std::vector<WaitPiece> totals;
  for (const WaitPiece& piece : pieces_) {
    const auto same = [&](const WaitPiece& total) { return total.cause == piece.cause; };
    const auto total = std::find_if(totals.begin(), totals.end(), same);
    if (total == totals.end()) {
      totals.push_back(piece);
    } else {
      total->to += piece.to - piece.from;
    }
  }
  for (WaitPiece& total : totals) {
    total.to += from - total.from;
    total.from = from;
    from = total.to;
  }
  pieces_ = std::move(totals);
}

}  // namespace cyclescope::memory
