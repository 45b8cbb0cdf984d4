#include "sim/host/host_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::host {

using ledger::Leaf;
using ledger::Release;
using memory::Direction;
using memory::LifeInterval;

namespace {

constexpr Leaf kLink = Leaf::waiting_operand_host_link;

void check(const memory::Memory& link, const memory::Request& request) {
  const auto granule = static_cast<std::uint64_t>(link.granule());
  const std::uint64_t end = request.address + request.bytes;
  const bool fits = request.bytes > 0 && end <= static_cast<std::uint64_t>(link.capacity());
  if (!fits || request.address / granule != (end - 1) / granule) {
    throw InternalError(
        fmt::format("host link request of {} bytes at address {}: within one granule of {} bytes and {} bytes of host "
                    "memory expected",
                    request.bytes, request.address, link.granule(), link.capacity()));
  }
}

}  // namespace

HostLink::HostLink(const std::string& name, const LinkConfig& config, memory::Memory& host, ledger::Ledger& ledger)
    : kernel::Module(name),
      config_(config),
      host_(host),
      ledger_(ledger),
      device_action_(ledger.add_action("host_link", "wire_byte", config.device_attojoules)),
      host_action_(ledger.add_action("host_link_host_side", "wire_byte", config.host_attojoules)),
      read_traffic_(ledger.add_traffic("host.read")),
      write_traffic_(ledger.add_traffic("host.write")),
      up_(ledger, name + ".up", config_),
      down_(ledger, name + ".down", config_),
      host_end_(*this, host, config_, ledger, up_.lane()),
      credits_(config.posted_buffer) {}

memory::Port& HostLink::connect(kernel::Module& client, const std::string& name, const Clock& clock,
                                int max_outstanding) {
  const auto number = static_cast<std::int32_t>(ports_.size());
  ports_.push_back(std::make_unique<memory::ClientPort>(
      client, name, clock, max_outstanding, [this, number](const memory::Request& request) { accept(number, request); },
      [this](std::int64_t bytes) { ledger_.received(read_traffic_, bytes); }));
  return *ports_.back();
}

std::int32_t HostLink::open(std::int32_t client, const memory::Request& request) {
  auto index = static_cast<std::int32_t>(transactions_.size());
  if (free_transactions_.empty()) {
    transactions_.emplace_back();
  } else {
    index = free_transactions_.back();
    free_transactions_.pop_back();
  }
  Transaction& transaction = transactions_[static_cast<std::size_t>(index)];
  transaction = Transaction();
  transaction.client = client;
  transaction.request = request;
  transaction.issued = kernel::now();
  transaction.next_address = request.address;
  return index;
}

void HostLink::accept(std::int32_t client, const memory::Request& request) {
  check(*this, request);
  const std::int32_t index = open(client, request);
  Packet packet;
  packet.entered = kernel::now() + config_.device_latency;
  packet.client = client;
  packet.tag = request.tag;
  packet.transaction = index;
  packet.address = request.address;
  packet.payload = request.bytes;
  packet.last = true;
  if (request.direction == Direction::read) {
    bytes_read_ += request.bytes;
    packet.kind = PacketKind::read;
    packet.wire_bytes = config_.request_bytes;
    schedule(packet.entered, Event::Kind::enter_up, packet);
    return;
  }
  bytes_written_ += request.bytes;
  ledger_.sent(write_traffic_, request.bytes);
  packet.kind = PacketKind::write;
  const std::int64_t bytes = request.bytes;
  for (std::int64_t done = 0; done < bytes; done += packet.payload) {
    packet.address = request.address + static_cast<std::uint64_t>(done);
    packet.payload = std::min(config_.max_payload, bytes - done);
    packet.wire_bytes = packet.payload + config_.write_overhead;
    packet.last = done + packet.payload == bytes;
    schedule(packet.entered, Event::Kind::enter_up, packet);
    ++packet.part;
  }
  transactions_[static_cast<std::size_t>(index)].packets_left = packet.part;
}

void HostLink::schedule(Femtoseconds at, Event::Kind kind, const Packet& packet, std::size_t arrival) {
  events_.push({at, kind, packet, arrival});
  wake_at(at);
}

void HostLink::step() {
  while (auto answer = host_end_.take()) answered(*answer);
  while (!events_.empty() && events_.top().at <= kernel::now()) {
    const Event event = events_.top();
    events_.pop();
    handle(event);
  }
  start_up();
  start_down();
  host_end_.issue();
}

void HostLink::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::enter_up:
      up_.enter(event.packet);
      break;
    case Event::Kind::enter_down:
      down_.enter(event.packet);
      break;
    case Event::Kind::at_host: {
      Arrival& arrival = arriving_[event.arrival];
      held_ += arrival.packet.kind == PacketKind::write ? 1 : 0;
      host_end_.arrive(std::move(arrival));
      free_arriving_.push_back(event.arrival);
      if (++unacknowledged_up_ % config_.packets_per_ack == 0) {
        send_control(PacketKind::ack, Event::Kind::enter_down, kernel::now(), 0);
      }
      break;
    }
    case Event::Kind::at_device:
      arrived(event.packet);
      break;
    case Event::Kind::free:
      break;
  }
}

bool HostLink::may_go(const Packet& packet) const {
  if (packet.kind == PacketKind::write) return credits_of(packet.payload) <= credits_;
  return tags_used_ < config_.tags && asked_ + packet.payload <= config_.completion_buffer;
}

void HostLink::book(const Wire::Start& start) {
  ledger_.count(device_action_, start.packet.wire_bytes);
  ledger_.count(host_action_, start.packet.wire_bytes);
}

void HostLink::start_up() {
  const auto started = up_.start(kernel::now(), [this](const Packet& packet) { return may_go(packet); });
  if (!started) return;
  const Packet& packet = started->packet;
  book(*started);
  schedule(started->end, Event::Kind::free, {});
  if (packet.control()) return;  // acknowledgements free nothing that is modelled
  if (packet.kind == PacketKind::write) {
    credits_ -= credits_of(packet.payload);
  } else {
    ++tags_used_;
    asked_ += packet.payload;
  }
  schedule(started->end + config_.latency, Event::Kind::at_host, packet, on_the_way(*started));
}

std::size_t HostLink::on_the_way(const Wire::Start& start) {
  const Transaction& transaction = transactions_[static_cast<std::size_t>(start.packet.transaction)];
  std::size_t index = arriving_.size();
  if (free_arriving_.empty()) {
    arriving_.emplace_back();
  } else {
    index = free_arriving_.back();
    free_arriving_.pop_back();
  }
  Arrival& arrival = arriving_[index];
  arrival = Arrival();
  arrival.packet = start.packet;
  arrival.role = transaction.request.role;
  arrival.op = transaction.request.op;
  extend(arrival.life, kLink, transaction.issued, start.packet.entered);
  for (const LifeInterval& piece : start.wait) extend(arrival.life, piece.cause, piece.from, piece.to);
  extend(arrival.life, kLink, kernel::now(), start.end + config_.latency);
  Release release = transaction.request.release;
  const Femtoseconds late = transaction.issued - release.at;
  if (late > 0 && late < ports_[static_cast<std::size_t>(transaction.client)]->clock().period()) {
    const LifeInterval crossing{Leaf::overhead_clock_crossing, release.at, transaction.issued};
    release = record(up_.lane(), arrival.op, &crossing, &crossing + 1, release);
  }
  const LifeInterval* first = arrival.life.data();
  arrival.release = record(up_.lane(), arrival.op, first, first + arrival.life.size(), release);
  return index;
}

void HostLink::restart(Femtoseconds t0) {
  up_.restart(t0);
  down_.restart(t0);
  bytes_read_ = bytes_written_ = 0;
}

void HostLink::finish(Femtoseconds end) {
  up_.finish(end);
  down_.finish(end);
}

}  // namespace cyclescope::host
