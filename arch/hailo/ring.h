// The ring between clusters: links of ring_bytes per clock in both directions, ring_hop clocks per hop.
//
// Timing: a message takes the direction with fewer hops, upwards when equal. Its head takes a link when it has come and the
// link is free: links serve in order of arrival, then of the sender's number, then of sending. The link is busy for
// ceil(bytes / ring_bytes) clocks; the head reaches the next cluster ring_hop clocks after it took the link, the tail
// what the message takes on a link, less one clock, later. Nothing holds a message up between links: who sent it had a
// credit for it.
// Causes: waiting.operand.noc. Lanes ring.C.up (to cluster C + 1) and ring.C.down: useful.transfer while a message
// crosses, else idle.
// Actions: ring, byte_hop. Traffic: `ring`, per message.
// Ports: send(); Receiver::arrives.
// Errors: InternalError for a message between a cluster and itself.
#pragma once

#include <array>
#include <queue>
#include <vector>

#include "arch/hailo/chip_context.h"

namespace cyclescope::hailo {

/// The end of a message.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// Row `row`, on its way to the `target`-th cluster of its sender, arrives at by.at > now.
  virtual void arrives(std::size_t target, std::int64_t row, const ledger::Release& by) = 0;
};

struct Message {
  int from = 0, to = 0;  ///< clusters
  int sender = 0;        ///< its number, for messages that come to a link at once
  std::int64_t bytes = 0;
  ledger::OperatorIndex op = -1;
  ledger::Release leaves;  ///< leaves.at: when it comes to the ring
  Receiver* receiver = nullptr;
  std::size_t target = 0;
  std::int64_t row = 0;
};

class Ring : public kernel::Module {
 public:
  explicit Ring(const ChipContext& chip);

  /// Takes a message that its sender knows to leave at leaves.at > now.
  void send(const Message& message);

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);
  /// The fault that tests inject: message number `ordinal` loses a byte; -1: none.
  void drop_byte_of(std::int64_t ordinal) { drop_ = ordinal; }

 protected:
  void step() override;

 private:
  struct Head {
    Femtoseconds at = 0;
    std::uint64_t number = 0;
    int cluster = 0;
    int direction = 0;
    int hops = 0;  ///< to go
    Message message;
    ledger::Release release;                   ///< what brought it here
    bool operator<(const Head& other) const {  // std::priority_queue hands over the largest first
      if (at != other.at) return at > other.at;
      if (message.sender != other.message.sender) return message.sender > other.message.sender;
      return number > other.number;
    }
  };
  struct Link {
    ledger::Lane lane;
    ledger::Release free;
  };

  void take_link(Head head);

  const ChipContext& chip_;
  std::array<std::vector<Link>, 2> links_;  ///< [direction][cluster]
  std::priority_queue<Head> heads_;
  std::uint64_t sent_ = 0;
  std::int64_t drop_ = -1;
};

}  // namespace cyclescope::hailo
