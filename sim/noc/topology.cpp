#include "sim/noc/topology.h"

#include <fmt/format.h>

#include <utility>

#include "sim/base/error.h"

namespace cyclescope::noc {
namespace {

enum Direction { kEast = 0, kWest = 1, kNorth = 2, kSouth = 3 };
constexpr const char* kDirectionName[] = {"e", "w", "n", "s"};

}  // namespace

Topology::Topology(int width, int height, std::vector<Site> edge_routers)
    : width_(width), nodes_(width * height), edge_routers_(std::move(edge_routers)) {
  branch_at_.assign(static_cast<std::size_t>(nodes_), -1);
  neighbour_link_.assign(static_cast<std::size_t>(nodes_) * 4, -1);
  for (Site router = 0; router < nodes_; ++router) {
    const int x = router % width;
    const int y = router / width;
    const bool exists[4] = {x + 1 < width, x > 0, y > 0, y + 1 < height};
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
}

LinkId Topology::add_link(std::string name) {
  link_names_.push_back(std::move(name));
  return static_cast<LinkId>(link_names_.size() - 1);
}

Site Topology::router_of(Site site) const {
  if (site < 0 || site >= sites()) throw InternalError(fmt::format("mesh has no site {}", site));
  return site < nodes_ ? site : edge_routers_[static_cast<std::size_t>(site - nodes_)];
}

LinkId Topology::link_between(Site from, Site to) const {
  const bool same_row = from / width_ == to / width_;  // in one column, a difference of 1 is south
  const int direction = same_row ? (to > from ? kEast : kWest) : (to > from ? kSouth : kNorth);
  return neighbour_link_[static_cast<std::size_t>(from * 4 + direction)];
}

std::int32_t Topology::add_tree(Site source, const std::vector<Site>& destinations) {
  const Site start = router_of(source);
  if (destinations.empty()) throw InternalError(fmt::format("mesh: a route from site {} leads nowhere", source));
  tree_.assign(1, {});
  tree_.front().port = links() + source;
  for (const Site router : reached_) branch_at_[static_cast<std::size_t>(router)] = -1;
  reached_.assign(1, start);
  const auto branch_at = [this](Site router) -> std::int32_t& { return branch_at_[static_cast<std::size_t>(router)]; };
  branch_at(start) = add_branch(0, injection_link_[static_cast<std::size_t>(source)]);
  for (const Site destination : destinations) {
    Site at = start;
    const Site target = router_of(destination);
    while (at != target) {
      const int dx = target % width_ - at % width_;
      const Site next = dx != 0 ? at + (dx > 0 ? 1 : -1) : at + (target > at ? width_ : -width_);
      if (branch_at(next) < 0) {
        branch_at(next) = add_branch(branch_at(at), link_between(at, next));
        reached_.push_back(next);
      }
      at = next;
    }
    add_branch(branch_at(at), ejection_link_[static_cast<std::size_t>(destination)]);
  }
  return flatten();
}

std::int32_t Topology::add_branch(std::int32_t parent, PortId port) {
  const auto place = static_cast<std::int32_t>(tree_.size());
  Branch& above = tree_[static_cast<std::size_t>(parent)];
  (above.children++ == 0 ? above.first : tree_[static_cast<std::size_t>(above.last)].next) = place;
  above.last = place;
  tree_.push_back({port, 0, -1, -1, -1});
  return place;
}

std::int32_t Topology::flatten() {
  const std::size_t root = tree_nodes_.size();
  order_.assign(1, 0);  // breadth first: the children of a node stand side by side
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Branch& branch = tree_[static_cast<std::size_t>(order_[i])];
    tree_nodes_.push_back({branch.port, static_cast<std::int32_t>(root + order_.size()), branch.children});
    for (std::int32_t child = branch.first; child >= 0; child = tree_[static_cast<std::size_t>(child)].next) {
      order_.push_back(child);
    }
  }
  return static_cast<std::int32_t>(root);
}

}  // namespace cyclescope::noc
