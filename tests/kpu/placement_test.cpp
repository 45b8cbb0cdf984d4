// Where tiles stand on the mesh, and what their multicasts cost.
#include "arch/kpu/placement.h"

#include <algorithm>
#include <numeric>

#include "sim/noc/topology.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

KpuConfig mesh_of(int width, int height) {
  return chip({"mesh.width=" + std::to_string(width) + " nodes", "mesh.height=" + std::to_string(height) + " nodes",
               "kpu.tiles=" + std::to_string(width * height) + " tiles", "lowering.k_split=off"});
}

/// A product of m x n results in blocks of 32x32, with weights of k rows.
LoweredOp product(std::int64_t m, std::int64_t n, std::int64_t k, const KpuConfig& config) {
  Net net;
  const TensorId x = net.input({1, k, 1, m});
  const Graph graph = net.finish(net.convolution(x, {n, {1, 1}, {1, 1}, {0, 0, 0, 0}}));
  return lowered("product", config, graph).program.ops.front();
}

}  // namespace

TEST_CASE("links of a tree on a 4x4 mesh, drawn by hand") {
  const KpuConfig c = mesh_of(4, 4);
  CHECK(tree_links(c, 5, {5}) == 2);                  // injection and ejection at the same router
  CHECK(tree_links(c, 5, {6}) == 3);                  // one step east
  CHECK(tree_links(c, 0, {3, 15}) == 1 + 3 + 3 + 2);  // along the row to column 3, down the column; both eject
  CHECK(tree_links(c, 0, {12, 13, 14, 15}) == 1 + 3 + 4 * 3 + 4);  // a row elsewhere: every column goes down on its own
  CHECK(tree_links(c, 0, {2, 6, 10, 14}) == 1 + 2 + 3 + 4);        // a column: once along the row, once down
  CHECK(tree_links(c, 6, {0, 15}) == 1 + (2 + 1) + (1 + 2) + 2);   // both ways
}

TEST_CASE("the links of a tree are those that the mesh builds") {
  const KpuConfig c = mesh_of(6, 5);
  Random random;
  for (int number = 0; number < 300; ++number) {
    std::vector<std::int32_t> sites(30);
    std::iota(sites.begin(), sites.end(), 0);
    for (std::size_t i = 0; i < sites.size(); ++i) {
      std::swap(sites[i], sites[static_cast<std::size_t>(random(0, 29))]);
    }
    sites.resize(static_cast<std::size_t>(random(1, 12)));
    const auto source = static_cast<std::int32_t>(random(0, 29));
    noc::Topology topology(6, 5, {});
    std::vector<std::int32_t> open{topology.add_tree(source, sites)};
    std::int64_t links = 0;
    while (!open.empty()) {
      const noc::TreeNode node = topology.node(open.back());
      open.pop_back();
      links += node.children;
      for (std::int32_t child = 0; child < node.children; ++child) open.push_back(node.first_child + child);
    }
    REQUIRE(tree_links(c, source, sites) == links);
  }
}

TEST_CASE("tiles stand on different usable sites, and no arrangement is worse than the first") {
  const KpuConfig c = mesh_of(8, 6);
  std::vector<std::int32_t> usable;
  for (std::int32_t site = 0; site < 48; ++site) {
    if (site % 7 != 3) usable.push_back(site);
  }
  LoweredOp op = product(320, 512, 64, c);
  for (const auto& [tiles_m, tiles_n] : {std::pair{2, 16}, std::pair{5, 8}, std::pair{10, 4}, std::pair{1, 16}}) {
    op.tiles_m = tiles_m;
    op.tiles_n = tiles_n;
    const Placement placed = place(op, usable, c);
    REQUIRE(static_cast<std::int64_t>(placed.sites.size()) == op.tiles());
    std::vector<std::int32_t> sorted = placed.sites;
    std::sort(sorted.begin(), sorted.end());
    CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    CHECK(std::includes(usable.begin(), usable.end(), sorted.begin(), sorted.end()));
    CHECK(placed.flit_links > 0);
  }
}

TEST_CASE("a column of tiles stands in one mesh row when all fit") {
  // 2 x 8 tiles on 8x8 sites without holes: weights of a column of two tiles cross one row, activations one column.
  const KpuConfig c = mesh_of(8, 8);
  LoweredOp op = product(64, 256, 512, c);
  op.tiles_m = 2;
  op.tiles_n = 8;
  std::vector<std::int32_t> usable(64);
  std::iota(usable.begin(), usable.end(), 0);
  const Placement placed = place(op, usable, c);
  for (std::int64_t in = 0; in < 8; ++in) {
    const std::int32_t a = placed.sites[static_cast<std::size_t>(in)];
    const std::int32_t b = placed.sites[static_cast<std::size_t>(8 + in)];
    CHECK(a / 8 == b / 8);
    CHECK(a % 8 == placed.sites[0] % 8);
    CHECK(b % 8 == placed.sites[8] % 8);
  }
}
