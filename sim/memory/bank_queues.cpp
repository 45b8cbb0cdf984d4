#include "sim/memory/bank_queues.h"

namespace cyclescope::memory {

void BankQueues::add(const Arrival& arrival, std::uint64_t seq, std::uint64_t mark) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<int>(slots_.size()));
    slots_.emplace_back();
    segments_.resize(segments_.size() + 2);
  }
  const int id = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[static_cast<std::size_t>(id)];
  const std::size_t d = index(arrival.direction);
  slot = Slot{};
  slot.arrival = arrival;
  slot.seq = seq;
  slot.mark = mark;
  slot.left = arrival.bursts[0] + arrival.bursts[1];
  slot.older = youngest_[d];
  (slot.older == kNone ? oldest_[d] : slots_[static_cast<std::size_t>(slot.older)].younger) = id;
  youngest_[d] = id;
  if (next_to_admit_[d] == kNone) next_to_admit_[d] = id;
  ++requests_;
}

void BankQueues::admit(Direction direction, const std::array<std::int64_t, kMaxBanks>& open_row) {
  const std::size_t d = index(direction);
  while (next_to_admit_[d] != kNone) {
    const int id = next_to_admit_[d];
    Slot& slot = slots_[static_cast<std::size_t>(id)];
    if (queued_[d] + slot.left > depth_[d]) return;
    queued_[d] += slot.left;
    next_to_admit_[d] = slot.younger;
    for (std::size_t half = 0; half < 2; ++half) {
      if (slot.arrival.bursts[half] == 0) continue;
      const int segment = 2 * id + static_cast<int>(half);
      const int bank = slot.arrival.bank[half];
      slot.segment[half] = segment;
      at(segment) = {slot.seq, slot.arrival.row, id, slot.arrival.bursts[half], kNone};
      List& queue = list(direction, bank);
      (queue.head == kNone ? queue.head : at(queue.tail).next) = segment;
      queue.tail = segment;
      if (queue.hit == kNone && open_row[static_cast<std::size_t>(bank)] == slot.arrival.row) {
        set_hit(direction, bank, segment);
      }
      waiting_[d] |= BankMask{1} << bank;
    }
  }
}

void BankQueues::set_hit(Direction direction, int bank, int segment) {
  list(direction, bank).hit = segment;
  BankMask& hits = hits_[index(direction)];
  const BankMask bit = BankMask{1} << bank;
  hits = segment == kNone ? hits & ~bit : hits | bit;
}

int BankQueues::find_hit(const List& queue, int from, std::int64_t open_row) const {
  if (open_row == kNoRow) return kNone;
  int found = from == kNone ? queue.head : from;
  while (found != kNone && segment(found).row != open_row) found = segment(found).next;
  return found;
}

void BankQueues::unlink(List& queue, int segment_id) {
  const int next = segment(segment_id).next;
  if (queue.head == segment_id) {
    queue.head = next;
    if (next == kNone) queue.tail = kNone;
    return;
  }
  int before = queue.head;
  while (segment(before).next != segment_id) before = segment(before).next;
  at(before).next = next;
  if (queue.tail == segment_id) queue.tail = before;
}

bool BankQueues::take_burst(int bank, Direction direction, int segment_id, std::int64_t open_row) {
  const std::size_t d = index(direction);
  Segment& segment = at(segment_id);
  Slot& slot = slots_[static_cast<std::size_t>(segment.slot)];
  --queued_[d];
  if (--segment.left == 0) {
    List& queue = list(direction, bank);
    const int next = segment.next;
    unlink(queue, segment_id);
    set_hit(direction, bank, next == kNone ? kNone : find_hit(queue, next, open_row));
    if (queue.head == kNone) waiting_[d] &= ~(BankMask{1} << bank);
  }
  if (--slot.left > 0) return false;
  (slot.older == kNone ? oldest_[d] : slots_[static_cast<std::size_t>(slot.older)].younger) = slot.younger;
  (slot.younger == kNone ? youngest_[d] : slots_[static_cast<std::size_t>(slot.younger)].older) = slot.older;
  --requests_;
  return true;
}

void BankQueues::take_bursts(Direction direction, int segment_id, int bursts) {
  Segment& segment = at(segment_id);
  queued_[index(direction)] -= bursts;
  segment.left -= bursts;
  slots_[static_cast<std::size_t>(segment.slot)].left -= bursts;
}

void BankQueues::release(int slot) { free_slots_.push_back(slot); }

void BankQueues::row_changed(int bank, std::int64_t open_row) {
  for (const Direction direction : {Direction::read, Direction::write}) {
    set_hit(direction, bank, find_hit(list(direction, bank), kNone, open_row));
  }
}

}  // namespace cyclescope::memory
