// What a command changes: bank state, the data bus's lane, the life of the request it completes.
#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/memory/pseudo_channel.h"
#include "sim/memory/tlm_port.h"

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

void PseudoChannel::apply(const Choice& choice) {
  const Tick t = choice.time;
  switch (choice.command) {
    case Command::ACT:
      engine_.issue(Command::ACT, choice.bank, t);
      open_row(choice);
      break;
    case Command::PRE:
      engine_.issue(Command::PRE, choice.bank, t);
      close_rows(BankMask{1} << choice.bank);
      // A conflict: the request's row is being opened from here on.
      if (choice.segment != kNone) opening_[static_cast<std::size_t>(choice.bank)] = {t, kNoTick};
      break;
    case Command::PREab:
      engine_.issue(Command::PREab, lowest_bank(refresh_.banks(choice.bank)), t);
      close_rows(open_ & refresh_.banks(choice.bank));
      break;
    case Command::REFpb:
      engine_.issue_refresh(refresh_.banks(choice.bank), t);
      refreshed(choice.bank, t, timing_.tRFCpb);
      break;
    case Command::REFab:
      engine_.issue(Command::REFab, lowest_bank(refresh_.banks(choice.bank)), t);
      refreshed(choice.bank, t, timing_.tRFCab);
      break;
    case Command::RD:
    case Command::WR:
      column(choice);
      break;
  }
}

void PseudoChannel::open_row(const Choice& choice) {
  const auto bank = static_cast<std::size_t>(choice.bank);
  Span& opening = opening_[bank];
  if (opening.to != kNoTick) opening.from = choice.time;
  opening.to = choice.time + (mode_ == Direction::read ? timing_.tRCD : timing_.tRCD_WR);
  open_row_[bank] = queues_.segment(choice.segment).row;
  passed_[bank] = 0;
  last_use_[bank] = choice.time;
  open_ |= BankMask{1} << choice.bank;
  queues_.row_changed(choice.bank, open_row_[bank]);
  book_.ledger->count(book_.activate, 1);
}

void PseudoChannel::close_rows(BankMask banks) {
  open_ &= ~banks;
  for (; banks != 0; banks &= banks - 1) {
    const int bank = lowest_bank(banks);
    open_row_[static_cast<std::size_t>(bank)] = BankQueues::kNoRow;
    opening_[static_cast<std::size_t>(bank)] = {};
    queues_.row_changed(bank, BankQueues::kNoRow);
  }
}

void PseudoChannel::refreshed(int set, Tick t, Tick duration) {
  for (BankMask banks = refresh_.banks(set); banks != 0; banks &= banks - 1) {
    Span& blocked = blocked_[static_cast<std::size_t>(lowest_bank(banks))];
    if (blocked.to != kNoTick) blocked.from = t;  // not forced: closed to requests only now
    blocked.to = t + duration;
    opening_[static_cast<std::size_t>(lowest_bank(banks))] = {};
  }
  if (set == forced_set_) {
    reserved_ = 0;
    forced_set_ = RefreshSchedule::kNoSet;
  }
  refresh_.done(set);
  refreshes_.push_back(at(t));
}

void PseudoChannel::book_refreshes(Femtoseconds end) {
  const auto later = std::find_if(refreshes_.begin(), refreshes_.end(), [&](Femtoseconds t) { return t >= end; });
  const auto first = std::find_if(refreshes_.begin(), later, [&](Femtoseconds t) { return t >= frame_start_; });
  book_.ledger->count(book_.refresh, later - first);
  refreshes_.erase(refreshes_.begin(), later);
}

void PseudoChannel::column(const Choice& choice) {
  const Tick t = choice.time;
  const int id = queues_.segment(choice.segment).slot;
  const bool read = choice.command == Command::RD;
  const Direction direction = read ? Direction::read : Direction::write;
  engine_.issue(choice.command, choice.bank, t);
  post_bus(t + (read ? timing_.RL : timing_.WL), read ? timing_.RL : timing_.WL, direction);
  log_.data(queues_.slot(id).arrival.client, t, t + timing_.burst);
  column_end_ = t + timing_.burst;
  last_direction_ = direction;
  last_use_[static_cast<std::size_t>(choice.bank)] = t;
  count_bursts(direction, 1);
  if (queues_.head(direction, choice.bank) != choice.segment) ++passed_[static_cast<std::size_t>(choice.bank)];
  const std::int64_t row = open_row_[static_cast<std::size_t>(choice.bank)];
  if (queues_.take_burst(choice.bank, direction, choice.segment, row)) complete(id, choice.bank, t);
  queues_.admit(direction, open_row_);
  if (config_.auto_precharge && queues_.only_conflicts(choice.bank)) {
    engine_.auto_precharge(choice.bank);
    close_rows(BankMask{1} << choice.bank);
  }
}

void PseudoChannel::column_run(const Choice& choice, int bursts) {
  const Slot& slot = queues_.slot(train_.slot);
  const std::size_t half = slot.segment[0] == choice.segment ? 0 : 1;
  const Direction direction = slot.arrival.direction;
  const Tick latency = direction == Direction::read ? timing_.RL : timing_.WL;
  const Tick last = choice.time + (bursts - 1) * timing_.burst;
  // The rules look at the last command of each bank only.
  for (int i = bursts - 2; i < bursts; ++i) {
    const int bank = slot.arrival.bank[i % 2 == 0 ? half : 1 - half];
    engine_.issue(choice.command, bank, choice.time + i * timing_.burst);
    last_use_[static_cast<std::size_t>(bank)] = choice.time + i * timing_.burst;
  }
  post_bus(choice.time + latency, latency, direction);
  bus_until_ += last - choice.time;
  log_.data(slot.arrival.client, choice.time, last + timing_.burst);
  column_end_ = last + timing_.burst;
  last_direction_ = direction;
  now_ = last;
  count_bursts(direction, bursts);
  queues_.take_bursts(direction, slot.segment[half], (bursts + 1) / 2);
  queues_.take_bursts(direction, slot.segment[1 - half], bursts / 2);
  queues_.admit(direction, open_row_);
}

void PseudoChannel::count_bursts(Direction direction, int bursts) {
  batch_ += bursts;
  bursts_ += bursts;
  book_.ledger->count(direction == Direction::read ? book_.read : book_.write, bursts);
  book_.ledger->count(book_.io, bursts);
  book_.ledger->count(book_.phy, bursts);
}

void PseudoChannel::post_bus(Tick data_from, Tick latency, Direction direction) {
  if (data_from < bus_until_) throw InternalError("two DRAM bursts meet on the data bus");
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

void PseudoChannel::flush_bus() {
  if (at(bus_until_) > lane_.cursor()) lane_.busy_until(at(bus_until_), Leaf::useful_transfer);
}

void PseudoChannel::fill_life(std::vector<LifeInterval>& life, const Slot& slot, int bank, Tick command,
                              Femtoseconds visible) {
  const Arrival& arrival = slot.arrival;
  const Femtoseconds data = at(command + (arrival.direction == Direction::read ? timing_.RL : timing_.WL));
  life.reserve(8);
  Femtoseconds cursor = arrival.issued;
  const auto spend = [&](Leaf cause, Femtoseconds to) { extend(life, cursor, cause, to); };
  spend(Leaf::waiting_operand_dram_latency, arrival.issued + config_.controller_latency);
  spend(Leaf::overhead_clock_crossing, at(arrival.tick));
  const auto b = static_cast<std::size_t>(bank);
  for (const WaitPiece& piece : log_.cut(slot.mark, arrival.client, arrival.tick, command, blocked_[b], opening_[b])) {
    if (at(piece.from) != cursor) break;
    spend(piece.cause, at(piece.to));
  }
  if (cursor != at(command)) throw InternalError("life of a DRAM request has a hole");
  spend(Leaf::waiting_operand_dram_latency, data);
  spend(Leaf::waiting_operand_dram_bandwidth, data + at(timing_.burst));
  spend(Leaf::waiting_operand_dram_latency, data + at(timing_.burst) + config_.controller_latency);
  spend(Leaf::overhead_clock_crossing, visible);
}

void PseudoChannel::complete(int id, int bank, Tick command) {
  const Slot& slot = queues_.slot(id);
  const Arrival& arrival = slot.arrival;
  Access& access = *access_of(*arrival.payload);
  const Request& request = access.request;
  const Tick data_end = command + (arrival.direction == Direction::read ? timing_.RL : timing_.WL) + timing_.burst;
  const Femtoseconds visible = access.clock->edge(at(data_end) + config_.controller_latency);
  fill_life(access.life, slot, bank, command, visible);

  ledger::Release release = request.release;
  const bool late = release.at < arrival.issued && arrival.issued - release.at < access.clock->period();
  if (late) {
    const auto crossing = Leaf::overhead_clock_crossing;
    release.by = book_.ledger->record(lane_.id(), request.op, crossing, release.at, arrival.issued, release);
    release.at = arrival.issued;
  }
  for (const LifeInterval& interval : access.life) {
    release.by = book_.ledger->record(lane_.id(), request.op, interval.cause, interval.from, interval.to, release);
    release.at = interval.to;
    release.reason = ledger::Reason::data;
  }
  access.activity = release.by;
  book_.responder->respond(arrival.client, *arrival.payload, visible);
  queues_.release(id);

  std::uint64_t needed = log_.mark();
  for (const Direction direction : {Direction::read, Direction::write}) {
    const int oldest = queues_.oldest(direction);
    if (oldest != kNone) needed = std::min(needed, queues_.slot(oldest).mark);
  }
  log_.prune(needed);
}

void PseudoChannel::restart(Femtoseconds t0) {
  if (pending()) throw InternalError("DRAM restarted with requests under way");
  frame_start_ = t0;
  const auto kept = std::find_if(refreshes_.begin(), refreshes_.end(), [&](Femtoseconds t) { return t >= t0; });
  refreshes_.erase(refreshes_.begin(), kept);
  lane_.restart(t0);
  bursts_ = 0;
}

void PseudoChannel::finish(Femtoseconds end) {
  if (pending()) throw InternalError("DRAM frame ends with requests under way");
  if (at(bus_until_) > end) throw InternalError("DRAM frame ends before its last data");
  book_refreshes(end);
  flush_bus();
  lane_.finish(end);
}

}  // namespace cyclescope::memory
