// Trains: bursts of one request that follow each other without another choice.
#include <algorithm>

#include "sim/memory/pseudo_channel.h"

namespace cyclescope::memory {

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
  if ((reserved_ & bit(bank)) != 0) return 0;
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

bool PseudoChannel::continue_train(Tick limit) {
  const Command column = column_of(mode_);
  const Slot& slot = queues_.slot(train_.slot);
  Choice best;
  const std::size_t low = slot.arrival.bank[0] <= slot.arrival.bank[1] ? 0 : 1;  // the order in which banks are chosen
  for (const std::size_t half : {low, 1 - low}) {
    const int segment = slot.segment[half];
    if (segment == kNone || queues_.segment(segment).left == 0) continue;
    const int bank = slot.arrival.bank[half];
    if (queues_.hit(mode_, bank) != segment || (reserved_ & bit(bank)) != 0) continue;
    consider(best, {engine_.earliest(column, bank), kRowHit, slot.seq, column, bank, segment});
  }
  const Tick joins = std::min(best.time, limit - 1);  // others may still arrive from limit on
  while (!staged_.empty() && staged_.front().tick <= joins && best.time < train_.horizon) {
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

}  // namespace cyclescope::memory
