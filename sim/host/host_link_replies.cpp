// The way back: replies of the host memory become completions, freed credits and replies to the clients.
#include <algorithm>
#include <utility>

#include "sim/host/host_link.h"

namespace cyclescope::host {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;
using memory::Direction;
using memory::LifeInterval;

namespace {

constexpr Leaf kLink = Leaf::waiting_operand_host_link;

}  // namespace

Release HostLink::record(ledger::LaneId lane, ledger::OperatorIndex op, const LifeInterval* first,
                         const LifeInterval* last, Release release) {
  for (; first != last; ++first) {
    release = {ledger_.record(lane, op, first->cause, first->from, first->to, release), first->to, Reason::data};
  }
  return release;
}

void HostLink::answered(const Answer& answer) {
  const std::int32_t index = answer.packet.transaction;
  Transaction& transaction = transactions_[static_cast<std::size_t>(index)];
  if (answer.complete) {
    transaction.life = answer.life;
    transaction.release = answer.release;
  }
  if (answer.packet.kind == PacketKind::read) {
    ledger_.sent(read_traffic_, answer.bytes);
    make_completions(index, answer.upto);
    return;
  }
  ledger_.received(write_traffic_, answer.bytes);
  if (!answer.complete) return;
  freed(answer.packet);
  if (--transaction.packets_left > 0) return;
  std::vector<LifeInterval> life = std::move(transaction.life);
  const std::size_t known = life.size();
  const Femtoseconds now = kernel::now();
  life.push_back({kLink, now, now + config_.device_latency});
  reply(index, up_.lane(), std::move(life), now + config_.device_latency, known);
}

void HostLink::make_completions(std::int32_t index, std::uint64_t upto) {
  Transaction& transaction = transactions_[static_cast<std::size_t>(index)];
  const auto boundary = static_cast<std::uint64_t>(config_.boundary);
  const std::uint64_t end = transaction.request.address + transaction.request.bytes;
  while (transaction.next_address < end) {
    const std::uint64_t most = transaction.next_address + static_cast<std::uint64_t>(config_.max_payload);
    const std::uint64_t to = std::min(end, most / boundary * boundary);
    if (to > upto) return;
    Packet packet;
    packet.entered = kernel::now() + config_.latency;
    packet.client = transaction.client;
    packet.tag = transaction.request.tag;
    packet.part = transaction.completions++;
    packet.kind = PacketKind::completion;
    packet.last = to == end;
    packet.transaction = index;
    packet.address = transaction.next_address;
    packet.payload = static_cast<std::int64_t>(to - transaction.next_address);
    packet.wire_bytes = packet.payload + config_.completion_overhead;
    transaction.next_address = to;
    schedule(packet.entered, Event::Kind::enter_down, packet);
  }
}

void HostLink::freed(const Packet& packet) {
  --held_;
  ++freed_;
  freed_bytes_ += credits_of(packet.payload);
  if (freed_ < config_.packets_per_update && held_ > 0) return;
  send_control(PacketKind::update, Event::Kind::enter_down, kernel::now() + config_.latency, freed_bytes_);
  freed_ = 0;
  freed_bytes_ = 0;
}

void HostLink::send_control(PacketKind kind, Event::Kind direction, Femtoseconds at, std::int64_t credits) {
  Packet packet;
  packet.entered = at;
  packet.kind = kind;
  packet.payload = credits;
  packet.wire_bytes = kind == PacketKind::ack ? config_.ack_bytes : config_.update_bytes;
  schedule(at, direction, packet);
}

void HostLink::start_down() {
  auto started = down_.start(kernel::now(), [](const Packet&) { return true; });
  if (!started) return;
  const Packet& packet = started->packet;
  book(*started);
  schedule(started->end, Event::Kind::free, {});
  if (packet.kind == PacketKind::ack) return;
  const Femtoseconds back = started->end + config_.device_latency;
  schedule(back, Event::Kind::at_device, packet);
  if (packet.kind != PacketKind::completion || !packet.last) return;
  std::vector<LifeInterval> life = std::move(transactions_[static_cast<std::size_t>(packet.transaction)].life);
  const std::size_t known = life.size();
  life.push_back({kLink, packet.entered - config_.latency, packet.entered});  // what is recorded begins here
  for (const LifeInterval& piece : started->wait) extend(life, piece.cause, piece.from, piece.to);
  extend(life, kLink, kernel::now(), back);
  reply(packet.transaction, down_.lane(), std::move(life), back, known);
}

void HostLink::reply(std::int32_t index, ledger::LaneId lane, std::vector<LifeInterval> life, Femtoseconds back,
                     std::size_t known) {
  Transaction& transaction = transactions_[static_cast<std::size_t>(index)];
  memory::ClientPort& port = *ports_[static_cast<std::size_t>(transaction.client)];
  const Femtoseconds visible = port.clock().edge(back);
  extend(life, Leaf::overhead_clock_crossing, back, visible);
  memory::Reply reply;
  reply.tag = transaction.request.tag;
  reply.activity =
      record(lane, transaction.request.op, life.data() + known, life.data() + life.size(), transaction.release).by;
  reply.life = std::move(life);
  const bool read = transaction.request.direction == Direction::read;
  port.deliver(visible, read ? std::int64_t{transaction.request.bytes} : 0, std::move(reply));
  free_transactions_.push_back(index);
}

void HostLink::arrived(const Packet& packet) {
  if (packet.kind == PacketKind::update) {
    credits_ += packet.payload;
    if (!config_.updates_acknowledged) return;
  } else {
    asked_ -= packet.payload;
    if (packet.last) --tags_used_;
  }
  if (++unacknowledged_down_ % config_.packets_per_ack == 0) {
    send_control(PacketKind::ack, Event::Kind::enter_up, kernel::now(), 0);
  }
}

}  // namespace cyclescope::host
