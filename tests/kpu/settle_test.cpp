// Which arrangement of its tiles an operator gets in the end.
#include "arch/kpu/settle.h"

#include <algorithm>

#include "arch/kpu/placement.h"
#include "tests/kpu/meshes.h"
#include "tests/kpu/tree_loads.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// What goes from a site, or from a tile of the operator itself (by number), to tiles of it.
struct Message {
  std::int32_t source = 0;
  Sites tiles;
  std::int64_t bytes = 0;
  bool own = false;
};

/// What the tiles of operator `producer`, a block each, send to those of operator `index`, by the segments of the program;
/// `number_by`: the operator whose tiles are meant, which stand on the same sites.
std::vector<Message> pushes(const Program& program, std::size_t producer, std::size_t index,
                            const LoweredOp& number_by) {
  const LoweredOp& from = program.ops[producer];
  const LoweredOp& to = program.ops[index];
  std::vector<Message> messages;
  for (std::int64_t tile = 0; tile < from.tiles(); ++tile) {
    const auto& blocks = program.outputs[producer][static_cast<std::size_t>(tile)];
    REQUIRE(blocks.size() == 1);
    for (const Segment& segment : blocks.front().segments) {
      const auto reads = [&segment](const InputEdge& edge) { return edge.token == segment.token; };
      if (segment.store || std::none_of(to.inputs.begin(), to.inputs.end(), reads)) continue;
      Message message{site_of(from, tile), {}, segment.bytes, false};
      for (const std::int32_t site : receivers(program, segment, message.source)) {
        message.tiles.push_back(number_by.tile_at[static_cast<std::size_t>(site)]);
      }
      messages.push_back(std::move(message));
    }
  }
  return messages;
}

/// The load on the busiest link with what is pushed, the same with weights, and the mean load; then flits times links.
/// `weights`: bytes for every column of tiles.
std::pair<std::int64_t, std::int64_t> cost_of(const LoweredOp& op, const Sites& sites,
                                              const std::vector<Message>& messages, std::int64_t weights,
                                              const KpuConfig& config) {
  TreeLoads loads(config);
  for (const Message& message : messages) {
    const std::int32_t source = message.own ? sites[static_cast<std::size_t>(message.source)] : message.source;
    Sites to;
    for (const std::int32_t tile : message.tiles) {
      const std::int32_t site = sites[static_cast<std::size_t>(tile)];
      if (site != source) to.push_back(site);
    }
    if (!to.empty()) loads.add(source, to, message.bytes);
  }
  const std::int64_t pushed = loads.most();
  // A column of tiles is loaded by an engine on one of its mesh rows, or by any, and of these by the one with least so far.
  std::vector<std::int64_t> given(static_cast<std::size_t>(config.dma_engines), 0);
  for (std::int64_t in = 0; in < op.tiles_n; ++in) {
    Sites column;
    for (std::int64_t im = 0; im < op.tiles_m; ++im) {
      column.push_back(sites[static_cast<std::size_t>(im * op.tiles_n + in)]);
    }
    std::vector<std::size_t> near;
    std::vector<std::size_t> all;
    for (int engine = 0; engine < config.dma_engines; ++engine) {
      const int row = engine * config.mesh_height / config.dma_engines;
      const auto there = [&](std::int32_t site) { return site / config.mesh_width == row; };
      if (std::any_of(column.begin(), column.end(), there)) near.push_back(static_cast<std::size_t>(engine));
      all.push_back(static_cast<std::size_t>(engine));
    }
    const std::vector<std::size_t>& choice = near.empty() ? all : near;
    const std::size_t engine = *std::min_element(
        choice.begin(), choice.end(), [&given](std::size_t a, std::size_t b) { return given[a] < given[b]; });
    given[engine] += weights;
    loads.add(config.tiles + static_cast<std::int32_t>(engine), column, weights);
  }
  return {pushed + loads.most() + loads.mean(), loads.total()};
}

/// The first of the arrangements that cost least.
Sites cheapest(const LoweredOp& op, const std::vector<Sites>& list, const std::vector<Message>& messages,
               std::int64_t weights, const KpuConfig& config) {
  Sites best = list.front();
  auto least = cost_of(op, best, messages, weights, config);
  for (const Sites& sites : list) {
    const auto cost = cost_of(op, sites, messages, weights, config);
    if (!(cost < least)) continue;
    least = cost;
    best = sites;
  }
  return best;
}

}  // namespace

TEST_CASE("the tiles of a reader stand where the load on the busiest link is least") {
  // Products with 1x1 windows on 4x4 tiles of 32x32: 32 rows of the first, 32 channels each, go to a row of tiles of the
  // second. With the first arrangement, or the one that place() takes, many of these come out otherwise: one engine, 2
  // rows and 4 columns of both, for example, which the next test draws.
  std::size_t found = 0;
  std::size_t not_first = 0;
  std::size_t not_place = 0;
  for (const int engines : {1, 2, 4}) {
    for (const char* multicast : {"on", "off"}) {
      const KpuConfig config = mesh_of(4, 4,
                                       {"dma.engines=" + std::to_string(engines) + " engines", "lowering.k_split=off",
                                        std::string("mesh.multicast=") + multicast});
      for (const std::int64_t rows : {1, 2, 3, 4, 5, 8}) {
        for (const std::int64_t first : {1, 2, 3, 4, 5, 8}) {
          for (const std::int64_t second : {1, 2, 3, 4, 8}) {
            if (rows * first > 16 || rows * second > 16) continue;
            Net net;
            const TensorId x = net.relu(net.convolution(net.input({1, 64, 1, 32 * rows}), {32 * first}));
            const Case c = lowered("chain", config, net.finish(net.convolution(x, {32 * second})));
            INFO(engines << " engines, multicast " << multicast << ", " << rows << " rows, " << first << " and "
                         << second << " columns of blocks");
            REQUIRE(c.program.ops.size() == 2);
            const LoweredOp& op = c.program.ops[1];
            if (op.rounds() != 1 || c.program.ops[0].rounds() != 1) continue;
            ++found;
            const std::vector<Message> messages = pushes(c.program, 0, 1, op);
            std::int64_t bytes = 0;
            for (const Message& message : messages) {
              bytes += message.bytes;
              REQUIRE(static_cast<std::int64_t>(message.tiles.size()) == second);
            }
            REQUIRE(bytes == 32 * rows * 32 * first);
            const std::int64_t weights = 32 * 32 * first;  // of a column of tiles
            const std::vector<Sites> list = arrangements(op, all_sites(config), config);
            const Sites best = cheapest(op, list, messages, weights, config);
            REQUIRE(op.sites == best);
            for (std::size_t tile = 0; tile < best.size(); ++tile) {
              REQUIRE(op.tile_at[static_cast<std::size_t>(best[tile])] == static_cast<std::int32_t>(tile));
            }
            not_first += best == list.front() ? 0 : 1;
            not_place += best == place(op, all_sites(config), config).sites ? 0 : 1;
          }
        }
      }
    }
  }
  CAPTURE(found, not_first, not_place);
  CHECK(found > 100);
  CHECK(not_first > 20);
  CHECK(not_place > 20);
}

TEST_CASE("where two rows of four tiles stand that read two rows of four tiles") {
  // The producer has sites 0 to 7. Its tiles send 1 KiB, 65 flits, to the four of a row; a column of tiles loads 4 KiB,
  // 260 flits, and all come from one engine: 1040 at its injection. On the sites of the producer, a tile gets three
  // messages, 195 flits, and the mean of 82 links is 65 x 8 x 7 + 260 x (4 + 5 + 6 + 7) = 9360 flits on them, 115 each:
  // 195 + 1040 + 115 = 1350. Spread over the mesh rows, as the first arrangement would be, tile 12 gets all four messages,
  // 260 + 1040 alone, and the trees have to go down the mesh: 11960 flits, 146 each, 1446 in all.
  const KpuConfig config = mesh_of(4, 4, {"dma.engines=1 engines", "lowering.k_split=off"});
  Net net;
  const TensorId x = net.relu(net.convolution(net.input({1, 64, 1, 64}), {128}));
  const Case c = lowered("chain", config, net.finish(net.convolution(x, {128})));
  const LoweredOp& op = c.program.ops[1];
  const Sites first{0, 4, 8, 12, 1, 5, 9, 13};
  REQUIRE(op.tiles_m == 2);
  REQUIRE(op.tiles_n == 4);
  REQUIRE(c.program.ops[0].sites == Sites{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(op.sites == Sites{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(arrangements(op, all_sites(config), config).front() == first);
  const std::vector<Message> messages = pushes(c.program, 0, 1, op);
  CHECK(cost_of(op, op.sites, messages, 4096, config) == std::pair<std::int64_t, std::int64_t>{1350, 9360});
  CHECK(cost_of(op, first, messages, 4096, config) == std::pair<std::int64_t, std::int64_t>{1446, 11960});
}

TEST_CASE("the tiles of a split reduction also stand where their sums pass each other") {
  std::size_t found = 0;
  std::size_t not_first = 0;
  for (const char* parts : {"2", "4"}) {
    for (const int engines : {1, 8}) {
      const KpuConfig config = mesh_of(8, 8,
                                       {"dma.engines=" + std::to_string(engines) + " engines",
                                        std::string("lowering.k_split=") + parts, "tiles.matrix=0 tiles"});
      for (const std::int64_t rows : {1, 2, 3, 4}) {
        for (const std::int64_t columns : {1, 2, 4, 8}) {
          if (rows * columns * config.k_split > 64) continue;
          Net net;
          const TensorId x = net.max_pool(net.input({1, 128, 1, 32 * rows}), {});  // on tiles as vector work
          const Case c = lowered("product", config, net.finish(net.convolution(x, {32 * columns})));
          INFO(parts << " parts, " << engines << " engines, " << rows << "x" << columns << " blocks");
          REQUIRE(c.program.ops.size() == 3);
          const LoweredOp& op = c.program.ops[1];
          REQUIRE(op.groups == config.k_split);
          REQUIRE(op.rounds() == 1);
          if (c.program.ops[0].rounds() != 1) continue;
          ++found;
          std::vector<Message> messages = pushes(c.program, 0, 1, op);
          for (Message& message : pushes(c.program, 1, 2, op)) {  // the sums stand on the tiles of the parts
            message.source = op.tile_at[static_cast<std::size_t>(message.source)];
            message.own = true;
            messages.push_back(std::move(message));
          }
          const std::vector<Sites> list = arrangements(op, all_sites(config), config);
          const Sites best = cheapest(op, list, messages, 32 * 128 / config.k_split, config);
          CHECK(op.sites == best);
          not_first += best == list.front() ? 0 : 1;
        }
      }
    }
  }
  CAPTURE(found, not_first);
  CHECK(found > 10);
  CHECK(not_first > 5);
}
