// Routers, sites and links of a 2-D mesh, and the XY trees by which packets cross it.
//
// Sites 0..width*height-1 are the mesh nodes in row-major order; further sites are edge devices attached to a router by
// links of their own. Links are numbered router by router (east, west, north, south), then site by site (injection,
// ejection). Where a packet can wait there is a port: port l of a link l is the input buffer it leads into, port
// links() + s the injection queue of site s.
// Errors: an unknown site and a route without destination are InternalErrors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cyclescope::noc {

using Site = std::int32_t;
using LinkId = std::int32_t;
using PortId = std::int32_t;

/// One port or destination of a tree. The trees of all routes lie in one array, children side by side.
struct TreeNode {
  PortId port = 0;  ///< where the packet waits; the link of that number leads into this node
  std::int32_t first_child = 0;
  std::int32_t children = 0;
};

class Topology {
 public:
  /// `edge_routers`: the router to which each edge device is attached.
  Topology(int width, int height, std::vector<Site> edge_routers);

  [[nodiscard]] int sites() const { return nodes_ + static_cast<int>(edge_routers_.size()); }
  [[nodiscard]] int links() const { return static_cast<int>(link_names_.size()); }
  [[nodiscard]] int ports() const { return links() + sites(); }
  [[nodiscard]] const std::string& link_name(LinkId link) const { return link_names_[static_cast<std::size_t>(link)]; }
  /// The site to which an ejection link leads, -1 for other links.
  [[nodiscard]] Site ejects_to(LinkId link) const {
    const LinkId first = links() - 2 * sites();  // two links per site
    return link >= first && (link - first) % 2 == 1 ? (link - first) / 2 : -1;
  }
  [[nodiscard]] Site router_of(Site site) const;

  /// Adds the XY tree from `source` to `destinations` (distinct sites); returns its first node, the injection queue,
  /// whose only child hangs on the injection link.
  std::int32_t add_tree(Site source, const std::vector<Site>& destinations);

  [[nodiscard]] const TreeNode& node(std::int32_t index) const { return tree_nodes_[static_cast<std::size_t>(index)]; }

 private:
  /// A node while its tree is being built; its children are a list.
  struct Branch {
    PortId port = 0;
    std::int32_t children = 0;
    std::int32_t first = -1;
    std::int32_t last = -1;
    std::int32_t next = -1;
  };

  /// Adds a child to a branch of tree_; returns its place.
  std::int32_t add_branch(std::int32_t parent, PortId port);

  LinkId add_link(std::string name);
  [[nodiscard]] LinkId link_between(Site from, Site to) const;
  /// Appends tree_ to tree_nodes_; returns the place of its root.
  std::int32_t flatten();

  int width_;
  int nodes_;
  std::vector<Site> edge_routers_;
  std::vector<std::string> link_names_;
  std::vector<LinkId> neighbour_link_;  ///< [router * 4 + direction]
  std::vector<LinkId> injection_link_;  ///< per site
  std::vector<LinkId> ejection_link_;   ///< per site
  std::vector<TreeNode> tree_nodes_;
  std::vector<Branch> tree_;             ///< being built
  std::vector<std::int32_t> order_;      ///< of its branches
  std::vector<Site> reached_;            ///< routers of the last tree
  std::vector<std::int32_t> branch_at_;  ///< [router] branch whose link leads there, -1: none
};

}  // namespace cyclescope::noc
