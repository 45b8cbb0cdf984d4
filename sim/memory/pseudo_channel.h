// One data bus of a DRAM channel: FR-FCFS scheduling and the state of its banks. Passive: its channel decides when.
//
// Timing: decisions are made per command slot, one command each, in this order: forced refresh; commands of a starving
// request; column commands to open rows, oldest first (not of a bank whose oldest request waits for another row and has
// been passed by `row_hit_cap` younger bursts, once its row may be closed); ACT or PRE of requests, oldest first; refresh of idle banks; PRE
// of rows idle for `row_idle`. Reads go before writes until a drain starts (high watermark, no reads, or an old write);
// a drain ends at the low watermark, after a queue's worth of writes, or without writes; with both waiting, a direction
// keeps at least a batch. A write is acknowledged when its last burst is on the bus, so a client that waits for
// acknowledgements never reads a stale byte.
// Trains: the bursts of one request that hit open rows are commanded without choosing again as long as nothing that
// could be chosen instead is allowed before (sim.aggregate=off: every burst is chosen; same times).
// Causes: of requests, see wait_log.h, and dram_latency (controller, RL, WL), dram_bandwidth (own burst),
// clock_crossing. Of the lane: useful.transfer while data is on the bus; before a burst, no_demand while nothing was
// pending, dram_latency for RL or WL after that, then what held its column command (row, refresh, turnaround, bandwidth
// for tCCD_L).
// Actions: activate, read, write, io, phy per burst, refresh.
// Errors: InternalError when a timing rule would be broken, bursts would meet on the data bus or a life has a hole.
// Not modelled: write-to-read forwarding, power-down.
// Source: FR-FCFS with write drain as in DRAMSys and Ramulator 2; rules in technology.h.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "sim/ledger/lane.h"
#include "sim/memory/bank_queues.h"
#include "sim/memory/refresh.h"
#include "sim/memory/wait_log.h"

namespace cyclescope::memory {

/// Takes the replies.
class Responder {
 public:
  virtual ~Responder() = default;
  /// The reply of a client's payload, its Access filled, is visible to the client at a time later than now.
  virtual void respond(int client, tlm::tlm_generic_payload& payload, Femtoseconds visible) = 0;
};

/// Where all channels of a memory book and reply.
struct DramBook {
  ledger::Ledger* ledger = nullptr;
  Responder* responder = nullptr;
  std::size_t activate = 0;
  std::size_t read = 0;
  std::size_t write = 0;
  std::size_t io = 0;
  std::size_t phy = 0;
  std::size_t refresh = 0;
};

class PseudoChannel {
 public:
  PseudoChannel(const DramConfig& config, const DramBook& book, CommandBuses& buses, const std::string& lane);

  /// A request whose tick is set; arrivals of one tick are served in order of client and tag.
  void submit(const Arrival& arrival);

  [[nodiscard]] bool pending() const { return queues_.requests() > 0 || !staged_.empty(); }
  /// Tick of the next decision or change of state; kNoTick when nothing will happen. Decisions of pseudo-channels that
  /// share buses must be made in the order of these. All arrivals before `limit` are known.
  Tick next(Tick limit);
  /// Tick of the next decision that has to be made for requests; kNoTick without requests.
  Tick next_needed(Tick limit);
  /// Arrival of the request that next() is for; kNoTick when it is for none.
  [[nodiscard]] Tick age() const {
    return choice_.segment == kNone ? kNoTick : queues_.slot(queues_.segment(choice_.segment).slot).arrival.tick;
  }
  /// Does what happens at next(), and the rest of a train before `limit`. True when a command was given.
  bool act(Tick limit);

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);
  /// Counts the refresh commands given before `end`.
  void book_refreshes(Femtoseconds end);

  [[nodiscard]] std::int64_t bursts() const { return bursts_; }

 private:
  /// Priorities of choices, first to last.
  enum : int { kForcedRefresh, kStarving, kRowHit, kRowCommand, kIdleRefresh, kIdleRow };
  struct Choice {
    Tick time = kNoTick;
    int priority = 0;
    std::uint64_t seq = 0;
    Command command = Command::ACT;
    int bank = 0;  ///< for REFpb and all-bank commands the refresh set
    int segment = kNone;
  };
  /// Bursts of one request that may follow the chosen one without another choice.
  struct Train {
    int slot = kNone;
    int left = 0;
    Tick horizon = 0;    ///< something else could be chosen from here on
    Tick last = 0;       ///< clock of the last burst
    BankMask older = 0;  ///< banks in which an older request hits the open row
    bool alone = false;  ///< no younger request hits an open row
  };

  static Command column_of(Direction direction) { return direction == Direction::read ? Command::RD : Command::WR; }
  static BankMask bit(int bank) { return BankMask{1} << bank; }

  // decisions (pseudo_channel.cpp; trains: pseudo_channel_trains.cpp)
  void look();
  void take_arrivals();
  /// Takes arrivals that cannot be queued yet: they change no choice. False when the state must be looked at anew.
  bool absorb_arrivals();
  void update_mode();
  [[nodiscard]] Tick write_ripe() const;
  [[nodiscard]] int bursts_in_mode() const;
  [[nodiscard]] Tick next_change() const;
  [[nodiscard]] bool starving(int slot) const;
  [[nodiscard]] Choice choose();
  /// Takes the candidate when it comes first: earlier, then of higher priority, then older, then of the half of a request
  /// with more bursts left, so that both halves end together.
  void consider(Choice& best, const Choice& candidate) const {
    const Tick time = candidate.time >= now_ ? candidate.time : engine_.aligned(candidate.command, now_);
    if (time > best.time) return;
    if (time == best.time) {
      if (candidate.priority > best.priority) return;
      if (candidate.priority == best.priority && !(candidate.seq < best.seq || fuller(candidate, best))) return;
    }
    best = candidate;
    best.time = time;
  }
  [[nodiscard]] bool fuller(const Choice& a, const Choice& b) const {
    if (a.seq != b.seq || a.segment == kNone || b.segment == kNone) return false;
    return queues_.segment(a.segment).left > queues_.segment(b.segment).left;
  }
  void consider_refresh(Choice& best);
  void consider_requests(Choice& best) const;
  /// The request for another row at the head of a bank has let as many younger hits pass as it must.
  [[nodiscard]] bool passed_over(int bank) const;
  /// The bank's row may be closed no later than its hit can be served.
  [[nodiscard]] bool closes_first(int bank) const;
  void consider_bank(Choice& best, int bank, int segment, int priority) const;
  void consider_idle_rows(Choice& best) const;
  void start_train(const Choice& choice);
  /// Takes into account what could be chosen of a bank instead of the train's next burst.
  void limit_train(int bank);
  void limit_train_by_refresh();
  bool join_train();
  bool continue_train(Tick limit);
  /// Bursts from the chosen one on that alternate between the two halves of its request, one every tCCD_S, before
  /// anything else can be chosen; 0 when too few.
  [[nodiscard]] int run_length(Tick limit) const;
  [[nodiscard]] ledger::Leaf stall_cause() const;

  // effects (pseudo_channel_commands.cpp)
  void apply(const Choice& choice);
  void open_row(const Choice& choice);
  void close_rows(BankMask banks);
  void refreshed(int set, Tick t, Tick duration);
  void column(const Choice& choice);
  void column_run(const Choice& choice, int bursts);
  void count_bursts(Direction direction, int bursts);
  void complete(int slot, int bank, Tick command);
  void fill_life(std::vector<LifeInterval>& life, const Slot& slot, int bank, Tick command, Femtoseconds visible);
  void post_bus(Tick data_from, Tick latency, Direction direction);
  void flush_bus();
  [[nodiscard]] Femtoseconds at(Tick t) const { return t * period_; }
  [[nodiscard]] BankMask waiting() const {
    return queues_.banks_waiting(Direction::read) | queues_.banks_waiting(Direction::write);
  }

  const DramConfig& config_;
  const TimingClocks& timing_;
  DramBook book_;
  Femtoseconds period_;
  const CommandBuses& buses_;
  TimingEngine engine_;
  RefreshSchedule refresh_;
  BankQueues queues_;
  WaitLog log_;
  ledger::Lane lane_;

  std::deque<Arrival> staged_;  ///< not yet at the controller; sorted by (tick, client, tag)
  std::uint64_t next_seq_ = 0;
  Tick now_ = 0;         ///< clock up to which decisions are made
  bool looked_ = false;  ///< choice_ and change_ hold for the present state
  Choice choice_;
  Tick change_ = 0;      ///< when the state changes without a command
  Tick own_change_ = 0;  ///< the same, arrivals apart
  Train train_;
  Direction mode_ = Direction::read;
  Direction last_direction_ = Direction::read;
  int batch_ = 0;  ///< bursts since the direction changed
  std::array<std::int64_t, kMaxBanks> open_row_{};
  std::array<Tick, kMaxBanks> last_use_{};
  std::array<int, kMaxBanks> passed_{};  ///< younger hits served since the row was opened while an older request waited
  std::array<Span, kMaxBanks> blocked_{};  ///< closed to requests by refresh
  std::array<Span, kMaxBanks> opening_{};  ///< of the row that is open
  BankMask open_ = 0;                      ///< banks with an open row
  BankMask reserved_ = 0;                  ///< banks closed to requests until a forced refresh is given
  int forced_set_ = RefreshSchedule::kNoSet;

  Tick pending_since_ = 0;
  Tick column_end_ = 0;  ///< end of the last column slot used
  Tick bus_until_ = 0;   ///< end of the current run of data on the bus
  std::int64_t bursts_ = 0;
  Femtoseconds frame_start_ = 0;
  std::vector<Femtoseconds> refreshes_;  ///< given, not yet booked
};

}  // namespace cyclescope::memory
