#include "arch/kpu/sender.h"

namespace cyclescope::kpu {

using ledger::Reason;
using ledger::Release;

const BlockOutput& Sender::output() const {
  const auto op = static_cast<std::size_t>(item_.op);
  const auto tile = static_cast<std::size_t>(chip_.program.ops[op].tile_at[static_cast<std::size_t>(tile_)]);
  return chip_.program.outputs[op][tile][static_cast<std::size_t>(item_.block)];
}

const Segment* Sender::current() const {
  const std::vector<Segment>& segments = output().segments;
  return segment_ < segments.size() ? &segments[segment_] : nullptr;
}

void Sender::begin_item() {
  item_ = in_->pop();
  active_ = true;
  segment_ = 0;
  sent_ = 0;
  done_ = ledger::latest({done_, item_.release});
}

void Sender::end_item() {
  active_ = false;
  if (returned_blocks_ < output().first_staged) return_staging();
  if (queued_) {
    ++blocks_queued_;
  } else {
    block_done(item_.op, done_);
  }
}

void Sender::return_staging() {
  // Now is when its last packet was read or, if it had none, when it came or the sender had done with the one before.
  const Femtoseconds now = kernel::now();
  const Femtoseconds free = now + chip_.clocks(1);
  const ledger::ActivityId credit =
      chip_.ledger.record(lane_.id(), item_.op, ledger::Leaf::useful_transfer, now, free,
                          ledger::latest({item_.release, {read_, read_done_, Reason::data}}));
  while (returned_blocks_ < output().first_staged) returned_(returned_blocks_++, {credit, free, Reason::credit});
}

void Sender::step() {
  while (true) {
    if (!active_) {
      if (!in_->ready()) return;
      begin_item();
    }
    if (reading_) {
      if (queued_ || kernel::now() < read_done_) return;
      inject_packet();
      continue;
    }
    const Segment* segment = current();
    if (segment == nullptr) {
      end_item();
      continue;
    }
    if (segment->local && sent_ == 0) tokens_.add(segment->token, segment->bytes, item_.release);
    if (segment->route < 0) {
      ++segment_;
      continue;
    }
    read_packet();
  }
}

void Sender::read_packet() {
  const Segment& segment = *current();
  const std::int64_t bytes = std::min(chip_.config.packet_bytes, segment.bytes - sent_);
  Release release = item_.release;
  if (read_ != ledger::kOrigin) release = ledger::latest({release, {read_, read_done_, Reason::resource}});
  const L3::Burst burst = l3_.access(L3Client::sender, bytes, lane_.id(), item_.op, release);
  read_done_ = burst.end + chip_.clocks(chip_.config.l3_latency);
  read_ = chip_.ledger.record(lane_.id(), item_.op, ledger::Leaf::waiting_operand_l3, burst.start, read_done_,
                              burst.release);
  wait_until(burst.start, burst.release);
  lane_.busy_until(burst.end, ledger::Leaf::useful_transfer);
  reading_ = true;
  if (!queued_) follow_last();
}

void Sender::follow_last() {
  // At most one packet ahead of the link: this one is handed over when the one before has left.
  if (last_.tail_taken > read_done_) {
    read_done_ = last_.tail_taken;
    read_ = last_.activity;
  }
  wake_at(read_done_);
}

void Sender::inject_packet() {
  const Segment& segment = *current();
  const std::int64_t bytes = std::min(chip_.config.packet_bytes, segment.bytes - sent_);
  noc::Packet packet;
  packet.token = segment.token;
  packet.bytes = static_cast<std::int32_t>(bytes);
  packet.offset = segment.store ? segment.address + sent_ : 0;
  packet.op = item_.op;
  const Copies& copies = (*routes_)[static_cast<std::size_t>(segment.route)];
  const noc::RouteId route = copies[copy_];
  const Release release{read_, read_done_, Reason::data};
  queued_ = true;
  const bool last = ++copy_ == copies.size();
  if (last) {
    copy_ = 0;
    sent_ += bytes;
    reading_ = false;
  }
  mesh_.inject(route, packet, release);  // may be taken at once
  if (!last) return;
  if (sent_ == segment.bytes) {
    ++segment_;
    sent_ = 0;
  }
}

void Sender::injected(noc::Site, const noc::Injection& injection) {
  last_ = injection;
  queued_ = false;
  done_ = ledger::latest({done_, {last_.activity, last_.tail_taken, Reason::data}});
  if (reading_) follow_last();
  for (; blocks_queued_ > 0; --blocks_queued_) block_done(item_.op, done_);
}

void Sender::block_done(std::int32_t op, const Release& release) {
  if (--blocks_left_ == 0) sequencer_.tile_done(tile_, op, release);
}

}  // namespace cyclescope::kpu
