#include "sim/noc/mesh.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::noc {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Mesh::Mesh(const std::string& name, const MeshGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
           std::int64_t attojoules_per_flit_hop)
    : kernel::Module(name),
      geometry_(geometry),
      topology_(geometry.width, geometry.height, geometry.edge_routers),
      clock_(clock),
      ledger_(ledger),
      hop_(geometry.router_latency + geometry.link_latency),
      afterwards_(clock.cycles(std::max<std::int64_t>(hop_, geometry.credit_latency))),
      flit_hop_(ledger.add_action("noc", "flit_hop", attojoules_per_flit_hop)),
      traffic_(ledger.add_traffic("noc")) {
  if (hop_ < 1 || geometry.credit_latency < 1) throw InternalError("mesh without latency");
  links_.reserve(static_cast<std::size_t>(topology_.links()));
  for (LinkId id = 0; id < topology_.links(); ++id) {
    links_.emplace_back(ledger_, topology_.link_name(id), clock_.period(), topology_.ejects_to(id));
    links_.back().credits.reset(geometry_.buffer_flits);
  }
  ports_.resize(static_cast<std::size_t>(topology_.ports()));
  sinks_.assign(static_cast<std::size_t>(sites()), nullptr);
  sources_.assign(static_cast<std::size_t>(sites()), nullptr);
}

void Mesh::set_sink(Site site, Sink& sink) {
  (void)topology_.router_of(site);  // throws when there is no such site
  sinks_[static_cast<std::size_t>(site)] = &sink;
}

void Mesh::set_source(Site site, Source& source) {
  (void)topology_.router_of(site);
  sources_[static_cast<std::size_t>(site)] = &source;
}

RouteId Mesh::add_route(Site source, const std::vector<Site>& destinations) {
  routes_.push_back({topology_.add_tree(source, destinations), static_cast<std::int64_t>(destinations.size())});
  return static_cast<RouteId>(routes_.size() - 1);
}

std::int32_t Mesh::add_flight() {
  if (free_flights_.empty()) {
    flights_.emplace_back();
    return static_cast<std::int32_t>(flights_.size() - 1);
  }
  const std::int32_t index = free_flights_.back();
  free_flights_.pop_back();
  return index;
}

void Mesh::schedule(std::int64_t clock, PortId port, std::int32_t flight) {
  events_.push(clock, {port, flight});
  if (clock < next_wake_) {
    next_wake_ = clock;
    wake_at(clock_.cycles(clock));
  }
}

void Mesh::inject(RouteId route, const Packet& packet, const Release& release) {
  const std::int64_t clock = kernel::now() / clock_.period();
  if (clock_.cycles(clock) != kernel::now()) {
    throw InternalError("a packet is injected between two clocks of the mesh");
  }
  const std::int64_t flit_count = flits(packet.bytes);
  if (flit_count > geometry_.buffer_flits) {
    throw InternalError(fmt::format("a packet of {} flits does not fit a buffer of the mesh", flit_count));
  }
  const Route& tree = routes_[static_cast<std::size_t>(route)];
  ledger_.sent(traffic_, packet.bytes, tree.copies);
  const std::int32_t index = add_flight();
  Packet sent = packet;
  if (injected_++ == drop_byte_of_) --sent.bytes;
  Flight& queued = flight(index);
  queued.packet = sent;
  queued.since = clock;
  queued.set_release(release);
  queued.node = tree.root;
  queued.next = -1;
  queued.flits = static_cast<std::int32_t>(flit_count);
  const TreeNode& root = topology_.node(tree.root);
  Port& queue = port(root.port);
  if (queue.front >= 0 || queue.free_at > clock) {
    enqueue(root.port, index);
    return;
  }
  // Only this queue feeds the link, and credits that can be used now were given back at earlier clocks: what else
  // happens at this instant does not matter.
  queue.front = queue.back = index;
  const LinkId first = topology_.node(root.first_child).port;
  queued.branches = 1;
  ask(first, {clock, root.port, index, root.first_child, queued.flits}, clock);
  arbitrate(first, clock);
}

void Mesh::enqueue(PortId id, std::int32_t index) {
  Port& queue = port(id);
  if (queue.front >= 0) {
    flight(queue.back).next = index;
  } else {
    queue.front = index;
    schedule(std::max(flight(index).since, queue.free_at), id, index);
  }
  queue.back = index;
}

void Mesh::step() {
  const std::int64_t clock = kernel::now() / clock_.period();
  next_wake_ = clock;  // the next wake is arranged at the end
  while (events_.next() <= clock) {
    events_.take(due_);
    for (std::size_t i = 0; i < due_.size(); ++i) {
      prefetch(i);
      const PortId at = due_[i].port();
      const std::int32_t index = due_[i].flight();
      if (index == MeshEvent::kLook) {
        wanted_.push_back(at);
      } else if (at < topology_.links() && link(at).ejects_to >= 0) {
        deliver(link(at).ejects_to, index);
      } else {
        come_to_front(at, index, clock);
      }
    }
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      constexpr std::size_t kStep = 2;
      if (i + kStep < wanted_.size()) ledger_.prefetch(link(wanted_[i + kStep]).lane.id());
      arbitrate(wanted_[i], clock);
    }
    wanted_.clear();
  }
  next_wake_ = events_.next();
  if (next_wake_ != kernel::EventWheel<MeshEvent>::kNone) wake_at(clock_.cycles(next_wake_));
}

void Mesh::prefetch(std::size_t next) const {
  // Three events on the way: the flight and its port, then its place in the tree, then the first link it wants.
  constexpr std::size_t kStep = 3;
  const auto flight_of = [this](std::size_t i) -> const Flight& {
    return flights_[static_cast<std::size_t>(std::max(due_[i].flight(), 0))];
  };
  if (next + 3 * kStep < due_.size()) {
    __builtin_prefetch(&flight_of(next + 3 * kStep));
    __builtin_prefetch(&ports_[static_cast<std::size_t>(due_[next + 3 * kStep].port())]);
    if (due_[next + 3 * kStep].port() < topology_.links()) {
      __builtin_prefetch(&links_[static_cast<std::size_t>(due_[next + 3 * kStep].port())]);
    }
  }
  if (next + 2 * kStep < due_.size()) __builtin_prefetch(&topology_.node(flight_of(next + 2 * kStep).node));
  if (next + kStep < due_.size()) {
    const TreeNode& node = topology_.node(flight_of(next + kStep).node);
    if (node.children == 0) return;
    const auto* wanted =
        reinterpret_cast<const char*>(&links_[static_cast<std::size_t>(topology_.node(node.first_child).port)]);
    for (std::size_t line = 0; line < 3; ++line) __builtin_prefetch(wanted + 64 * line);
  }
}

void Mesh::come_to_front(PortId id, std::int32_t index, std::int64_t clock) {
  Flight& front = flight(index);
  const Port& at = port(id);
  const std::int64_t arrival = front.since;
  if (at.free_at > arrival) front.set_release({at.last, clock_.cycles(at.free_at), Reason::resource});
  front.since = clock;
  const TreeNode& node = topology_.node(front.node);
  front.branches = static_cast<std::int16_t>(node.children);
  for (std::int32_t child = node.first_child; child < node.first_child + node.children; ++child) {
    const LinkId wanted = topology_.node(child).port;
    ask(wanted, {arrival, id, index, child, front.flits}, clock);
    wanted_.push_back(wanted);
  }
}

void Mesh::ask(LinkId id, const Request& request, std::int64_t clock) {
  Link& way = link(id);
  if (way.requests.empty()) way.wanted_since = clock;
  way.requests.add(request);
}

void Mesh::arbitrate(LinkId id, std::int64_t clock) {
  Link& way = link(id);
  if (way.requests.empty()) return;
  if (way.free_at > clock || (way.ejects_to < 0 && way.credits.clock_of(way.requests.front().flits) > clock)) {
    look_again(id, clock);
  } else {
    grant(id, clock);
  }
}

void Mesh::look_again(LinkId id, std::int64_t clock) {
  Link& way = link(id);
  std::int64_t ready = way.free_at;
  if (way.ejects_to < 0) ready = std::max(ready, way.credits.clock_of(way.requests.front().flits));
  if (ready == CreditLine::kUnknown) return;           // until a packet leaves the buffer
  if (ready <= clock || ready == way.look_at) return;  // it is among the wanted ones of this clock, or arranged
  way.look_at = ready;
  schedule(ready, id, MeshEvent::kLook);
}

Release Mesh::last_condition(Link& way, const Request& request) {
  Release release = flight(request.flight).release();
  std::int64_t ready = flight(request.flight).since;
  const auto require = [&](std::int64_t at, ledger::ActivityId by, Reason reason) {
    if (at < ready) return;
    release = ledger::latest({release, {by, clock_.cycles(at), reason}});
    ready = at;
  };
  require(way.free_at, way.last, Reason::resource);
  if (way.ejects_to < 0) {
    const CreditLine::Credit credit = way.credits.take(request.flits);
    require(credit.clock, credit.by, Reason::credit);
  }
  return release;
}

void Mesh::grant(LinkId id, std::int64_t clock) {
  Link& way = link(id);
  const Request request = way.requests.front();
  way.requests.pop_front();
  const std::int32_t index = add_flight();
  Flight& from = flight(request.flight);
  const Release release = last_condition(way, request);
  const Femtoseconds start = clock_.cycles(clock);
  way.free_at = clock + request.flits;
  const Femtoseconds end = clock_.cycles(way.free_at);
  const ledger::ActivityId crossing =
      ledger_.record(way.lane.id(), from.packet.op, Leaf::waiting_operand_noc, start, end + afterwards_, release);
  way.last = crossing;
  way.lane.idle_until(clock_.cycles(way.wanted_since));
  way.lane.busy_until(start, Leaf::waiting_output_space);
  way.lane.busy_until(end, Leaf::useful_transfer);
  ledger_.count(flit_hop_, request.flits, from.packet.op);

  const bool ejects = way.ejects_to >= 0;
  Flight& copy = flight(index);
  copy.packet = from.packet;
  copy.since = clock + hop_ + (ejects ? request.flits : 0);  // a sink sees the tail
  copy.set_release({crossing, clock_.cycles(copy.since), Reason::data});
  copy.node = request.node;
  copy.flits = request.flits;
  copy.next = -1;
  if (ejects) {
    schedule(copy.since, id, index);
  } else {
    enqueue(id, index);
  }
  if (!way.requests.empty()) look_again(id, clock);
  if (--from.branches > 0) return;
  vacate(request.from, clock, crossing);
  if (request.from < topology_.links()) return;
  const Site site = request.from - topology_.links();
  Source* source = sources_[static_cast<std::size_t>(site)];
  if (source != nullptr) source->injected(site, {end, crossing});
}

void Mesh::vacate(PortId id, std::int64_t clock, ledger::ActivityId by) {
  Port& from = port(id);
  const std::int32_t left = from.front;
  const std::int32_t flit_count = flight(left).flits;
  from.free_at = clock + flit_count;
  from.last = by;
  from.front = flight(left).next;
  free_flights_.push_back(left);
  if (from.front >= 0) schedule(std::max(flight(from.front).since, from.free_at), id, from.front);
  if (id >= topology_.links()) return;
  link(id).credits.give_back(clock + geometry_.credit_latency, flit_count, by);
  if (!link(id).requests.empty()) look_again(id, clock);
}

void Mesh::deliver(Site site, std::int32_t index) {
  const Flight arrived = flight(index);  // the sink may inject, which moves flights
  free_flights_.push_back(index);
  ledger_.received(traffic_, arrived.packet.bytes);
  sinks_[static_cast<std::size_t>(site)]->deliver(site, arrived.packet, arrived.release());
}

}  // namespace cyclescope::noc
