// Cutting a rectangle among its readers, against a loop over every element and every tile.
#include "arch/kpu/readers.h"

#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

std::int64_t draw(Random& random, std::initializer_list<std::int64_t> values) {
  return *(values.begin() + random(0, static_cast<std::int64_t>(values.size()) - 1));
}

/// A window or pool over a random plane of several frames on tiles of a few pixels each.
LoweredOp random_operator(Random& random) {
  Net net;
  const std::int64_t height = random(1, 9);
  const std::int64_t width = random(1, 30);
  const std::int64_t groups = draw(random, {1, 1, 2, 3});
  Net::Layer layer = random_layer(random, height, width, groups * random(1, 9));
  layer.groups = groups;
  const bool pool = random(0, 3) == 0;
  const TensorId x = net.input({1, pool ? layer.channels : groups * random(2, 5), height, width});
  const Graph graph = net.finish(pool ? net.max_pool(x, layer) : net.convolution(x, layer));
  const KpuConfig config =
      small_chip({"kpu.tiles=" + std::to_string(random(1, 12)) + " tiles", "mesh.width=0 nodes", "mesh.height=0 nodes",
                  "dma.engines=1 engines", "l2.capacity=64 KiB", "l3.capacity=1 MiB", "tiles.matrix=0 tiles"});
  return lower(graph, config, {Precision::int8, random(1, 3)}).ops.front();
}

}  // namespace

TEST_CASE("every used element of a rectangle goes to the tiles that need it, once, and to no other") {
  Random random;
  int shared = 0;
  for (int trial = 0; trial < 250; ++trial) {
    const LoweredOp op = random_operator(random);
    const InputEdge& edge = op.inputs.front();
    const Reader reader(op, 0, edge);
    const std::int64_t pixels = op.frames * edge.pixels;
    const std::int64_t p = random(0, pixels - 1);
    const std::int64_t c = random(0, edge.channels - 1);
    const Region part{p, random(p + 1, pixels), c, random(c + 1, edge.channels)};
    const std::set<std::int64_t> used = touched_pixels(op, 0, op.m);
    std::map<std::pair<std::int64_t, std::int64_t>, std::set<std::int32_t>> given;
    reader.cut(part, [&](const Region& rect, std::int64_t bytes, const std::vector<std::int32_t>& sites) {
      REQUIRE(rect.elements() == intersect(rect, part).elements());
      REQUIRE_FALSE(sites.empty());
      const std::set<std::int32_t> to(sites.begin(), sites.end());
      REQUIRE(to.size() == sites.size());
      std::int64_t elements = 0;
      for (std::int64_t pixel = rect.pixel_begin; pixel < rect.pixel_end; ++pixel) {
        if (used.count(pixel) == 0) continue;
        for (std::int64_t channel = rect.channel_begin; channel < rect.channel_end; ++channel) {
          REQUIRE(given.insert({{pixel, channel}, to}).second);
          ++elements;
        }
      }
      // A pixel is skipped when its whole row or column is: others may be sent though no window reads them.
      REQUIRE(bytes >= elements * edge.element_bytes);
      REQUIRE(bytes == used_elements(op, rect) * edge.element_bytes);
    });
    for (std::int64_t pixel = part.pixel_begin; pixel < part.pixel_end; ++pixel) {
      if (used.count(pixel) == 0) continue;
      for (std::int64_t channel = part.channel_begin; channel < part.channel_end; ++channel) {
        std::set<std::int32_t> expected;
        for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
          const Region need = input_region(op, op.output_region(tile));
          const bool inside = need.pixel_begin <= pixel && pixel < need.pixel_end && need.channel_begin <= channel &&
                              channel < need.channel_end;
          if (inside) expected.insert(site_of(op, tile));
        }
        const auto found = given.find({pixel, channel});
        REQUIRE((found == given.end() ? std::set<std::int32_t>{} : found->second) == expected);
        shared += expected.size() > 1 ? 1 : 0;
      }
    }
    // No window goes without a pixel that it reads.
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      const Region out = op.output_region(tile);
      const Region need = input_region(op, out);
      for (const std::int64_t pixel : touched_pixels(op, out.pixel_begin, out.pixel_end)) {
        REQUIRE(need.pixel_begin <= pixel);
        REQUIRE(pixel < need.pixel_end);
      }
    }
  }
  CHECK(shared > 0);
}
