// What a command changes: bank state, the channel's lane, the life of the request it completes.
#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/memory/dram_channel.h"

namespace cyclescope::memory {
namespace {

using ledger::Leaf;

/// Appends [up to `to`) to a life, merging equal neighbours.
void extend(std::vector<LifeInterval>& life, Femtoseconds& from, Leaf cause, Femtoseconds to) {
  if (to == from) return;
  if (!life.empty() && life.back().cause == cause) {
    life.back().to = to;
  } else {
    life.push_back({cause, from, to});
  }
  from = to;
}

}  // namespace

void DramChannel::apply(const Choice& choice) {
  const Tick t = choice.time;
  switch (choice.command) {
    case Command::ACT:
      engine_.issue(Command::ACT, choice.bank, t);
      open_row(choice.bank, queues_.segment(choice.segment).row);
      break;
    case Command::PRE:
      engine_.issue(Command::PRE, choice.bank, t);
      close_rows(1U << choice.bank);
      break;
    case Command::PREab:
      engine_.issue(Command::PREab, 0, t);
      close_rows(open_);
      break;
    case Command::REFpb:
      engine_.issue(Command::REFpb, choice.bank, t);
      refreshed(refresh_.banks(choice.bank), t, timing_.tRFCpb);
      refresh_.done(choice.bank);
      break;
    case Command::REFab:
      engine_.issue(Command::REFab, 0, t);
      refreshed(~0U, t, timing_.tRFCab);
      refresh_.done(0);
      break;
    case Command::RD:
    case Command::WR:
      column(choice);
      break;
  }
}

void DramChannel::open_row(int bank, std::int64_t row) {
  open_row_[static_cast<std::size_t>(bank)] = row;
  last_use_[static_cast<std::size_t>(bank)] = now_;
  open_ |= 1U << bank;
  queues_.row_changed(bank, row);
  book_.ledger->count(book_.activate, 1);
}

void DramChannel::close_rows(std::uint32_t banks) {
  open_ &= ~banks;
  for (; banks != 0; banks &= banks - 1) {
    const int bank = __builtin_ctz(banks);
    open_row_[static_cast<std::size_t>(bank)] = BankQueues::kNoRow;
    queues_.row_changed(bank, BankQueues::kNoRow);
  }
}

void DramChannel::refreshed(std::uint32_t banks, Tick t, Tick duration) {
  for (; banks != 0; banks &= banks - 1) {
    Blocked& blocked = blocked_[static_cast<std::size_t>(__builtin_ctz(banks))];
    if (blocked.to != kNoTick) blocked.from = t;  // not forced: closed to requests only now
    blocked.to = t + duration;
  }
  reserved_ = 0;
  forced_set_ = RefreshSchedule::kNoSet;
  refreshes_.push_back(at(t));
}

void DramChannel::book_refreshes(Femtoseconds end) {
  const auto later = std::find_if(refreshes_.begin(), refreshes_.end(), [&](Femtoseconds t) { return t >= end; });
  const auto first = std::find_if(refreshes_.begin(), later, [&](Femtoseconds t) { return t >= frame_start_; });
  book_.ledger->count(book_.refresh, later - first);
  refreshes_.erase(refreshes_.begin(), later);
}

void DramChannel::column(const Choice& choice) {
  const Tick t = choice.time;
  const int id = queues_.segment(choice.segment).slot;
  const bool read = choice.command == Command::RD;
  const Direction direction = read ? Direction::read : Direction::write;
  engine_.issue(choice.command, choice.bank, t);
  post_bus(t + (read ? timing_.RL : timing_.WL), read ? timing_.RL : timing_.WL, direction);
  log_.data(queues_.slot(id), t, t + timing_.burst);
  column_end_ = t + timing_.burst;
  last_direction_ = direction;
  last_use_[static_cast<std::size_t>(choice.bank)] = t;
  ++batch_;
  ++bursts_;
  book_.ledger->count(read ? book_.read : book_.write, 1);
  book_.ledger->count(book_.io, 1);
  book_.ledger->count(book_.phy, 1);
  const std::int64_t row = open_row_[static_cast<std::size_t>(choice.bank)];
  if (queues_.take_burst(choice.bank, direction, choice.segment, row)) complete(id, t);
  queues_.admit(direction, open_row_);
}

void DramChannel::post_bus(Tick data_from, Tick latency, Direction direction) {
  if (data_from > bus_until_) {
    flush_bus();
    if (pending_since_ > bus_until_) lane_.idle_until(at(pending_since_));
    const Tick base = std::max(column_end_, pending_since_);
    const bool turned = direction != last_direction_ && base == column_end_;
    const Leaf first = turned ? Leaf::waiting_operand_dram_turnaround : Leaf::waiting_operand_dram_latency;
    lane_.busy_until(at(std::min(data_from, base + latency)), first);
    log_.stalls_since(base, [&](const WaitLog::Entry& stall) {
      lane_.busy_until(at(std::min(data_from, stall.to + latency)), stall.cause);
    });
    if (lane_.cursor() != at(data_from)) throw InternalError("DRAM lane has a gap without a cause before a burst");
  }
  bus_until_ = data_from + timing_.burst;
}

void DramChannel::flush_bus() {
  if (at(bus_until_) > lane_.cursor()) lane_.busy_until(at(bus_until_), Leaf::useful_transfer);
}

void DramChannel::complete(int id, Tick command) {
  const Slot& slot = queues_.slot(id);
  const Arrival& arrival = slot.arrival;
  const Request& request = arrival.request;
  ClientPort& client = *clients_[static_cast<std::size_t>(arrival.client)];
  const bool read = request.direction == Direction::read;
  const Femtoseconds data = at(command + (read ? timing_.RL : timing_.WL));
  const Femtoseconds data_end = data + at(timing_.burst);
  const Femtoseconds back = data_end + config_.controller_latency;
  const Femtoseconds visible = client.clock().edge(back);

  Reply reply;
  reply.tag = request.tag;
  reply.life.reserve(8);
  Femtoseconds cursor = arrival.issued;
  const auto spend = [&](Leaf cause, Femtoseconds to) { extend(reply.life, cursor, cause, to); };
  spend(Leaf::waiting_operand_dram_latency, arrival.issued + config_.controller_latency);
  spend(Leaf::overhead_clock_crossing, at(arrival.tick));
  const std::size_t last = arrival.bursts[1] > 0 ? 1 : 0;
  const Blocked& blocked = blocked_[static_cast<std::size_t>(arrival.bank[last])];
  for (const WaitPiece& piece : log_.cut(slot, arrival.tick, command, blocked)) {
    if (at(piece.from) != cursor) break;
    spend(piece.cause, at(piece.to));
  }
  if (cursor != at(command)) throw InternalError("life of a DRAM request has a hole");
  spend(Leaf::waiting_operand_dram_latency, data);
  spend(Leaf::waiting_operand_dram_bandwidth, data_end);
  spend(Leaf::waiting_operand_dram_latency, back);
  spend(Leaf::overhead_clock_crossing, visible);

  ledger::Release release = request.release;
  const bool late = release.at < arrival.issued && arrival.issued - release.at < client.clock().period();
  if (late) {
    const auto crossing = Leaf::overhead_clock_crossing;
    release.by = book_.ledger->record(lane_.id(), request.op, crossing, release.at, arrival.issued, release);
    release.at = arrival.issued;
  }
  for (const LifeInterval& interval : reply.life) {
    release.by = book_.ledger->record(lane_.id(), request.op, interval.cause, interval.from, interval.to, release);
    release.at = interval.to;
    release.reason = ledger::Reason::data;
  }
  reply.activity = release.by;
  const std::int64_t bytes = request.bytes;
  if (read) {
    book_.ledger->sent(book_.read_traffic, bytes);
  } else {
    book_.ledger->received(book_.write_traffic, bytes);
  }
  client.deliver(visible, read ? bytes : 0, std::move(reply));
  queues_.release(id);

  Tick needed = command;  // one that arrives next clock may still wait for this burst
  for (const Direction direction : {Direction::read, Direction::write}) {
    const int oldest = queues_.oldest(direction);
    if (oldest != kNone) needed = std::min(needed, queues_.slot(oldest).arrival.tick);
  }
  log_.prune(needed);
}

void DramChannel::restart(Femtoseconds t0) {
  if (queues_.requests() > 0 || !staged_.empty()) throw InternalError("DRAM restarted with requests under way");
  advance(config_.clock.ceil_cycles(t0));
  frame_start_ = t0;
  const auto kept = std::find_if(refreshes_.begin(), refreshes_.end(), [&](Femtoseconds t) { return t >= t0; });
  refreshes_.erase(refreshes_.begin(), kept);
  lane_.restart(t0);
  bursts_ = 0;
}

void DramChannel::finish(Femtoseconds end) {
  if (queues_.requests() > 0 || !staged_.empty()) throw InternalError("DRAM frame ends with requests under way");
  if (at(bus_until_) > end) throw InternalError("DRAM frame ends before its last data");
  advance(config_.clock.ceil_cycles(end));
  book_refreshes(end);
  flush_bus();
  lane_.finish(end);
}

}  // namespace cyclescope::memory
