// What the column slots of one channel went to, and from it what a request waited for.
//
// Timing: entries abut while requests are pending; an entry is a run of bursts of one request, or a stretch in which no
// column command could be given. An entry is kept as long as a pending request is older than its end.
// Causes: a request's wait is cut at the entries. Bursts of an older request, or of the other direction: dram_bandwidth
// when of the same client, else arbitration; its own bursts: dram_bandwidth. Otherwise the request itself was not
// ready: dram_refresh while its bank was being refreshed, dram_turnaround or dram_bandwidth (tCCD_L) when that held
// the whole channel, else dram_row. A wait of more than kMaxPieces pieces is given as one piece per cause, in order of
// first appearance: totals stay exact.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/bank_queues.h"

namespace cyclescope::memory {

/// A wait in memory clocks.
struct WaitPiece {
  ledger::Leaf cause;
  Tick from;
  Tick to;
};

/// Clocks during which a bank was closed to requests by refresh.
struct Blocked {
  Tick from = 0;
  Tick to = 0;
};

class WaitLog {
 public:
  static constexpr std::size_t kMaxPieces = 8;

  /// End of the last entry.
  [[nodiscard]] Tick end() const { return end_; }
  /// Nothing was pending until t.
  void skip_to(Tick t) { end_ = std::max(end_, t); }
  void data(const Slot& slot, Tick from, Tick to);
  void stall(ledger::Leaf cause, Tick until);
  /// Forgets entries that ended at or before t.
  void prune(Tick t);

  /// Cuts the wait [from, to) of a request, oldest piece first, equal neighbours merged. The result lives until the
  /// next call.
  const std::vector<WaitPiece>& cut(const Slot& slot, Tick from, Tick to, const Blocked& refresh);

  struct Entry {
    Tick from;
    Tick to;
    std::uint64_t seq;
    int client;
    Direction direction;
    bool data;
    ledger::Leaf cause;  ///< of a stall
  };
  /// Visits the stalls since `from` in order.
  template <class Visit>
  void stalls_since(Tick from, Visit&& visit) const {
    std::size_t i = entries_.size();
    while (i > first_ && entries_[i - 1].to > from) --i;
    for (; i < entries_.size(); ++i) {
      if (!entries_[i].data) visit(entries_[i]);
    }
  }

 private:
  void add(ledger::Leaf cause, Tick from, Tick to);
  void condense(Tick from);

  std::vector<Entry> entries_;  ///< entries_[first_...] are alive
  std::size_t first_ = 0;
  Tick end_ = 0;
  std::vector<WaitPiece> pieces_;
};

}  // namespace cyclescope::memory
