#include "sim/noc/mesh.h"

#include <fmt/format.h>

#include <map>

namespace cyclescope::noc {
namespace {

enum Direction { kEast = 0, kWest = 1, kNorth = 2, kSouth = 3 };
constexpr const char* kDirectionName[] = {"e", "w", "n", "s"};

}  // namespace

Mesh::Mesh(const std::string& name, const MeshGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
           std::int64_t attojoules_per_flit_hop)
    : kernel::Module(name),
      geometry_(geometry),
      clock_(clock),
      ledger_(ledger),
      nodes_(geometry.width * geometry.height),
      flit_hop_(ledger.add_action("noc", "flit_hop", attojoules_per_flit_hop)),
      traffic_(ledger.add_traffic("noc")) {
  const auto add_link = [&](const std::string& link_name) {
    links_.emplace_back(ledger_, link_name, clock_.period());
    return static_cast<std::int32_t>(links_.size() - 1);
  };
  neighbour_link_.assign(static_cast<std::size_t>(nodes_) * 4, -1);
  for (Site router = 0; router < nodes_; ++router) {
    const int x = router % geometry_.width;
    const int y = router / geometry_.width;
    const bool exists[4] = {x + 1 < geometry_.width, x > 0, y > 0, y + 1 < geometry_.height};
    for (int direction = 0; direction < 4; ++direction) {
      if (!exists[direction]) continue;
      neighbour_link_[static_cast<std::size_t>(router * 4 + direction)] =
          add_link(fmt::format("link.{}.{}", router, kDirectionName[direction]));
    }
  }
  for (Site site = 0; site < sites(); ++site) {
    injection_link_.push_back(add_link(fmt::format("link.{}.in", site)));
    ejection_link_.push_back(add_link(fmt::format("link.{}.out", site)));
  }
  sinks_.assign(static_cast<std::size_t>(sites()), nullptr);
}

Site Mesh::router_of(Site site) const {
  if (site < 0 || site >= sites()) throw InternalError(fmt::format("mesh has no site {}", site));
  return site < nodes_ ? site : geometry_.edge_routers[static_cast<std::size_t>(site - nodes_)];
}

std::int32_t Mesh::link_between(Site from, Site to) const {
  const bool same_row = from / geometry_.width == to / geometry_.width;  // in one column, a difference of 1 is south
  const int direction = same_row ? (to > from ? kEast : kWest) : (to > from ? kSouth : kNorth);
  return neighbour_link_[static_cast<std::size_t>(from * 4 + direction)];
}

void Mesh::set_sink(Site site, Sink& sink) {
  (void)router_of(site);  // throws when there is no such site
  sinks_[static_cast<std::size_t>(site)] = &sink;
}

RouteId Mesh::add_route(Site source, const std::vector<Site>& destinations) {
  std::vector<Branch> tree{{injection_link_[static_cast<std::size_t>(source)], -1, {}}};
  std::map<Site, std::size_t> branch_at{{router_of(source), 0}};  // router -> branch whose link leads there
  for (const Site destination : destinations) {
    Site at = router_of(source);
    const Site target = router_of(destination);
    while (at != target) {
      const int dx = target % geometry_.width - at % geometry_.width;
      const Site next = dx != 0 ? at + (dx > 0 ? 1 : -1) : at + (target > at ? geometry_.width : -geometry_.width);
      if (branch_at.find(next) == branch_at.end()) {
        tree[branch_at[at]].children.push_back(tree.size());
        branch_at[next] = tree.size();
        tree.push_back({link_between(at, next), -1, {}});
      }
      at = next;
    }
    tree[branch_at[at]].children.push_back(tree.size());
    tree.push_back({ejection_link_[static_cast<std::size_t>(destination)], destination, {}});
  }
  routes_.push_back({flatten(tree), static_cast<std::int64_t>(destinations.size())});
  return static_cast<RouteId>(routes_.size() - 1);
}

std::int32_t Mesh::flatten(const std::vector<Branch>& tree) {
  const std::size_t root = nodes_of_routes_.size();
  std::vector<std::size_t> order{0};  // breadth first: the children of a node stand side by side
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Branch& branch = tree[order[i]];
    nodes_of_routes_.push_back({branch.link, branch.deliver_at, static_cast<std::int32_t>(root + order.size()),
                                static_cast<std::int32_t>(branch.children.size())});
    order.insert(order.end(), branch.children.begin(), branch.children.end());
  }
  return static_cast<std::int32_t>(root);
}

ledger::Release Mesh::traverse(const Packet& packet, std::int32_t link_index, const ledger::Release& arrival,
                               Femtoseconds& start) {
  Link& link = links_[static_cast<std::size_t>(link_index)];
  const std::int64_t flit_count = flits(packet.bytes);
  ledger::Release release = arrival;
  start = kernel::now();
  if (link.free_at > start) {
    start = link.free_at;
    release = {link.last, start, ledger::Reason::resource};
  }
  link.free_at = start + clock_.cycles(flit_count);
  const Femtoseconds hop = clock_.cycles(geometry_.hop_cycles);
  link.last =
      ledger_.record(link.lane.id(), packet.op, ledger::Leaf::waiting_operand_noc, start, link.free_at + hop, release);
  link.lane.idle_until(start);
  link.lane.busy_until(link.free_at, ledger::Leaf::useful_transfer);
  ledger_.count(flit_hop_, flit_count);
  return {link.last, start + hop, ledger::Reason::data};
}

void Mesh::schedule(Femtoseconds at, std::int32_t link, const Flight& flight) {
  std::int32_t index = 0;
  if (free_flights_.empty()) {
    index = static_cast<std::int32_t>(flights_.size());
    flights_.push_back(flight);
  } else {
    index = free_flights_.back();
    free_flights_.pop_back();
    flights_[static_cast<std::size_t>(index)] = flight;
  }
  events_.push(at / clock_.period(), {link, index});
  if (at < next_wake_) {
    next_wake_ = at;
    wake_at(at);
  }
}

Injection Mesh::inject(RouteId route, const Packet& packet, const ledger::Release& release) {
  if (kernel::now() % clock_.period() != 0) throw InternalError("a packet is injected between two clocks of the mesh");
  const Route& tree = routes_[static_cast<std::size_t>(route)];
  ledger_.sent(traffic_, packet.bytes, tree.copies);
  Flight flight{tree.root, false, packet, release};
  const std::int32_t link = node_of(flight).link;
  Femtoseconds start = 0;
  flight.release = traverse(packet, link, release, start);
  if (injected_++ == drop_byte_of_) --flight.packet.bytes;
  schedule(flight.release.at, link, flight);
  return {start + clock_.cycles(flits(packet.bytes)), links_[static_cast<std::size_t>(link)].last};
}

void Mesh::step() {
  next_wake_ = kNever;
  while (events_.next() <= kernel::now() / clock_.period()) {
    events_.take(due_);
    for (const Event& event : due_) {
      const Flight flight = flights_[static_cast<std::size_t>(event.flight)];
      free_flights_.push_back(event.flight);
      if (!flight.delivery) {
        forward(flight);
        continue;
      }
      ledger_.received(traffic_, flight.packet.bytes);
      const Site site = node_of(flight).deliver_at;
      sinks_[static_cast<std::size_t>(site)]->deliver(site, flight.packet, flight.release);
    }
  }
  if (events_.next() == kernel::EventWheel<Event>::kNone) return;
  const Femtoseconds next = clock_.cycles(events_.next());
  if (next < next_wake_) {
    next_wake_ = next;
    wake_at(next);
  }
}

void Mesh::forward(const Flight& flight) {
  const TreeNode node = node_of(flight);
  Flight next = flight;
  for (next.node = node.first_child; next.node < node.first_child + node.children; ++next.node) {
    const TreeNode child = node_of(next);
    Femtoseconds start = 0;
    next.release = traverse(flight.packet, child.link, flight.release, start);
    next.delivery = child.deliver_at >= 0;
    if (next.delivery) next.release.at += clock_.cycles(flits(flight.packet.bytes));  // the tail follows the head
    schedule(next.release.at, child.link, next);
  }
}

void Mesh::restart(Femtoseconds t0) {
  for (Link& link : links_) {
    link.lane.restart(t0);
    link.last = ledger::kOrigin;
  }
}

void Mesh::finish(Femtoseconds end) {
  for (Link& link : links_) link.lane.finish(end);
}

}  // namespace cyclescope::noc
