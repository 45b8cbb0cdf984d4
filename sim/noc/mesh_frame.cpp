// The mesh between frames.
#include <fmt/format.h>

#include "sim/noc/mesh.h"

namespace cyclescope::noc {

void Mesh::lose_credits(const std::string& name, std::int64_t flits) {
  for (LinkId id = 0; id < topology_.links(); ++id) {
    if (topology_.link_name(id) != name) continue;
    link(id).lost_credits += static_cast<std::int32_t>(flits);
    link(id).credits.take(static_cast<std::int32_t>(flits));
    return;
  }
  throw InternalError("mesh has no link " + name);
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
