#include "sim/memory/dram_channel.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::memory {
namespace {

constexpr int kForcedRefresh = 0;
constexpr int kStarving = 1;
constexpr int kRowHit = 2;
constexpr int kRowCommand = 3;
constexpr int kIdleRefresh = 4;
constexpr int kIdleRow = 5;

Direction other(Direction direction) { return direction == Direction::read ? Direction::write : Direction::read; }

int lowest_bit(std::uint32_t bits) { return __builtin_ctz(bits); }

}  // namespace

DramChannel::DramChannel(const DramConfig& config, const DramBook& book, int number)
    : Module(fmt::format("dram_{}", number)),
      config_(config),
      timing_(config.timing),
      book_(book),
      period_(config.clock.period()),
      lead_(config.aggregate
                ? (std::min(timing_.RL, timing_.WL) + timing_.burst - 1) * period_ + config.controller_latency
                : 0),
      engine_(config.table, config.bank_groups, config.banks_per_group, config.banks() / config.refresh_banks),
      refresh_(config),
      queues_({config.read_queue, config.write_queue}),
      lane_(*book.ledger, fmt::format("dram.{}", number), config.clock.period()) {
  open_row_.fill(BankQueues::kNoRow);
}

void DramChannel::add_client(ClientPort& port, int max_outstanding) {
  clients_.push_back(&port);
  queues_.reserve(max_outstanding);
}

void DramChannel::submit(Arrival arrival) {
  arrival.issued = kernel::now();
  arrival.tick = config_.clock.ceil_cycles(arrival.issued + config_.controller_latency);
  const auto before = [](const Arrival& a, const Arrival& b) {
    if (a.tick != b.tick) return a.tick < b.tick;
    if (a.client != b.client) return a.client < b.client;
    return a.request.tag < b.request.tag;
  };
  staged_.insert(std::upper_bound(staged_.begin(), staged_.end(), arrival, before), arrival);
  const Femtoseconds wake = at(arrival.tick) + lead_;
  if (wake < planned_wake_) {
    planned_wake_ = wake;
    wake_at(wake);
  }
}

void DramChannel::step() {
  const Femtoseconds known = kernel::now() + (config_.aggregate ? config_.controller_latency : 1);
  advance(config_.clock.ceil_cycles(known));
  book_refreshes(kernel::now());
  planned_wake_ = kNever;
  if (queues_.requests() == 0 && staged_.empty()) return;
  Tick next = staged_.empty() ? kNoTick : staged_.front().tick;
  if (queues_.requests() > 0) next = std::min(choose().time, next_change());
  planned_wake_ = at(next) + lead_;
  wake_at(planned_wake_);
}

void DramChannel::advance(Tick limit) {
  for (;;) {
    take_arrivals();
    refresh_.pass(now_);
    update_mode();
    const Choice choice = choose();
    const Tick change = next_change();
    const Tick next = std::min(choice.time, change);
    if (next >= limit) return;
    if (queues_.requests() > 0 && next > log_.end()) log_.stall(stall_cause(), next);
    now_ = next;
    if (choice.time < change) apply(choice);
  }
}

void DramChannel::take_arrivals() {
  std::size_t n = 0;
  for (; n < staged_.size() && staged_[n].tick <= now_; ++n) {
    if (queues_.requests() == 0) {
      pending_since_ = staged_[n].tick;
      log_.skip_to(pending_since_);
    }
    queues_.add(staged_[n], next_seq_++);
  }
  if (n == 0) return;
  staged_.erase(staged_.begin(), staged_.begin() + static_cast<std::ptrdiff_t>(n));
  queues_.admit(Direction::read, open_row_);
  queues_.admit(Direction::write, open_row_);
}

void DramChannel::update_mode() {
  const int reads = queues_.queued_bursts(Direction::read);
  const int writes = queues_.queued_bursts(Direction::write);
  const bool batch_done = batch_ >= config_.direction_batch;
  if (mode_ == Direction::read) {
    if (writes == 0) return;
    const Tick age = now_ - queues_.slot(queues_.oldest(Direction::write)).arrival.tick;
    const bool drain = batch_done && (writes >= config_.write_high || age >= config_.write_age);
    if (reads > 0 && !drain) return;
  } else {
    if (reads == 0) return;
    const bool drained = batch_done && (writes <= config_.write_low || batch_ >= config_.write_queue);
    if (writes > 0 && !drained) return;
  }
  mode_ = other(mode_);
  batch_ = 0;
}

Tick DramChannel::next_change() const {
  Tick next = refresh_.next_due();
  if (!staged_.empty()) next = std::min(next, staged_.front().tick);
  const auto ripen = [&](Direction direction, Tick age) {
    const int oldest = queues_.oldest(direction);
    if (oldest == kNone) return;
    const Tick ripe = queues_.slot(oldest).arrival.tick + age;
    if (ripe > now_) next = std::min(next, ripe);
  };
  ripen(mode_, config_.starvation_limit);
  if (mode_ == Direction::read) ripen(Direction::write, config_.write_age);
  return next;
}

bool DramChannel::starving(int slot) const {
  return slot != kNone && now_ - queues_.slot(slot).arrival.tick >= config_.starvation_limit;
}

void DramChannel::consider(Choice& best, const Choice& candidate) const {
  const Tick time = std::max(candidate.time, now_);
  if (time > best.time) return;
  if (time == best.time) {
    if (candidate.priority > best.priority) return;
    if (candidate.priority == best.priority && candidate.seq >= best.seq) return;
  }
  best = candidate;
  best.time = time;
}

DramChannel::Choice DramChannel::choose() {
  Choice best;
  if (refresh_.due()) {
    if (refresh_.per_bank()) {
      consider_refresh(best);
    } else {
      consider_all_bank_refresh(best);
    }
  }
  consider_requests(best);
  consider_idle_rows(best);
  return best;
}

void DramChannel::consider_refresh(Choice& best) {
  int set = forced_set_;
  if (set == RefreshSchedule::kNoSet) {
    set = refresh_.free_set(waiting());
    if (set == RefreshSchedule::kNoSet) {
      if (!refresh_.forced()) return;
      set = forced_set_ = refresh_.next_set();
      reserved_ = refresh_.banks(set);
      for (std::uint32_t bits = reserved_; bits != 0; bits &= bits - 1) {
        blocked_[static_cast<std::size_t>(lowest_bit(bits))] = {now_, kNoTick};
      }
    }
  }
  const int priority = forced_set_ == RefreshSchedule::kNoSet ? kIdleRefresh : kForcedRefresh;
  const std::uint32_t to_close = refresh_.banks(set) & open_;
  for (std::uint32_t bits = to_close; bits != 0; bits &= bits - 1) {
    const int bank = lowest_bit(bits);
    consider(best, {engine_.earliest(Command::PRE, bank), priority, 0, Command::PRE, bank, kNone});
  }
  if (to_close == 0) consider(best, {engine_.earliest_refresh(set), priority, 0, Command::REFpb, set, kNone});
}

void DramChannel::consider_all_bank_refresh(Choice& best) {
  const bool forced = reserved_ != 0 || (queues_.requests() > 0 && refresh_.forced());
  if (!forced && queues_.requests() > 0) return;
  if (forced && reserved_ == 0) {
    reserved_ = ~0U;
    blocked_.fill({now_, kNoTick});
  }
  const Command command = open_ != 0 ? Command::PREab : Command::REFab;
  consider(best, {engine_.earliest(command, 0), forced ? kForcedRefresh : kIdleRefresh, 0, command, 0, kNone});
}

void DramChannel::consider_requests(Choice& best) const {
  const Command column = mode_ == Direction::read ? Command::RD : Command::WR;
  const int oldest = queues_.oldest(mode_);
  const std::uint64_t starving_seq = starving(oldest) ? queues_.slot(oldest).seq : UINT64_MAX;
  for (std::uint32_t bits = queues_.banks_waiting(mode_) & ~reserved_; bits != 0; bits &= bits - 1) {
    const int bank = lowest_bit(bits);
    const int head = queues_.head(mode_, bank);
    const bool first = queues_.segment(head).seq == starving_seq;
    const int hit = queues_.hit(mode_, bank);
    const int target = hit == kNone || (first && hit != head) ? head : hit;
    const Segment& segment = queues_.segment(target);
    const bool open = (open_ >> bank & 1U) != 0;
    const Command command = target == hit ? column : open ? Command::PRE : Command::ACT;
    const int priority = first ? kStarving : target == hit ? kRowHit : kRowCommand;
    consider(best, {engine_.earliest(command, bank), priority, segment.seq, command, bank, target});
  }
}

void DramChannel::consider_idle_rows(Choice& best) const {
  for (std::uint32_t bits = open_ & ~waiting() & ~reserved_; bits != 0; bits &= bits - 1) {
    const int bank = lowest_bit(bits);
    const Tick idle = last_use_[static_cast<std::size_t>(bank)] + config_.row_idle;
    if (idle > best.time) continue;
    consider(best, {std::max(idle, engine_.earliest(Command::PRE, bank)), kIdleRow, 0, Command::PRE, bank, kNone});
  }
}

ledger::Leaf DramChannel::stall_cause() const {
  int oldest = queues_.oldest(mode_);
  if (oldest == kNone) oldest = queues_.oldest(other(mode_));
  const Slot& slot = queues_.slot(oldest);
  const std::size_t half = slot.segment[0] != kNone && queues_.segment(slot.segment[0]).left > 0 ? 0 : 1;
  const int bank = slot.arrival.bank[half];
  if (blocked_[static_cast<std::size_t>(bank)].to > now_) return ledger::Leaf::waiting_operand_dram_refresh;
  if (open_row_[static_cast<std::size_t>(bank)] != slot.arrival.row) return ledger::Leaf::waiting_operand_dram_row;
  const Command column = slot.arrival.request.direction == Direction::read ? Command::RD : Command::WR;
  if (engine_.bank_limit(column, bank) == engine_.earliest(column, bank)) return ledger::Leaf::waiting_operand_dram_row;
  if (slot.arrival.request.direction != last_direction_) return ledger::Leaf::waiting_operand_dram_turnaround;
  return ledger::Leaf::waiting_operand_dram_bandwidth;
}

}  // namespace cyclescope::memory
