// The arrangements of tiles on the mesh that are compared.
#include <algorithm>

#include "arch/kpu/placement.h"
#include "tests/kpu/meshes.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// tiles_m rows of tiles with `columns` for each of `parts` of a reduction (one: not split), a block on every tile.
LoweredOp tiles_of(std::int64_t tiles_m, std::int64_t parts, std::int64_t columns) {
  LoweredOp op;
  op.grid_m = op.tiles_m = tiles_m;
  op.grid_n = op.tiles_n = parts * columns;
  op.groups = parts;
  op.part_channels = parts > 1 ? 1 : 0;
  return op;
}

/// The sites that `site_of(im, part, column)` gives.
template <class SiteOf>
Sites drawn(const LoweredOp& op, SiteOf&& site_of) {
  Sites sites;
  const std::int64_t columns = op.tiles_n / op.groups;
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    for (std::int64_t in = 0; in < op.tiles_n; ++in) {
      sites.push_back(static_cast<std::int32_t>(site_of(im, in / columns, in % columns)));
    }
  }
  return sites;
}

std::int64_t count(const std::vector<Sites>& list, const Sites& sites) {
  return std::count(list.begin(), list.end(), sites);
}

}  // namespace

TEST_CASE("arrangements put every tile on a usable site of its own") {
  Random random;
  std::size_t split = 0;
  for (int number = 0; number < 400; ++number) {
    const auto width = static_cast<int>(random(2, 9));
    const auto height = static_cast<int>(random(2, 9));
    const KpuConfig config = mesh_of(width, height);
    Sites usable;
    for (const std::int32_t site : all_sites(config)) {
      if (random(0, number % 4 == 0 ? 100 : 5) != 0) usable.push_back(site);
    }
    const auto most = static_cast<std::int64_t>(usable.size());
    LoweredOp op = tiles_of(random(1, std::min<std::int64_t>(most, 6)), 1, 1);
    op.tiles_n = op.grid_n = random(1, most / op.tiles_m);
    if (random(0, 3) > 0) {  // of a reduction in parts, mostly as many columns each
      op.groups = random(2, 4);
      op.part_channels = 1;
      if (random(0, 4) > 0) op.tiles_n = op.tiles_n / op.groups * op.groups;
      if (op.tiles_n == 0) continue;
      op.grid_n = (op.tiles_n + op.groups - 1) / op.groups * op.groups;
    }
    INFO(width << "x" << height << ", " << most << " sites, " << op.tiles_m << "x" << op.tiles_n << " tiles, "
               << op.groups << " parts");
    const std::vector<Sites> list = arrangements(op, usable, config);
    REQUIRE(list.size() >= 2);
    split += op.groups > 1 && list.size() > 5 ? 1 : 0;
    for (Sites sites : list) {
      REQUIRE(static_cast<std::int64_t>(sites.size()) == op.tiles());
      std::sort(sites.begin(), sites.end());
      REQUIRE(std::adjacent_find(sites.begin(), sites.end()) == sites.end());
      REQUIRE(std::includes(usable.begin(), usable.end(), sites.begin(), sites.end()));
    }
  }
  CHECK(split > 50);
}

TEST_CASE("rows of tiles of a split reduction are rectangles: a line, or some, for every part") {
  // 2 rows of 4 parts x 8 columns on 8x8 sites: 4 whole lines a row of tiles, or 8 lines of half the length.
  const KpuConfig config = mesh_of(8, 8);
  const LoweredOp op = tiles_of(2, 4, 8);
  const std::vector<Sites> list = arrangements(op, all_sites(config), config);
  CHECK(count(list, drawn(op, [](auto im, auto part, auto c) { return (4 * im + part) * 8 + c; })) == 1);
  CHECK(count(list, drawn(op, [](auto im, auto part, auto c) { return c * 8 + 4 * im + part; })) >= 1);
  CHECK(count(list, drawn(op, [](auto im, auto part, auto c) { return (2 * part + c / 4) * 8 + 4 * im + c % 4; })) ==
        1);
  CHECK(count(list, drawn(op, [](auto im, auto part, auto c) { return (4 * im + c % 4) * 8 + 2 * part + c / 4; })) ==
        1);
  // Without parts there are none.
  LoweredOp whole = op;
  whole.groups = 1;
  whole.part_channels = 0;
  CHECK(arrangements(whole, all_sites(config), config).size() + 4 == list.size());
}

TEST_CASE("a rectangle is as long as the shortest of its lines, and goes over what is not usable") {
  // 1 row of 2 parts x 3 columns on 4x3 sites without site 1: in the first line, columns 0, 2 and 3.
  const KpuConfig config = mesh_of(4, 3);
  Sites usable = all_sites(config);
  usable.erase(usable.begin() + 1);
  const LoweredOp op = tiles_of(1, 2, 3);
  CHECK(count(arrangements(op, usable, config), {0, 2, 3, 4, 5, 6}) == 1);
  // Two columns a part: the second row of tiles no longer fits beside the first, and there is one line below only.
  const LoweredOp two = tiles_of(2, 2, 2);
  CHECK(count(arrangements(two, all_sites(config), config), {0, 1, 4, 5, 2, 3, 6, 7}) == 1);
  CHECK(count(arrangements(two, usable, config), {0, 2, 4, 5, 3, 0, 6, 7}) == 0);
}

TEST_CASE("columns of tiles stand along mesh rows or along mesh columns") {
  // 2 x 8 tiles on 4x4 sites: the first half of every line, then the second.
  const KpuConfig config = mesh_of(4, 4);
  const LoweredOp op = tiles_of(2, 1, 8);
  const std::vector<Sites> list = arrangements(op, all_sites(config), config);
  CHECK(count(list, drawn(op, [](auto im, auto, auto in) { return in % 4 * 4 + in / 4 * 2 + im; })) == 1);
  CHECK(count(list, drawn(op, [](auto im, auto, auto in) { return (in / 4 * 2 + im) * 4 + in % 4; })) == 1);
  // 3 rows of tiles: one run of three a line, four columns of tiles at most.
  const LoweredOp four = tiles_of(3, 1, 4);
  CHECK(count(arrangements(four, all_sites(config), config),
              drawn(four, [](auto im, auto, auto in) { return im * 4 + in; })) >= 1);
}
