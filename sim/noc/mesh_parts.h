// What a mesh keeps per packet, link and buffer, laid out so that a crossing touches few cache lines.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/ledger/lane.h"
#include "sim/noc/credit_line.h"
#include "sim/noc/topology.h"

namespace cyclescope::noc {

/// One packet. `token` tells the receiver what it belongs to.
struct Packet {
  std::int32_t token = 0;
  std::int32_t bytes = 0;
  std::int64_t offset = 0;  ///< of the payload, for receivers that need it
  ledger::OperatorIndex op = -1;
};

/// A packet copy on its way to a port and in it, or arriving whole at its site.
struct alignas(64) Flight {
  Packet packet;
  std::int64_t since = 0;        ///< clock at which its head arrives; from when it is at the front on, of that
  Femtoseconds released_at = 0;  ///< the release of its start from here, in parts
  ledger::ActivityId released_by = ledger::kOrigin;
  std::int32_t node = 0;
  std::int32_t next = -1;  ///< in the port
  std::int32_t flits = 0;
  std::int16_t branches = 0;  ///< of the front one, not granted yet
  ledger::Reason reason = ledger::Reason::data;

  [[nodiscard]] ledger::Release release() const { return {released_by, released_at, reason}; }
  void set_release(const ledger::Release& release) {
    released_by = release.by;
    released_at = release.at;
    reason = release.reason;
  }
};
static_assert(sizeof(Flight) == 64);

/// The front packet of port `from` wants a link that leads to tree node `node`.
struct Request {
  std::int64_t age = 0;  ///< clock at which its head came to the router
  PortId from = 0;
  std::int32_t flight = 0;
  std::int32_t node = 0;
  std::int32_t flits = 0;
  bool operator<(const Request& other) const { return age != other.age ? age < other.age : from < other.from; }
};

/// Requests for one link in the order of service; mostly there is one.
class Requests {
 public:
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const Request& front() const { return front_; }
  void add(const Request& request) {
    if (count_++ == 0) {
      front_ = request;
    } else if (request < front_) {
      rest_.insert(rest_.begin(), front_);
      front_ = request;
    } else {
      rest_.insert(std::upper_bound(rest_.begin(), rest_.end(), request), request);
    }
  }
  void pop_front() {
    if (--count_ == 0) return;
    front_ = rest_.front();
    rest_.erase(rest_.begin());
  }

 private:
  Request front_;
  std::int32_t count_ = 0;
  std::vector<Request> rest_;
};

struct alignas(64) Link {
  std::int64_t free_at = 0;       ///< clock
  std::int64_t look_at = -1;      ///< clock at which it is looked at again, if any
  std::int64_t wanted_since = 0;  ///< clock at which the first of the requests came
  ledger::ActivityId last = ledger::kOrigin;
  Site ejects_to;  ///< -1: it leads into a buffer
  Requests requests;
  ledger::Lane lane;
  CreditLine credits;
  std::int32_t lost_credits = 0;
  Link(ledger::Ledger& ledger, const std::string& name, Femtoseconds period, Site site)
      : ejects_to(site), lane(ledger, name, period) {}
};

/// An input buffer or injection queue: a list of flights.
struct Port {
  std::int32_t front = -1;
  std::int32_t back = -1;
  std::int64_t free_at = 0;  ///< clock at which the tail before the front packet has left
  ledger::ActivityId last = ledger::kOrigin;
};

/// The flight comes to the front of its port or is delivered; kLook: the link is looked at again. Links order the
/// events of one clock, whatever the order of calls was.
class MeshEvent {
 public:
  static constexpr std::int32_t kLook = -1;
  MeshEvent(PortId port, std::int32_t flight)
      : key_(static_cast<std::uint64_t>(port) << 32 | static_cast<std::uint32_t>(flight + 1)) {}
  [[nodiscard]] PortId port() const { return static_cast<PortId>(key_ >> 32); }
  [[nodiscard]] std::int32_t flight() const { return static_cast<std::int32_t>(key_ & 0xffffffff) - 1; }
  bool operator<(const MeshEvent& other) const { return key_ < other.key_; }

 private:
  std::uint64_t key_;  ///< port, then flight with kLook first
};

}  // namespace cyclescope::noc
