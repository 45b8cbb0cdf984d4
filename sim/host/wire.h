// One direction of a host link: a serial resource on which whole packets go one after the other.
//
// Timing: a free wire starts a waiting control packet, else the packet that entered first (ties by client, tag and
// part) among those that flow control lets go; it is occupied for the packet's wire time. Packets of a class keep their
// order; a read request does not overtake a write; everything else may pass what flow control holds back.
// Causes: a packet's wait is cut along what the wire did meanwhile: packets of another client waiting.arbitration,
// other packets waiting.operand.host_link, a stall what it waited for. The lane: useful.transfer while a request or
// data packet is on the wire, overhead.synchronisation for control packets, waiting.output_space while writes have no
// credits, waiting.operand.host_link while only reads wait (tags, completion buffer), else idle.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/host/link_config.h"
#include "sim/ledger/lane.h"
#include "sim/memory/port.h"

namespace cyclescope::host {

enum class PacketKind : std::uint8_t {
  update,      ///< returns credits; `payload` is the bytes
  ack,         ///< acknowledges packets
  completion,  ///< data of a read
  write,
  read
};

struct Packet {
  Femtoseconds entered = 0;
  std::int32_t client = -1;  ///< -1 for control packets
  std::uint64_t tag = 0;
  std::int32_t part = 0;  ///< of the transaction
  PacketKind kind = PacketKind::ack;
  bool last = false;  ///< of its transaction
  std::int32_t transaction = -1;
  std::uint64_t address = 0;
  std::int64_t payload = 0;  ///< carried; of a read request: asked for
  std::int64_t wire_bytes = 0;

  [[nodiscard]] bool control() const { return kind == PacketKind::update || kind == PacketKind::ack; }
  bool operator<(const Packet& other) const {
    const auto key = [](const Packet& p) { return std::tie(p.entered, p.client, p.tag, p.part, p.kind); };
    return key(*this) < key(other);
  }
};

/// Appends [from, to) to a life, merging equal neighbours.
void extend(std::vector<memory::LifeInterval>& life, ledger::Leaf cause, Femtoseconds from, Femtoseconds to);

class Wire {
 public:
  using MayGo = std::function<bool(const Packet&)>;
  static constexpr std::size_t kMaxPieces = 8;

  Wire(ledger::Ledger& ledger, const std::string& name, const LinkConfig& config)
      : config_(&config), lane_(ledger, name, config.host_clock.period()) {}

  /// A packet waits from packet.entered = now on.
  void enter(const Packet& packet);

  /// What started and when the wire is free again.
  struct Start {
    Packet packet;
    Femtoseconds end = 0;
    std::vector<memory::LifeInterval> wait;  ///< [entered, now)
  };
  /// Starts a packet at now when the wire is free and one may go.
  std::optional<Start> start(Femtoseconds now, const MayGo& may_go);

  [[nodiscard]] ledger::LaneId lane() const { return lane_.id(); }
  [[nodiscard]] std::int64_t wire_bytes() const { return wire_bytes_; }
  [[nodiscard]] std::int64_t payload_bytes() const { return payload_bytes_; }

  void restart(Femtoseconds t0);
  /// Control packets may be on their way when a frame ends: what lies behind `end` is not booked.
  void finish(Femtoseconds end);

 private:
  /// What the wire did: a packet of `client`, or a stall.
  struct Entry {
    Femtoseconds from;
    Femtoseconds to;
    std::int32_t client;
    bool stall;
    ledger::Leaf cause;  ///< on the lane
  };

  std::deque<Packet>& queue(PacketKind kind);
  std::deque<Packet>* pick(const MayGo& may_go);
  void stall(Femtoseconds now);
  void end_stall(Femtoseconds now);
  void log(const Entry& entry);
  [[nodiscard]] std::vector<memory::LifeInterval> cut(const Packet& packet, Femtoseconds to) const;
  void prune(Femtoseconds now);
  void book(Femtoseconds end);

  const LinkConfig* config_;
  ledger::Lane lane_;
  std::deque<Packet> control_;
  std::deque<Packet> completions_;
  std::deque<Packet> writes_;
  std::deque<Packet> reads_;
  Femtoseconds free_at_ = 0;
  bool stalled_ = false;
  Femtoseconds stalled_since_ = 0;
  ledger::Leaf stall_cause_ = ledger::Leaf::unknown;
  std::deque<Entry> log_;        ///< as old as the oldest waiting packet
  std::vector<Entry> unbooked_;  ///< not on the lane yet: control packets since the last other one
  std::int64_t wire_bytes_ = 0;
  std::int64_t payload_bytes_ = 0;
};

}  // namespace cyclescope::host
