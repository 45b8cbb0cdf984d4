// One DRAM channel: controller with FR-FCFS scheduling, and the bank state behind it.
//
// Timing: decisions are made per memory clock, one command each, in this order: forced refresh; commands of a starving
// request; column commands to open rows, oldest first; ACT or PRE of requests, oldest first; refresh of idle banks; PRE
// of rows idle for `row_idle`. Reads go before writes until a drain starts (high watermark, no reads, or an old write);
// a drain ends at the low watermark, after a queue's worth of writes, or without writes; with both waiting, a direction
// keeps at least a batch. A write is acknowledged when its last burst is on the bus, so a client that waits for
// acknowledgements never reads a stale byte. What arrives during [now, now + controller latency) is known, so several
// decisions are made per event (sim.aggregate=off: one instant per event, same times). With nothing pending no event is
// scheduled; refreshes that fell due are caught up one by one.
// Causes: of requests, see wait_log.h, and dram_latency (controller, RL, WL), dram_bandwidth (own burst),
// clock_crossing. Of the lane: useful.transfer while data is on the bus; before a burst, no_demand while nothing was
// pending, dram_latency for RL or WL after that, then what held its column command (row, refresh, turnaround, bandwidth
// for tCCD_L).
// Actions: activate, read, write, io, phy per burst, refresh.
// Ports: submit() from Dram, ClientPort::deliver.
// Errors: InternalError when a timing rule would be broken or a life has a hole.
// Not modelled: write-to-read forwarding, several ranks, power-down.
// Source: FR-FCFS with write drain as in DRAMSys and Ramulator 2; rules in lpddr5.h.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/ledger/lane.h"
#include "sim/memory/bank_queues.h"
#include "sim/memory/client_port.h"
#include "sim/memory/refresh.h"
#include "sim/memory/wait_log.h"

namespace cyclescope::memory {

/// Where all channels of a memory book.
struct DramBook {
  ledger::Ledger* ledger = nullptr;
  std::size_t activate = 0;
  std::size_t read = 0;
  std::size_t write = 0;
  std::size_t io = 0;
  std::size_t phy = 0;
  std::size_t refresh = 0;
  std::size_t read_traffic = 0;
  std::size_t write_traffic = 0;
};

class DramChannel : public kernel::Module {
 public:
  DramChannel(const DramConfig& config, const DramBook& book, int number);

  /// A client that may have `max_outstanding` requests in this channel; clients are numbered in order of adding.
  void add_client(ClientPort& port, int max_outstanding);
  /// A request issued now; its tick is set here.
  void submit(Arrival arrival);
  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

  [[nodiscard]] std::int64_t bursts() const { return bursts_; }

 protected:
  void step() override;

 private:
  struct Choice {
    Tick time = kNoTick;
    int priority = 0;
    std::uint64_t seq = 0;
    Command command = Command::ACT;
    int bank = 0;
    int segment = kNone;
  };

  // decisions (dram_channel.cpp)
  void advance(Tick limit);
  void take_arrivals();
  void update_mode();
  [[nodiscard]] Tick next_change() const;
  [[nodiscard]] bool starving(int slot) const;
  Choice choose();
  void consider(Choice& best, const Choice& candidate) const;
  void consider_refresh(Choice& best);
  void consider_all_bank_refresh(Choice& best);
  void consider_requests(Choice& best) const;
  void consider_idle_rows(Choice& best) const;
  [[nodiscard]] ledger::Leaf stall_cause() const;

  // effects (dram_commands.cpp)
  void apply(const Choice& choice);
  void open_row(int bank, std::int64_t row);
  void close_rows(std::uint32_t banks);
  void refreshed(std::uint32_t banks, Tick t, Tick duration);
  void column(const Choice& choice);
  void complete(int slot, Tick command);
  void post_bus(Tick data_from, Tick latency, Direction direction);
  void flush_bus();
  void book_refreshes(Femtoseconds end);
  [[nodiscard]] Femtoseconds at(Tick t) const { return t * period_; }
  [[nodiscard]] std::uint32_t waiting() const {
    return queues_.banks_waiting(Direction::read) | queues_.banks_waiting(Direction::write);
  }

  const DramConfig& config_;
  const TimingClocks& timing_;
  DramBook book_;
  Femtoseconds period_;
  Femtoseconds lead_;  ///< how much later than a decision the event that makes it may come
  TimingEngine engine_;
  RefreshSchedule refresh_;
  BankQueues queues_;
  WaitLog log_;
  ledger::Lane lane_;
  std::vector<ClientPort*> clients_;

  std::vector<Arrival> staged_;  ///< not yet at the controller; sorted by (tick, client, tag)
  std::uint64_t next_seq_ = 0;
  Tick now_ = 0;  ///< clock up to which decisions are made
  Femtoseconds planned_wake_ = kNever;
  Direction mode_ = Direction::read;
  Direction last_direction_ = Direction::read;
  int batch_ = 0;  ///< bursts since the direction changed
  std::array<std::int64_t, kMaxBanks> open_row_{};
  std::array<Tick, kMaxBanks> last_use_{};
  std::array<Blocked, kMaxBanks> blocked_{};
  std::uint32_t open_ = 0;      ///< banks with an open row
  std::uint32_t reserved_ = 0;  ///< banks closed to requests until a forced refresh is given
  int forced_set_ = RefreshSchedule::kNoSet;

  Tick pending_since_ = 0;
  Tick column_end_ = 0;  ///< end of the last column slot used
  Tick bus_until_ = 0;   ///< end of the current run of data on the bus
  std::int64_t bursts_ = 0;
  Femtoseconds frame_start_ = 0;
  std::vector<Femtoseconds> refreshes_;  ///< given, not yet booked
};

}  // namespace cyclescope::memory
