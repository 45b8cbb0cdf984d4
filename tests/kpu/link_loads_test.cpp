// Flits over links: drawn by hand on a small mesh, and against the trees that the mesh builds.
#include "arch/kpu/link_loads.h"

#include <tuple>
#include <utility>

#include "tests/kpu/meshes.h"
#include "tests/kpu/tree_loads.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Flits of 16 B, packets of 64 B. Two engines: at routers 0 and 8 of a 4x4 mesh.
KpuConfig link_chip(int width, int height, int engines, bool multicast = true) {
  return mesh_of(width, height,
                 {"dma.engines=" + std::to_string(engines) + " engines", "mesh.flit=16 B", "mesh.packet=64 B",
                  "dma.packet=64 B", std::string("mesh.multicast=") + (multicast ? "on" : "off")});
}

}  // namespace

// Links of the 4x4 mesh: 2 x (12 + 12) between routers, 2 x (16 + 2) of tiles and engines, 84 together.

TEST_CASE("a message loads every link of its way with its flits and a header per packet") {
  const KpuConfig config = link_chip(4, 4, 2);
  for (const auto& [bytes, flits] : {std::pair{1, 2}, {16, 2}, {17, 3}, {64, 5}, {65, 7}, {128, 10}, {130, 12}}) {
    INFO(bytes << " B");
    LinkLoads loads(config);
    loads.add(0, {15}, bytes);  // in, three steps east, three south, out
    CHECK(loads.most() == flits);
    CHECK(loads.total() == flits * 8);
    CHECK(loads.mean() == (flits > 10 ? 2 : 1));  // 12 x 8 flits on 84 links
  }
}

TEST_CASE("messages that share a link add up on it, whichever way it leads") {
  const KpuConfig config = link_chip(4, 4, 2);
  struct Message {
    std::int32_t source, site;
  };
  const struct {
    const char* what;
    Message a, b;
    std::int64_t most, links;
  } cases[]{{"east, 1 to 2", {0, 2}, {1, 3}, 10, 8},
            {"west, 2 to 1", {3, 1}, {2, 0}, 10, 8},
            {"south, 4 to 8", {0, 8}, {4, 12}, 10, 8},
            {"north, 8 to 4", {12, 4}, {8, 0}, 10, 8},
            {"last of a row", {10, 11}, {9, 11}, 10, 7},
            {"injection", {5, 4}, {5, 6}, 10, 6},
            {"ejection", {4, 5}, {6, 5}, 10, 6},
            {"injection of an engine", {16, 1}, {16, 4}, 10, 6},
            {"an engine and a tile on row 2", {17, 10}, {8, 11}, 10, 9},
            {"an engine and the tile beside it inject apart", {17, 9}, {8, 12}, 5, 6},
            {"the two ways of a link", {0, 1}, {1, 0}, 5, 6},
            {"rows behind each other", {3, 2}, {4, 5}, 5, 6},
            {"ways that cross", {0, 5}, {4, 1}, 5, 8}};
  for (const auto& c : cases) {
    INFO(c.what);
    LinkLoads loads(config);
    loads.add(c.a.source, {c.a.site}, 64);  // 5 flits each
    loads.add(c.b.source, {c.b.site}, 64);
    CHECK(loads.most() == c.most);
    CHECK(loads.total() == 5 * c.links);
  }
}

TEST_CASE("one tree for all receivers, or without multicast a copy for each") {
  // From tile 5 to its neighbours west and north and two tiles to the south-east.
  const Sites sites{4, 6, 14, 1};
  const KpuConfig on = link_chip(4, 4, 2);
  LinkLoads tree(on);
  tree.add(5, sites, 64);
  CHECK(tree.most() == 5);
  CHECK(tree.total() == 5 * (1 + 1 + 1 + 1 + 2 + 4));  // in; west, north, east; 6 to 14; four times out
  tree.add(9, {10, 14}, 64);                           // shares 10 to 14 and the way out at 14
  CHECK(tree.most() == 10);
  const KpuConfig off = link_chip(4, 4, 2, false);
  LinkLoads copies(off);
  copies.add(5, sites, 64);
  CHECK(copies.most() == 4 * 5);                 // at the injection
  CHECK(copies.total() == 5 * (3 + 3 + 5 + 3));  // in, steps, out of each
  CHECK(copies.mean() == 1);                     // 70 flits on 84 links
  copies.add(6, {15}, 64);                       // 6 to 7, down to 15
  copies.add(2, {14}, 64);
  CHECK(copies.total() == 5 * (14 + 5 + 5));
  CHECK(copies.mean() == 2);
}

TEST_CASE("the load of links is that of the trees that the mesh builds") {
  Random random;
  for (const auto& [width, height, engines] :
       {std::tuple{6, 5, 5}, {6, 5, 3}, {5, 6, 12}, {1, 7, 1}, {7, 1, 2}, {4, 4, 4}}) {
    for (const bool multicast : {true, false}) {
      INFO(width << "x" << height << ", " << engines << " engines, multicast " << multicast);
      const KpuConfig config = link_chip(width, height, engines, multicast);
      for (int number = 0; number < 20; ++number) {
        LinkLoads loads(config);
        TreeLoads drawn(config);
        for (std::int64_t messages = random(1, 12); messages > 0; --messages) {
          Sites sites = all_sites(config);
          for (std::size_t i = 0; i < sites.size(); ++i) {
            std::swap(sites[i], sites[static_cast<std::size_t>(random(0, config.tiles - 1))]);
          }
          sites.resize(static_cast<std::size_t>(random(1, config.tiles)));
          const auto source = static_cast<std::int32_t>(random(0, config.tiles + engines - 1));
          const std::int64_t bytes = random(1, 300);
          loads.add(source, sites, bytes);
          drawn.add(source, sites, bytes);
          REQUIRE(loads.most() == drawn.most());
          REQUIRE(loads.total() == drawn.total());
          REQUIRE(loads.mean() == drawn.mean());
        }
      }
    }
  }
}
