// A 2-D mesh of routers with XY routes and tree multicast.
//
// Timing: a packet of f flits (one header flit and ceil(bytes / flit)) occupies every link of its route for f clocks;
// its head appears at the next router `hop_cycles` clocks (router + link) after it was granted the link, and may go on
// while the tail is still behind (virtual cut-through). Links are granted in order of arrival; ties go by the number of
// the link on which the packet came. A multicast packet crosses every link of its XY tree once. Delivery is when the
// tail has left the ejection link.
// Causes: links are in useful.transfer or idle; waiting for a packet is waiting.operand.noc.
// Actions: one `flit_hop` per flit and link.
// Ports: inject() at a site, Sink::deliver() at a site. Sites 0..width*height-1 are the mesh nodes in row-major order,
// further sites are edge devices attached to a router by links of their own.
// Errors: an unknown site is an InternalError.
// Not modelled: finite router buffers and virtual channels (queues at routers are unbounded).
// Source: flit width and mesh sizes from the catalogue of the SKU; router 1 clock + link 1 clock assumed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/event_wheel.h"
#include "sim/kernel/module.h"
#include "sim/ledger/lane.h"

namespace cyclescope::noc {

using Site = std::int32_t;
using RouteId = std::int32_t;

struct MeshGeometry {
  int width = 0;
  int height = 0;
  int flit_bytes = 16;
  int hop_cycles = 2;
  std::vector<Site> edge_routers;  ///< router to which each edge device is attached
};

/// One packet. `token` tells the receiver what it belongs to.
struct Packet {
  std::int32_t token = 0;
  std::int32_t bytes = 0;
  std::int64_t offset = 0;  ///< of the payload, for receivers that need it
  ledger::OperatorIndex op = -1;
};

class Sink {
 public:
  virtual ~Sink() = default;
  /// The whole packet has arrived at `site` (called at that instant).
  virtual void deliver(Site site, const Packet& packet, const ledger::Release& by) = 0;
};

/// What inject() tells the sender: when its injection link has taken the tail.
struct Injection {
  Femtoseconds tail_taken = 0;
  ledger::ActivityId activity = ledger::kOrigin;
};

class Mesh : public kernel::Module {
 public:
  Mesh(const std::string& name, const MeshGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
       std::int64_t attojoules_per_flit_hop);

  /// Prepares the XY tree from `source` to `destinations` (distinct sites). Reuse the id for all packets of that kind.
  RouteId add_route(Site source, const std::vector<Site>& destinations);

  void set_sink(Site site, Sink& sink);

  /// Hands a packet to the injection link of the route's source now, at an edge of the mesh's clock.
  Injection inject(RouteId route, const Packet& packet, const ledger::Release& release);

  /// A fault for tests: the packet injected as number `ordinal` (from 0) arrives one byte short; negative: none.
  void drop_byte_of(std::int64_t ordinal) { drop_byte_of_ = ordinal; }

  [[nodiscard]] std::int64_t flits(std::int64_t bytes) const { return 1 + ceil_div(bytes, geometry_.flit_bytes); }
  [[nodiscard]] int sites() const { return nodes_ + static_cast<int>(geometry_.edge_routers.size()); }

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

 protected:
  void step() override;

 private:
  struct Link {
    ledger::Lane lane;
    Femtoseconds free_at = 0;
    ledger::ActivityId last = ledger::kOrigin;
    Link(ledger::Ledger& ledger, const std::string& name, Femtoseconds period) : lane(ledger, name, period) {}
  };
  /// One router or destination of a multicast tree. The trees of all routes lie in one array, children side by side.
  struct TreeNode {
    std::int32_t link = 0;  ///< link that leads into this node
    Site deliver_at = -1;   ///< site behind an ejection link, else -1
    std::int32_t first_child = 0;
    std::int32_t children = 0;
  };
  /// A node while its tree is being built.
  struct Branch {
    std::int32_t link = 0;
    Site deliver_at = -1;
    std::vector<std::size_t> children;
  };
  struct Route {
    std::int32_t root = 0;  ///< node that hangs on the injection link
    std::int64_t copies = 0;
  };
  /// A packet copy on its way: at a router, or arriving whole at its site.
  struct Flight {
    std::int32_t node = 0;
    bool delivery = false;
    Packet packet;
    ledger::Release release;
  };
  /// A flight arrives by a link: the link orders those of one clock, whatever the order of calls was.
  struct Event {
    std::int32_t link = 0;
    std::int32_t flight = 0;
    bool operator<(const Event& other) const { return link < other.link; }
  };

  [[nodiscard]] Site router_of(Site site) const;
  [[nodiscard]] const TreeNode& node_of(const Flight& flight) const {
    return nodes_of_routes_[static_cast<std::size_t>(flight.node)];
  }
  std::int32_t link_between(Site from, Site to) const;
  ledger::Release traverse(const Packet& packet, std::int32_t link, const ledger::Release& arrival,
                           Femtoseconds& start);
  void schedule(Femtoseconds at, std::int32_t link, const Flight& flight);
  void forward(const Flight& flight);
  /// Appends a tree to nodes_of_routes_; returns the place of its root.
  std::int32_t flatten(const std::vector<Branch>& tree);

  MeshGeometry geometry_;
  Clock clock_;
  ledger::Ledger& ledger_;
  int nodes_;
  std::size_t flit_hop_;
  std::size_t traffic_;
  std::vector<Link> links_;
  std::vector<std::int32_t> neighbour_link_;  ///< [router * 4 + direction]
  std::vector<std::int32_t> injection_link_;  ///< per site
  std::vector<std::int32_t> ejection_link_;   ///< per site
  std::vector<Route> routes_;
  std::vector<TreeNode> nodes_of_routes_;
  std::vector<Sink*> sinks_;
  std::int64_t injected_ = 0;
  std::int64_t drop_byte_of_ = -1;
  kernel::EventWheel<Event> events_;
  std::vector<Event> due_;
  std::vector<Flight> flights_;
  std::vector<std::int32_t> free_flights_;
  Femtoseconds next_wake_ = kNever;
};

}  // namespace cyclescope::noc
