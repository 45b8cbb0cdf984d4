#include "sim/memory/pseudo_channel.h"

#include <algorithm>

namespace cyclescope::memory {
namespace {

Direction other(Direction direction) { return direction == Direction::read ? Direction::write : Direction::read; }

}  // namespace

PseudoChannel::PseudoChannel(const DramConfig& config, const DramBook& book, CommandBuses& buses,
                             const std::string& lane)
    : config_(config),
      timing_(config.timing),
      book_(book),
      period_(config.clock.period()),
      buses_(buses),
      engine_(config.table, config.banks, buses),
      refresh_(config),
      queues_({config.read_queue, config.write_queue}),
      lane_(*book.ledger, lane, config.clock.period()) {
  open_row_.fill(BankQueues::kNoRow);
}

void PseudoChannel::submit(const Arrival& arrival) {
  const auto before = [](const Arrival& a, const Arrival& b) {
    if (a.tick != b.tick) return a.tick < b.tick;
    if (a.client != b.client) return a.client < b.client;
    return a.tag < b.tag;
  };
  staged_.insert(std::upper_bound(staged_.begin(), staged_.end(), arrival, before), arrival);
  change_ = std::min(change_, arrival.tick);
}

Tick PseudoChannel::next(Tick limit) {
  if (looked_ && choice_.time < change_ && choice_.time != kNoTick) {
    // The other pseudo-channel may have taken the bus meanwhile.
    const CommandForm& form = config_.table.forms[static_cast<std::size_t>(choice_.command)];
    looked_ = buses_.free[static_cast<std::size_t>(form.bus)] <= choice_.time;
  }
  if (!looked_ && !(train_.left > 0 && continue_train(limit))) look();
  return std::min(choice_.time, change_);
}

Tick PseudoChannel::next_needed(Tick limit) {
  if (queues_.requests() > 0) return next(limit);
  return staged_.empty() ? kNoTick : staged_.front().tick;
}

void PseudoChannel::look() {
  train_.left = 0;
  take_arrivals();
  refresh_.pass(now_);
  update_mode();
  choice_ = choose();
  own_change_ = next_change();
  change_ = staged_.empty() ? own_change_ : std::min(own_change_, staged_.front().tick);
  looked_ = true;
}

bool PseudoChannel::act(Tick limit) {
  do {
    const Tick t = std::min(choice_.time, change_);
    if (queues_.requests() > 0 && t > log_.end()) log_.stall(stall_cause(), t);
    now_ = t;
    looked_ = false;
    if (choice_.time >= change_) {
      looked_ = train_.left == 0 && absorb_arrivals();
      return false;
    }
    const bool hit = choice_.segment != kNone && choice_.command == column_of(mode_);
    if (hit && train_.left == 0 && config_.aggregate) start_train(choice_);
    const int run = hit ? run_length(limit) : 0;
    if (run > 0) {
      column_run(choice_, run);
      train_.left -= run;
      train_.last = now_;
      continue;
    }
    apply(choice_);
    if (!hit || train_.left == 0) return true;
    --train_.left;
    train_.last = t;
    if (train_.left > 0 && queues_.segment(choice_.segment).left == 0) {
      // What its bank waits for now could be chosen too.
      limit_train(choice_.bank);
      limit_train_by_refresh();
    }
  } while (config_.pseudo_channels == 1 && train_.left > 0 && continue_train(limit) && choice_.time < limit &&
           choice_.time < change_);
  return true;
}

void PseudoChannel::take_arrivals() {
  if (staged_.empty() || staged_.front().tick > now_) return;
  for (; !staged_.empty() && staged_.front().tick <= now_; staged_.pop_front()) {
    if (queues_.requests() == 0) {
      pending_since_ = staged_.front().tick;
      log_.skip_to(pending_since_);
    }
    queues_.add(staged_.front(), next_seq_++, log_.mark());
  }
  queues_.admit(Direction::read, open_row_);
  queues_.admit(Direction::write, open_row_);
}

bool PseudoChannel::absorb_arrivals() {
  if (own_change_ <= now_) return false;
  while (!staged_.empty() && staged_.front().tick <= now_) {
    if (queues_.bursts_to_admission(staged_.front().direction) == INT_MAX) return false;
    queues_.add(staged_.front(), next_seq_++, log_.mark());
    staged_.pop_front();
  }
  change_ = staged_.empty() ? own_change_ : std::min(own_change_, staged_.front().tick);
  return true;
}

void PseudoChannel::update_mode() {
  const int reads = queues_.queued_bursts(Direction::read);
  const int writes = queues_.queued_bursts(Direction::write);
  const bool batch_done = batch_ >= config_.direction_batch;
  if (mode_ == Direction::read) {
    if (writes == 0) return;
    const bool drain = batch_done && (writes >= config_.write_high || now_ >= write_ripe());
    if (reads > 0 && !drain) return;
  } else {
    if (reads == 0) return;
    const bool drained = batch_done && (writes <= config_.write_low || batch_ >= config_.write_queue);
    if (writes > 0 && !drained) return;
  }
  mode_ = other(mode_);
  batch_ = 0;
}

Tick PseudoChannel::write_ripe() const {
  return queues_.slot(queues_.oldest(Direction::write)).arrival.tick + config_.write_age;
}

int PseudoChannel::bursts_in_mode() const {
  // Until update_mode could change its mind; ages are changes of their own (next_change).
  const int to_batch = std::max(config_.direction_batch - batch_, 1);
  const int writes = queues_.queued_bursts(Direction::write);
  if (mode_ == Direction::read) {
    const bool ripe = writes > 0 && (writes >= config_.write_high || now_ >= write_ripe());
    return ripe ? to_batch : INT_MAX;
  }
  if (queues_.queued_bursts(Direction::read) == 0) return INT_MAX;
  return std::max(to_batch, std::min(writes - config_.write_low, config_.write_queue - batch_));
}

Tick PseudoChannel::next_change() const {
  Tick next = refresh_.next_due();
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

bool PseudoChannel::starving(int slot) const {
  return slot != kNone && now_ - queues_.slot(slot).arrival.tick >= config_.starvation_limit;
}

PseudoChannel::Choice PseudoChannel::choose() {
  Choice best;
  if (refresh_.due()) consider_refresh(best);
  consider_requests(best);
  consider_idle_rows(best);
  return best;
}

void PseudoChannel::consider_refresh(Choice& best) {
  int set = forced_set_;
  if (set == RefreshSchedule::kNoSet) {
    set = refresh_.free_set(waiting());
    if (set == RefreshSchedule::kNoSet) {
      if (!refresh_.forced()) return;
      set = forced_set_ = refresh_.next_set();
      reserved_ = refresh_.banks(set);
      for (BankMask bits = reserved_; bits != 0; bits &= bits - 1) {
        blocked_[static_cast<std::size_t>(lowest_bank(bits))] = {now_, kNoTick};
      }
    }
  }
  const int priority = forced_set_ == RefreshSchedule::kNoSet ? kIdleRefresh : kForcedRefresh;
  const BankMask banks = refresh_.banks(set);
  const BankMask to_close = banks & open_;
  if (!refresh_.per_bank()) {
    const Command command = to_close != 0 ? Command::PREab : Command::REFab;
    consider(best, {engine_.earliest(command, lowest_bank(banks)), priority, 0, command, set, kNone});
    return;
  }
  for (BankMask bits = to_close; bits != 0; bits &= bits - 1) {
    const int bank = lowest_bank(bits);
    consider(best, {engine_.earliest(Command::PRE, bank), priority, 0, Command::PRE, bank, kNone});
  }
  if (to_close == 0) consider(best, {engine_.earliest_refresh(banks), priority, 0, Command::REFpb, set, kNone});
}

void PseudoChannel::consider_requests(Choice& best) const {
  const int oldest = queues_.oldest(mode_);
  BankMask banks = queues_.banks_waiting(mode_) & ~reserved_;
  if (starving(oldest)) {
    const Slot& slot = queues_.slot(oldest);
    for (const int segment : slot.segment) {
      if (segment == kNone || queues_.segment(segment).left == 0) continue;
      const int bank = slot.arrival.bank[segment == slot.segment[0] ? 0 : 1];
      if (queues_.head(mode_, bank) != segment || (banks & bit(bank)) == 0) continue;
      banks &= ~bit(bank);
      consider_bank(best, bank, segment, kStarving);
    }
  }
  const BankMask hits = banks & queues_.banks_hit(mode_);
  for (BankMask bits = hits; bits != 0; bits &= bits - 1) {
    const int bank = lowest_bank(bits);
    if (passed_over(bank) && closes_first(bank)) {
      consider_bank(best, bank, queues_.head(mode_, bank), kRowCommand);
    } else {
      consider_bank(best, bank, queues_.hit(mode_, bank), kRowHit);
    }
  }
  for (const Command command : {Command::ACT, Command::PRE}) {
    BankMask bits = banks & ~hits & (command == Command::ACT ? ~open_ : open_);
    if (bits == 0 || engine_.earliest_anywhere(command) > best.time) continue;
    for (; bits != 0; bits &= bits - 1) {
      const int bank = lowest_bank(bits);
      const Tick earliest = engine_.earliest(command, bank);
      if (earliest > best.time) continue;
      const int head = queues_.head(mode_, bank);
      consider(best, {earliest, kRowCommand, queues_.segment(head).seq, command, bank, head});
    }
  }
}

bool PseudoChannel::passed_over(int bank) const {
  return queues_.head(mode_, bank) != queues_.hit(mode_, bank) &&
         passed_[static_cast<std::size_t>(bank)] >= config_.row_hit_cap;
}

bool PseudoChannel::closes_first(int bank) const {
  const auto time = [&](Command command) {
    return engine_.aligned(command, std::max(now_, engine_.earliest(command, bank)));
  };
  return time(Command::PRE) <= time(column_of(mode_));
}

void PseudoChannel::consider_bank(Choice& best, int bank, int segment, int priority) const {
  const Segment& wanted = queues_.segment(segment);
  const bool open = (open_ & bit(bank)) != 0;
  const bool hit = open && open_row_[static_cast<std::size_t>(bank)] == wanted.row;
  const Command command = hit ? column_of(mode_) : open ? Command::PRE : Command::ACT;
  consider(best, {engine_.earliest(command, bank), priority, wanted.seq, command, bank, segment});
}

void PseudoChannel::consider_idle_rows(Choice& best) const {
  for (BankMask bits = open_ & ~waiting() & ~reserved_; bits != 0; bits &= bits - 1) {
    const int bank = lowest_bank(bits);
    const Tick idle = last_use_[static_cast<std::size_t>(bank)] + config_.row_idle;
    if (idle > best.time) continue;
    consider(best, {std::max(idle, engine_.earliest(Command::PRE, bank)), kIdleRow, 0, Command::PRE, bank, kNone});
  }
}

ledger::Leaf PseudoChannel::stall_cause() const {
  int oldest = queues_.oldest(mode_);
  if (oldest == kNone) oldest = queues_.oldest(other(mode_));
  const Slot& slot = queues_.slot(oldest);
  const std::size_t half = slot.segment[0] != kNone && queues_.segment(slot.segment[0]).left > 0 ? 0 : 1;
  const int bank = slot.arrival.bank[half];
  if (blocked_[static_cast<std::size_t>(bank)].to > now_) return ledger::Leaf::waiting_operand_dram_refresh;
  if (open_row_[static_cast<std::size_t>(bank)] != slot.arrival.row) return ledger::Leaf::waiting_operand_dram_row;
  const Command column = column_of(slot.arrival.direction);
  if (engine_.bank_limit(column, bank) == engine_.earliest(column, bank)) return ledger::Leaf::waiting_operand_dram_row;
  if (slot.arrival.direction != last_direction_) return ledger::Leaf::waiting_operand_dram_turnaround;
  return ledger::Leaf::waiting_operand_dram_bandwidth;
}

}  // namespace cyclescope::memory
