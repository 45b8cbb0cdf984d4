#include "sim/host/wire.h"

#include <algorithm>

namespace cyclescope::host {

using ledger::Leaf;
using memory::LifeInterval;

void extend(std::vector<LifeInterval>& life, Leaf cause, Femtoseconds from, Femtoseconds to) {
  if (to == from) return;
  if (!life.empty() && life.back().cause == cause) {
    life.back().to = to;
  } else {
    life.push_back({cause, from, to});
  }
}

std::deque<Packet>& Wire::queue(PacketKind kind) {
  if (kind == PacketKind::write) return writes_;
  if (kind == PacketKind::read) return reads_;
  return kind == PacketKind::completion ? completions_ : control_;
}

void Wire::enter(const Packet& packet) {
  std::deque<Packet>& waiting = queue(packet.kind);
  auto place = waiting.end();
  while (place != waiting.begin() && packet < *(place - 1)) --place;
  waiting.insert(place, packet);
}

std::deque<Packet>* Wire::pick(const MayGo& may_go) {
  if (!control_.empty()) return &control_;
  std::deque<Packet>* best = completions_.empty() ? nullptr : &completions_;
  const auto consider = [&](std::deque<Packet>& waiting) {
    if (!waiting.empty() && may_go(waiting.front()) && (best == nullptr || waiting.front() < best->front())) {
      best = &waiting;
    }
  };
  consider(writes_);
  if (writes_.empty() || (!reads_.empty() && reads_.front() < writes_.front())) consider(reads_);
  return best;
}

std::optional<Wire::Start> Wire::start(Femtoseconds now, const MayGo& may_go) {
  if (now < free_at_) return {};
  std::deque<Packet>* waiting = pick(may_go);
  if (waiting == nullptr) {
    stall(now);
    return {};
  }
  end_stall(now);
  Start started;
  started.packet = waiting->front();
  waiting->pop_front();
  started.wait = cut(started.packet, now);
  started.end = free_at_ = now + config_->wire_time(started.packet.wire_bytes);
  const bool control = started.packet.control();
  log({now, free_at_, started.packet.client, false, control ? Leaf::overhead_synchronisation : Leaf::useful_transfer});
  if (!control) book(free_at_);
  prune(now);
  wire_bytes_ += started.packet.wire_bytes;
  const bool data = started.packet.kind == PacketKind::completion || started.packet.kind == PacketKind::write;
  if (data) payload_bytes_ += started.packet.payload;
  return started;
}

void Wire::stall(Femtoseconds now) {
  if (writes_.empty() && reads_.empty()) return;
  const Leaf cause = writes_.empty() ? Leaf::waiting_operand_host_link : Leaf::waiting_output_space;
  if (stalled_ && cause == stall_cause_) return;
  end_stall(now);
  stalled_ = true;
  stalled_since_ = now;
  stall_cause_ = cause;
}

void Wire::end_stall(Femtoseconds now) {
  if (stalled_ && now > stalled_since_) log({stalled_since_, now, -1, true, stall_cause_});
  stalled_ = false;
}

void Wire::log(const Entry& entry) {
  log_.push_back(entry);
  unbooked_.push_back(entry);
}

std::vector<LifeInterval> Wire::cut(const Packet& packet, Femtoseconds to) const {
  std::vector<LifeInterval> pieces;
  std::size_t i = log_.size();
  while (i > 0 && log_[i - 1].to > packet.entered) --i;
  for (; i < log_.size(); ++i) {
    const Entry& entry = log_[i];
    const bool other = entry.client >= 0 && entry.client != packet.client;
    const Leaf cause =
        entry.stall ? entry.cause : (other ? Leaf::waiting_arbitration : Leaf::waiting_operand_host_link);
    extend(pieces, cause, std::max(entry.from, packet.entered), std::min(entry.to, to));
  }
  if (pieces.size() <= kMaxPieces) return pieces;
  std::vector<LifeInterval> sums;  // one per cause, in order of first appearance: totals stay exact
  for (const LifeInterval& piece : pieces) {
    const auto same = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.cause == piece.cause; });
    if (same == sums.end()) {
      sums.push_back({piece.cause, 0, piece.to - piece.from});
    } else {
      same->to += piece.to - piece.from;
    }
  }
  Femtoseconds from = packet.entered;
  for (LifeInterval& sum : sums) {
    const Femtoseconds length = sum.to;
    sum.from = from;
    sum.to = from += length;
  }
  return sums;
}

void Wire::prune(Femtoseconds now) {
  Femtoseconds oldest = now;
  for (const std::deque<Packet>* waiting : {&control_, &completions_, &writes_, &reads_}) {
    if (!waiting->empty()) oldest = std::min(oldest, waiting->front().entered);
  }
  while (!log_.empty() && log_.front().to <= oldest) log_.pop_front();
}

void Wire::book(Femtoseconds end) {
  for (const Entry& entry : unbooked_) {
    if (entry.from >= end) break;
    lane_.idle_until(entry.from);
    lane_.busy_until(std::min(entry.to, end), entry.cause);
  }
  unbooked_.clear();
}

void Wire::restart(Femtoseconds t0) {
  lane_.restart(t0);
  unbooked_.clear();
  wire_bytes_ = payload_bytes_ = 0;
}

void Wire::finish(Femtoseconds end) {
  book(end);
  lane_.finish(end);
}

}  // namespace cyclescope::host
