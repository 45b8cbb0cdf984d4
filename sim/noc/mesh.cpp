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

void Mesh::lose_credits(const std::string& name, std::int64_t flits) {
  for (LinkId id = 0; id < topology_.links(); ++id) {
    if (topology_.link_name(id) != name) continue;
    link(id).lost_credits += flits;
    link(id).credits.take(flits);
    return;
  }
  throw InternalError("mesh has no link " + name);
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
  flight(index) = {sent, release, clock, clock, tree.root, static_cast<std::int32_t>(flit_count), -1, 0};
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
  ask(first, {clock, root.port, index, root.first_child, flight(index).flits}, clock);
  flight(index).branches = 1;
  arbitrate(first, clock);
}

void Mesh::enqueue(PortId id, std::int32_t index) {
  Port& queue = port(id);
  if (queue.front >= 0) {
    flight(queue.back).next = index;
  } else {
    queue.front = index;
    schedule(std::max(flight(index).arrival, queue.free_at), id, index);
  }
  queue.back = index;
}

void Mesh::step() {
  const std::int64_t clock = kernel::now() / clock_.period();
  next_wake_ = clock;  // the next wake is arranged at the end
  while (events_.next() <= clock) {
    events_.take(due_);
    for (const Event& event : due_) {
      if (event.flight == kLook) {
        wanted_.push_back(event.port);
      } else if (event.port < topology_.links() && link(event.port).ejects_to >= 0) {
        deliver(link(event.port).ejects_to, event.flight);
      } else {
        come_to_front(event.port, event.flight, clock);
      }
    }
    for (const LinkId id : wanted_) arbitrate(id, clock);
    wanted_.clear();
  }
  next_wake_ = events_.next();
  if (next_wake_ != kernel::EventWheel<Event>::kNone) wake_at(clock_.cycles(next_wake_));
}

void Mesh::come_to_front(PortId id, std::int32_t index, std::int64_t clock) {
  Flight& front = flight(index);
  const Port& at = port(id);
  if (at.free_at > front.arrival) front.release = {at.last, clock_.cycles(at.free_at), Reason::resource};
  front.ready = clock;
  const TreeNode& node = topology_.node(front.node);
  front.branches = node.children;
  for (std::int32_t child = node.first_child; child < node.first_child + node.children; ++child) {
    const LinkId wanted = topology_.node(child).port;
    ask(wanted, {front.arrival, id, index, child, front.flits}, clock);
    wanted_.push_back(wanted);
  }
}

void Mesh::ask(LinkId id, const Request& request, std::int64_t clock) {
  Link& way = link(id);
  if (way.requests.empty()) {
    way.wanted_since = clock;
    way.requests.push_back(request);
  } else {
    way.requests.insert(std::upper_bound(way.requests.begin(), way.requests.end(), request), request);
  }
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
  schedule(ready, id, kLook);
}

Release Mesh::last_condition(Link& way, const Request& request) {
  Release release = flight(request.flight).release;
  std::int64_t ready = flight(request.flight).ready;
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
  way.requests.erase(way.requests.begin());
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
  ledger_.count(flit_hop_, request.flits);

  const bool ejects = way.ejects_to >= 0;
  Flight& copy = flight(index);
  copy.packet = from.packet;
  copy.arrival = clock + hop_ + (ejects ? request.flits : 0);  // a sink sees the tail
  copy.release = {crossing, clock_.cycles(copy.arrival), Reason::data};
  copy.node = request.node;
  copy.flits = request.flits;
  copy.next = -1;
  if (ejects) {
    schedule(copy.arrival, id, index);
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
  const std::int64_t flit_count = flight(left).flits;
  from.free_at = clock + flit_count;
  from.last = by;
  from.front = flight(left).next;
  free_flights_.push_back(left);
  if (from.front >= 0) schedule(std::max(flight(from.front).arrival, from.free_at), id, from.front);
  if (id >= topology_.links()) return;
  link(id).credits.give_back(clock + geometry_.credit_latency, flit_count, by);
  if (!link(id).requests.empty()) look_again(id, clock);
}

void Mesh::deliver(Site site, std::int32_t index) {
  const Flight arrived = flight(index);  // the sink may inject, which moves flights
  free_flights_.push_back(index);
  ledger_.received(traffic_, arrived.packet.bytes);
  sinks_[static_cast<std::size_t>(site)]->deliver(site, arrived.packet, arrived.release);
}

void Mesh::check_empty(const char* when) const {
  const std::size_t under_way = flights_.size() - free_flights_.size();
  if (under_way == 0) return;
  LinkId oldest = -1;
  for (LinkId id = 0; id < topology_.links(); ++id) {
    const Link& candidate = links_[static_cast<std::size_t>(id)];
    if (candidate.requests.empty()) continue;
    const bool older =
        oldest < 0 || candidate.requests.front() < links_[static_cast<std::size_t>(oldest)].requests.front();
    if (older) oldest = id;
  }
  throw InternalError(fmt::format("mesh: {} packets are under way when a frame {}; the oldest wants {}", under_way,
                                  when, oldest < 0 ? "no link" : topology_.link_name(oldest)));
}

void Mesh::restart(Femtoseconds t0) {
  check_empty("starts");
  for (Link& each : links_) {
    each.lane.restart(t0);
    each.last = ledger::kOrigin;
    each.credits.reset(geometry_.buffer_flits - each.lost_credits);
  }
  for (Port& each : ports_) each.last = ledger::kOrigin;
}

void Mesh::finish(Femtoseconds end) {
  check_empty("ends");
  for (Link& each : links_) each.lane.finish(end);
}

}  // namespace cyclescope::noc
