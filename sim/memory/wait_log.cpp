#include "sim/memory/wait_log.h"

#include <algorithm>

namespace cyclescope::memory {
namespace {

using ledger::Leaf;

constexpr std::array<Leaf, 5> kKinds = {Leaf::useful_transfer, Leaf::waiting_operand_dram_row,
                                        Leaf::waiting_operand_dram_refresh, Leaf::waiting_operand_dram_turnaround,
                                        Leaf::waiting_operand_dram_bandwidth};

std::uint8_t kind_of(Leaf cause) {
  return static_cast<std::uint8_t>(std::find(kKinds.begin(), kKinds.end(), cause) - kKinds.begin());
}

/// Ticks per kind before t, which lies in the entry or at its end.
std::array<Tick, 5> sums_at(const WaitLog::Entry& entry, Tick t) {
  std::array<Tick, 5> sums = entry.before;
  sums[entry.kind] += t - entry.from;
  return sums;
}

}  // namespace

void WaitLog::append(int client, Leaf cause, Tick from, Tick to) {
  if (entries_.size() > first_ && entries_.back().to == from && entries_.back().client == client &&
      entries_.back().cause == cause) {
    entries_.back().to = to;
  } else {
    Entry entry{from, to, client, cause, kind_of(cause), {}, 0};
    if (!entries_.empty()) entry.before = sums_at(entries_.back(), entries_.back().to);
    if (client != kNone) {
      if (own_.size() <= static_cast<std::size_t>(client)) own_.resize(static_cast<std::size_t>(client) + 1, 0);
      entry.own_before = own_[static_cast<std::size_t>(client)];
    }
    entries_.push_back(entry);
  }
  if (client != kNone) own_[static_cast<std::size_t>(client)] += to - from;
  end_ = to;
}

void WaitLog::data(int client, Tick from, Tick to) { append(client, Leaf::useful_transfer, from, to); }

void WaitLog::stall(Leaf cause, Tick until) {
  if (until > end_) append(kNone, cause, end_, until);
}

void WaitLog::prune(std::uint64_t mark) {
  if (entries_.empty()) return;
  // The last entry stays: it carries the sums, and a wait may begin where it ends.
  const std::uint64_t keep = std::min<std::uint64_t>(mark > 0 ? mark - 1 : 0, forgotten_ + entries_.size() - 1);
  if (keep > forgotten_ + first_) first_ = static_cast<std::size_t>(keep - forgotten_);
  if (first_ < 1024) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  forgotten_ += first_;
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

std::size_t WaitLog::reaching(std::size_t i, Tick t) const {
  if (entries_.size() - i > 2 * kMaxEntries) {
    const auto beyond = [](Tick time, const Entry& entry) { return time < entry.to; };
    const auto found = std::upper_bound(entries_.begin() + static_cast<std::ptrdiff_t>(i), entries_.end(), t, beyond);
    return static_cast<std::size_t>(found - entries_.begin());
  }
  while (i < entries_.size() && entries_[i].to <= t) ++i;
  return i;
}

const std::vector<WaitPiece>& WaitLog::cut(std::uint64_t mark, int client, Tick from, Tick to, const Span& refresh,
                                           const Span& opening) {
  pieces_.clear();
  std::size_t i = mark > forgotten_ + first_ ? static_cast<std::size_t>(mark - 1 - forgotten_) : first_;
  while (i < entries_.size() && entries_[i].to <= from) ++i;
  // A bank is refreshed before the row that the request hit was opened: the two spans stand in this order.
  Tick cursor = from;
  for (const auto& [span, cause] :
       {std::pair{refresh, Leaf::waiting_operand_dram_refresh}, std::pair{opening, Leaf::waiting_operand_dram_row}}) {
    const Tick begin = std::clamp(span.from, cursor, to);
    const Tick end = std::clamp(span.to, begin, to);
    if (begin == end) continue;
    cut_bus(i, client, cursor, begin);
    add(cause, begin, end);
    cursor = end;
  }
  cut_bus(i, client, cursor, to);
  if (pieces_.size() > kMaxPieces) condense(from);
  return pieces_;
}

void WaitLog::cut_bus(std::size_t& i, int client, Tick from, Tick to) {
  if (from >= to) return;
  i = reaching(i, from);
  const std::size_t last = reaching(i, to - 1);
  if (last < entries_.size() && last - i > kMaxEntries) {
    sum_bus(i, last, client, from, to);
    i = last;
    return;
  }
  for (; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const Leaf data = entry.client == client ? Leaf::waiting_operand_dram_bandwidth : Leaf::waiting_arbitration;
    add(entry.client == kNone ? entry.cause : data, std::max(entry.from, from), std::min(entry.to, to));
    if (entry.to >= to) return;
  }
}

void WaitLog::sum_bus(std::size_t i, std::size_t last, int client, Tick from, Tick to) {
  const std::array<Tick, 5> start = sums_at(entries_[i], from);
  const std::array<Tick, 5> end = sums_at(entries_[last], to);
  Tick data = end[0] - start[0];
  const Tick mine = own_.size() == 1 ? data : own(last, client, to) - own(i, client, from);
  const auto spend = [&](Leaf cause, Tick ticks) {
    add(cause, from, from + ticks);
    from += ticks;
  };
  spend(Leaf::waiting_arbitration, data - mine);
  spend(Leaf::waiting_operand_dram_bandwidth, mine + end[4] - start[4]);
  for (std::size_t kind = 1; kind < 4; ++kind) spend(kKinds[kind], end[kind] - start[kind]);
}

Tick WaitLog::own(std::size_t i, int client, Tick t) const {
  if (entries_[i].client == client) return entries_[i].own_before + t - entries_[i].from;
  // The client's next entry has the sum; without one, its total.
  while (++i < entries_.size()) {
    if (entries_[i].client == client) return entries_[i].own_before;
  }
  return own_[static_cast<std::size_t>(client)];
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
