// What the column slots of one data bus went to, and from it what a request waited for.
//
// Timing: entries abut while requests are pending; an entry is a run of bursts of one client, or a stretch in which no
// column command could be given. An entry is kept as long as a pending request is older than its end.
// Causes: a request's wait is cut at what its bank did and at the entries. While its bank was being refreshed:
// dram_refresh; while its row was being opened (from the precharge or activate on, until tRCD was over): dram_row;
// else what the bus did: bursts of the same client dram_bandwidth, of another arbitration, a stall its own cause
// (dram_row when no bank was ready, dram_refresh, dram_turnaround, dram_bandwidth for tCCD_L). A stretch of more than
// kMaxEntries entries, or a wait of more than kMaxPieces pieces, is given as one piece per cause: totals stay exact.
#pragma once

#include <array>
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

/// Clocks during which a bank did something of its own.
struct Span {
  Tick from = 0;
  Tick to = 0;
};

class WaitLog {
 public:
  static constexpr std::size_t kMaxPieces = 8;
  static constexpr std::size_t kMaxEntries = 6;

  /// End of the last entry.
  [[nodiscard]] Tick end() const { return end_; }
  /// Nothing was pending until t.
  void skip_to(Tick t) { end_ = std::max(end_, t); }
  void data(int client, Tick from, Tick to);
  void stall(ledger::Leaf cause, Tick until);
  /// Place in the log at which a wait that begins now is looked up.
  [[nodiscard]] std::uint64_t mark() const { return forgotten_ + entries_.size(); }
  /// Forgets entries before the place.
  void prune(std::uint64_t mark);

  /// Cuts the wait [from, to) of a request of `client` that arrived at `mark`, oldest piece first, equal neighbours
  /// merged. The result lives until the next call.
  const std::vector<WaitPiece>& cut(std::uint64_t mark, int client, Tick from, Tick to, const Span& refresh,
                                    const Span& opening);

  struct Entry {
    Tick from;
    Tick to;
    int client;                  ///< kNone for a stall
    ledger::Leaf cause;          ///< of a stall
    std::uint8_t kind;           ///< index into `before`
    std::array<Tick, 5> before;  ///< ticks per kind in all entries before: data, row, refresh, turnaround, bandwidth
    Tick own_before;             ///< data of this client in all entries before
  };
  /// Visits the stalls since `from` in order.
  template <class Visit>
  void stalls_since(Tick from, Visit&& visit) const {
    std::size_t i = entries_.size();
    while (i > first_ && entries_[i - 1].to > from) --i;
    for (; i < entries_.size(); ++i) {
      if (entries_[i].client == kNone) visit(entries_[i]);
    }
  }

 private:
  void append(int client, ledger::Leaf cause, Tick from, Tick to);
  void add(ledger::Leaf cause, Tick from, Tick to);
  /// First entry from index i on that reaches beyond t.
  [[nodiscard]] std::size_t reaching(std::size_t i, Tick t) const;
  void cut_bus(std::size_t& i, int client, Tick from, Tick to);
  void sum_bus(std::size_t i, std::size_t last, int client, Tick from, Tick to);
  [[nodiscard]] Tick own(std::size_t i, int client, Tick t) const;
  void condense(Tick from);

  std::vector<Entry> entries_;  ///< entries_[first_...] are alive
  std::size_t first_ = 0;
  std::uint64_t forgotten_ = 0;  ///< entries erased from the front
  Tick end_ = 0;
  std::vector<Tick> own_;  ///< data per client so far
  std::vector<WaitPiece> pieces_;
};

}  // namespace cyclescope::memory
