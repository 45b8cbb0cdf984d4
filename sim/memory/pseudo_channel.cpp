#include "sim/memory/pseudo_channel.h"

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

Command column_of(Direction direction) { return direction == Direction::read ? Command::RD : Command::WR; }

BankMask bit(int bank) { return BankMask{1} << bank; }

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

Tick PseudoChannel::next() {
  if (looked_ && choice_.time < change_ && choice_.time != kNoTick) {
    // The other pseudo-channel may have taken the bus meanwhile.
    const CommandForm& form = config_.table.forms[static_cast<std::size_t>(choice_.command)];
    looked_ = buses_.free[static_cast<std::size_t>(form.bus)] <= choice_.time;
  }
  if (!looked_ && !(train_.left > 0 && continue_train())) look();
  return std::min(choice_.time, change_);
}

Tick PseudoChannel::next_needed() {
  return queues_.requests() > 0 ? next() : staged_.empty() ? kNoTick : staged_.front().tick;
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
  } while (config_.pseudo_channels == 1 && train_.left > 0 && continue_train() && choice_.time < limit);
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

void PseudoChannel::start_train(const Choice& choice) {
  const Segment& chosen = queues_.segment(choice.segment);
  train_.slot = chosen.slot;
  train_.left = std::min({queues_.slot(chosen.slot).left, bursts_in_mode(), queues_.bursts_to_admission(mode_)});
  if (train_.left <= 1 || choice.priority != kRowHit || starving(queues_.oldest(mode_))) {
    train_.left = 0;
    return;
  }
  for (const int bank : queues_.slot(chosen.slot).arrival.bank) {
    const int head = queues_.head(mode_, bank);
    if (head == kNone || queues_.segment(head).seq >= chosen.seq) continue;
    train_.left = 0;  // an older request for another row waits in its bank
    return;
  }
  train_.alone = true;
  train_.older = 0;
  train_.horizon = std::min(next_change(), choice.time + train_.left * timing_.tCCD_L);  // hardly longer than that
  limit_train_by_refresh();
  const BankMask wanted = queues_.banks_waiting(mode_);
  BankMask rivals = wanted & queues_.banks_hit(mode_);
  if (engine_.earliest_anywhere(Command::ACT) < train_.horizon) rivals |= wanted & ~open_;
  if (engine_.earliest_anywhere(Command::PRE) < train_.horizon) rivals |= open_ & (wanted | ~waiting());
  for (rivals &= ~reserved_; rivals != 0; rivals &= rivals - 1) limit_train(lowest_bank(rivals));
}

void PseudoChannel::limit_train_by_refresh() {
  Choice refresh;
  if (refresh_.due()) consider_refresh(refresh);
  train_.horizon = std::min(train_.horizon, refresh.time);
}

void PseudoChannel::limit_train(int bank) {
  const int head = queues_.head(mode_, bank);
  const int hit = queues_.hit(mode_, bank);
  const bool open = (open_ & bit(bank)) != 0;
  Tick rival = kNoTick;
  if (head == kNone) {
    const Tick idle = last_use_[static_cast<std::size_t>(bank)] + config_.row_idle;
    if (idle >= train_.horizon) return;
    if (open && (waiting() & bit(bank)) == 0) rival = std::max(idle, engine_.earliest(Command::PRE, bank));
  } else if (hit == kNone) {
    rival = engine_.earliest(open ? Command::PRE : Command::ACT, bank);
  } else if (queues_.segment(hit).slot != train_.slot) {
    if (passed_over(bank)) rival = engine_.earliest(Command::PRE, bank);
    const bool older = queues_.segment(hit).seq < queues_.slot(train_.slot).seq;
    if (older) train_.older |= bit(bank);
    train_.alone = train_.alone && older;
  }
  train_.horizon = std::min(train_.horizon, rival);
}

bool PseudoChannel::join_train() {
  // Requests of the train's direction only add candidates; anything else is looked at anew.
  const Arrival& arrival = staged_.front();
  if (arrival.direction != mode_ || arrival.tick > log_.end()) return false;
  now_ = std::max(now_, arrival.tick);
  const std::array<int, 2> banks = arrival.bank;
  const bool behind_others = queues_.bursts_to_admission(mode_) != INT_MAX;
  queues_.add(arrival, next_seq_++, log_.mark());
  staged_.pop_front();
  if (behind_others) return true;
  queues_.admit(mode_, open_row_);
  train_.left = std::min(train_.left, queues_.bursts_to_admission(mode_));
  for (const int bank : banks) limit_train(bank);
  limit_train_by_refresh();
  return true;
}

int PseudoChannel::run_length(Tick limit) const {
  const Tick spacing = timing_.tCCD_S;
  if (train_.left < 2 || train_.older != 0 || config_.pseudo_channels > 1) return 0;
  if (spacing != timing_.burst || timing_.tCCD_L > 2 * spacing) return 0;
  const Slot& slot = queues_.slot(train_.slot);
  const std::size_t half = slot.segment[0] == choice_.segment ? 0 : 1;
  const int next = slot.segment[1 - half];
  const int bank = slot.arrival.bank[1 - half];
  if (next == kNone || bank == choice_.bank || queues_.hit(mode_, bank) != next) return 0;
  if (engine_.earliest(choice_.command, bank) > choice_.time + spacing) return 0;
  // Neither half ends in the run: what its bank waits for then has to be looked at.
  const int ours = queues_.segment(choice_.segment).left - 1;
  const int theirs = queues_.segment(next).left - 1;
  Tick end = std::min(limit, train_.horizon);
  if (!staged_.empty()) end = std::min(end, staged_.front().tick);
  const Tick room = (end - 1 - choice_.time) / spacing + 1;
  const int run = static_cast<int>(std::min<Tick>({train_.left, 2 * ours, 2 * theirs + 1, room}));
  return run >= 3 ? run : 0;
}

bool PseudoChannel::continue_train() {
  const Command column = column_of(mode_);
  const Slot& slot = queues_.slot(train_.slot);
  Choice best;
  const std::size_t low = slot.arrival.bank[0] <= slot.arrival.bank[1] ? 0 : 1;  // the order in which banks are chosen
  for (const std::size_t half : {low, 1 - low}) {
    const int segment = slot.segment[half];
    if (segment == kNone || queues_.segment(segment).left == 0) continue;
    const int bank = slot.arrival.bank[half];
    if (queues_.hit(mode_, bank) != segment) continue;
    consider(best, {engine_.earliest(column, bank), kRowHit, slot.seq, column, bank, segment});
  }
  while (!staged_.empty() && staged_.front().tick <= best.time && best.time < train_.horizon) {
    if (!join_train()) train_.horizon = 0;
  }
  // A younger hit cannot be commanded before a burst that is as early as any column command can be.
  const Tick spacing =
      config_.banks.ranks == 1 ? timing_.tCCD_S : std::min(timing_.tCCD_S, timing_.burst + timing_.rank_gap);
  const CommandForm& form = config_.table.forms[static_cast<std::size_t>(column)];
  const Tick bus = buses_.free[static_cast<std::size_t>(form.bus)];
  const bool follows = best.time == engine_.aligned(column, std::max(train_.last + spacing, bus));
  bool first = best.time < train_.horizon && (train_.alone || follows);
  for (BankMask bits = train_.older; first && bits != 0; bits &= bits - 1) {
    first = engine_.earliest(column, lowest_bank(bits)) > best.time;
  }
  if (!first) {
    train_.left = 0;
    return false;
  }
  choice_ = best;
  change_ = train_.horizon;
  if (!staged_.empty()) change_ = std::min(change_, staged_.front().tick);
  looked_ = true;
  return true;
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
