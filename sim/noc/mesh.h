// A 2-D mesh of routers: XY routes, tree multicast, finite input buffers with credits.
//
// Timing: a packet of f flits (one header flit and ceil(bytes / flit)) crosses a link in f clocks; its head is at the
// next router `router_latency + link_latency` clocks after it was granted the link and may go on while the tail is
// still behind (virtual cut-through). Every link but an ejection link leads into a first-in first-out buffer of
// `buffer_flits`, of which only the packet at the front is served, until the tail of its last branch has left. A link
// is granted, when it is free, to the front packet that wants it and whose head came to its router first (ties: the
// lower incoming link), once the buffer behind it has credits for the whole packet. A flit that leaves a buffer at a
// clock gives the link before it a credit that can be used `credit_latency` clocks later. A multicast packet crosses
// every link of its XY tree once; at a fork each branch is granted on its own, and a flit has left when the last branch
// has read it. Delivery is when the tail has left the ejection link; sinks accept every packet.
// Deadlock: none. A packet in a buffer waits only for links that come later in the order injection, X, Y, ejection
// (along X and Y in its direction), for buffers at their ends and for packets before it in its own. A buffer holds a
// whole packet, so a granted packet leaves its buffer without further conditions. Ejection waits for nothing: buffers
// empty from the end of the order on.
// Causes: a link is in useful.transfer while flits cross, in waiting.output_space while a packet wants it, it is free
// and credits are missing, else idle. Activities are waiting.operand.noc, released by the arrival of the head (data),
// the packet before it on the link or in its buffer (resource), or the crossing that freed space (credit).
// Actions: one `flit_hop` per flit and link.
// Ports: inject() at a site and Source::injected(), Sink::deliver() at a site.
// Errors: an unknown site, a packet larger than a buffer, a packet injected between two clocks, and packets under way
// at the end or start of a frame are InternalErrors.
// Not modelled: virtual channels, sinks that are not ready. A frame starts with all credits back.
// Source: flit width and mesh sizes from the catalogue of the SKU; buffers and latencies assumed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/event_wheel.h"
#include "sim/kernel/module.h"
#include "sim/noc/mesh_parts.h"

namespace cyclescope::noc {

using RouteId = std::int32_t;

struct MeshGeometry {
  int width = 0;
  int height = 0;
  int flit_bytes = 16;
  int router_latency = 1;          ///< clocks
  int link_latency = 1;            ///< clocks
  int buffer_flits = 34;           ///< per input port
  int credit_latency = 1;          ///< clocks
  std::vector<Site> edge_routers;  ///< router to which each edge device is attached

  /// Flits of a packet with this payload: a header and the payload, rounded up.
  [[nodiscard]] std::int64_t flits(std::int64_t bytes) const { return 1 + ceil_div(bytes, flit_bytes); }
};

class Sink {
 public:
  virtual ~Sink() = default;
  /// The whole packet has arrived at `site` (called at that instant).
  virtual void deliver(Site site, const Packet& packet, const ledger::Release& by) = 0;
};

/// When the injection link takes the tail of a packet, and the crossing that does.
struct Injection {
  Femtoseconds tail_taken = 0;
  ledger::ActivityId activity = ledger::kOrigin;
};

class Source {
 public:
  virtual ~Source() = default;
  /// The injection link of `site` was granted to its next packet now, so `injection` (later than now) is certain.
  /// Called once per packet, in the order of injection, before inject() returns when the link was free.
  virtual void injected(Site site, const Injection& injection) = 0;
};

class Mesh : public kernel::Module {
 public:
  Mesh(const std::string& name, const MeshGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
       std::int64_t attojoules_per_flit_hop);

  /// Prepares the XY tree from `source` to `destinations` (distinct sites). Reuse the id for all packets of that kind.
  RouteId add_route(Site source, const std::vector<Site>& destinations);

  void set_sink(Site site, Sink& sink);
  void set_source(Site site, Source& source);

  /// Puts a packet into the injection queue (unbounded) of the route's source now, at an edge of the mesh's clock.
  void inject(RouteId route, const Packet& packet, const ledger::Release& release);

  /// A fault for tests: the packet injected as number `ordinal` (from 0) arrives one byte short; negative: none.
  void drop_byte_of(std::int64_t ordinal) { drop_byte_of_ = ordinal; }
  /// A fault for tests: `flits` credits of the link of this name are lost for good.
  void lose_credits(const std::string& link, std::int64_t flits);

  [[nodiscard]] std::int64_t flits(std::int64_t bytes) const { return geometry_.flits(bytes); }
  [[nodiscard]] int sites() const { return topology_.sites(); }

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

 protected:
  void step() override;

 private:
  [[nodiscard]] Link& link(LinkId id) { return links_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] Port& port(PortId id) { return ports_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] Flight& flight(std::int32_t index) { return flights_[static_cast<std::size_t>(index)]; }
  std::int32_t add_flight();
  void schedule(std::int64_t clock, PortId port, std::int32_t flight);
  /// Fetches what the events after number `next` of the due ones will touch.
  void prefetch(std::size_t next) const;
  /// The flight goes to the end of the port's list.
  void enqueue(PortId id, std::int32_t index);
  /// The flight is at the front of its port and its head is there: it asks for its links.
  void come_to_front(PortId id, std::int32_t index, std::int64_t clock);
  void ask(LinkId id, const Request& request, std::int64_t clock);
  /// Grants the link if it can be granted now, else arranges to look again when that is known.
  void arbitrate(LinkId id, std::int64_t clock);
  void look_again(LinkId id, std::int64_t clock);
  /// What the grant was waiting for last; takes the credits.
  ledger::Release last_condition(Link& way, const Request& request);
  void grant(LinkId id, std::int64_t clock);
  /// The last branch of the port's front packet was granted now.
  void vacate(PortId id, std::int64_t clock, ledger::ActivityId by);
  void deliver(Site site, std::int32_t index);
  void check_empty(const char* when) const;

  MeshGeometry geometry_;
  Topology topology_;
  Clock clock_;
  ledger::Ledger& ledger_;
  std::int64_t hop_;
  Femtoseconds afterwards_;  ///< a crossing lives until its tail has arrived and its credits are back
  std::size_t flit_hop_;
  std::size_t traffic_;
  std::vector<Link> links_;
  std::vector<Port> ports_;
  std::vector<Sink*> sinks_;
  std::vector<Source*> sources_;
  struct Route {
    std::int32_t root = 0;  ///< its injection queue
    std::int64_t copies = 0;
  };
  std::vector<Route> routes_;
  std::int64_t injected_ = 0;
  std::int64_t drop_byte_of_ = -1;
  kernel::EventWheel<MeshEvent> events_;
  std::vector<MeshEvent> due_;
  std::vector<LinkId> wanted_;  ///< links asked for at this clock
  std::vector<Flight> flights_;
  std::vector<std::int32_t> free_flights_;
  std::int64_t next_wake_ = kernel::EventWheel<MeshEvent>::kNone;
};

}  // namespace cyclescope::noc
