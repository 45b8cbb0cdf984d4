#include "arch/kpu/settle.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "arch/kpu/link_loads.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/partition.h"
#include "arch/kpu/placement.h"
#include "arch/kpu/readers.h"
#include "arch/kpu/transfer_lists.h"

namespace cyclescope::kpu {
namespace {

/// What goes from one place to tiles of the operator (by number).
struct Message {
  std::int32_t source = 0;
  std::vector<std::int32_t> tiles;
  std::int64_t bytes = 0;
};

/// What producers push to the tiles of the operator, output rectangle by output rectangle.
std::vector<Message> pushes_to(const LoweredOp& op, const std::vector<const LoweredOp*>& before) {
  LoweredOp numbered = op;  // tiles by number instead of site
  numbered.sites.resize(static_cast<std::size_t>(op.tiles()));
  std::iota(numbered.sites.begin(), numbered.sites.end(), 0);
  std::vector<Message> messages;
  for (const InputEdge& edge : op.inputs) {
    const Reader reader(numbered, 0, edge);
    for (const Piece& piece : edge.pieces) {
      if (piece.producer < 0) continue;
      const LoweredOp& producer = *before[static_cast<std::size_t>(piece.producer)];
      for (std::int64_t tile = 0; tile < producer.tiles(); ++tile) {
        reader.place(piece, producer.output_region(tile), [&](const Region& placed) {
          reader.cut(placed, [&](const Region&, std::int64_t bytes, const std::vector<std::int32_t>& tiles) {
            messages.push_back({producer.sites[static_cast<std::size_t>(tile)], tiles, bytes});
          });
        });
      }
    }
  }
  return messages;
}

/// The partial sums that the tiles of a block send to each other, each a share of the rows.
std::vector<Message> sums_of(const LoweredOp& op) {
  std::vector<Message> messages;
  const std::int64_t parts = op.part_channels > 0 ? op.groups : 1;
  if (parts < 2 || op.rounds() != 1) return messages;
  const std::int64_t bytes = ceil_div(op.block_m * op.block_n * op.result_bytes, parts);
  for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
    const std::int64_t row = tile / op.tiles_n * op.tiles_n;
    for (std::int64_t other = tile % op.blocks_per_group(); other < op.tiles_n; other += op.blocks_per_group()) {
      if (row + other == tile) continue;
      messages.push_back({static_cast<std::int32_t>(tile), {static_cast<std::int32_t>(row + other)}, bytes});
    }
  }
  return messages;
}

/// Weights of every column of tiles, from the engine that will load them if columns come in order.
void add_weights(LinkLoads& loads, const LoweredOp& op, const std::vector<std::int32_t>& sites,
                 const KpuConfig& config) {
  if (op.weight_bytes == 0) return;
  std::vector<std::int64_t> load(static_cast<std::size_t>(config.dma_engines), 0);
  std::vector<std::int32_t> column;
  for (std::int64_t in = 0; in < op.tiles_n; ++in) {
    column.clear();
    for (std::int64_t im = 0; im < op.tiles_m; ++im) {
      column.push_back(sites[static_cast<std::size_t>(im * op.tiles_n + in)]);
    }
    const int best = least_loaded_engine(load, column, config);
    const std::int64_t bytes = split(op.grid_n, op.tiles_n, in).size() * op.block_n * op.k * op.element_bytes;
    load[static_cast<std::size_t>(best)] += bytes;
    loads.add(config.tiles + best, column, bytes);
  }
}

}  // namespace

void settle(LoweredOp& op, const std::vector<std::int32_t>& usable, const std::vector<const LoweredOp*>& before,
            const KpuConfig& config) {
  const std::vector<Message> pushes = pushes_to(op, before);
  const std::vector<Message> sums = sums_of(op);
  std::vector<std::int32_t> to;
  const auto at = [&to](const std::vector<std::int32_t>& sites, const std::vector<std::int32_t>& tiles) {
    to.clear();
    for (const std::int32_t tile : tiles) to.push_back(sites[static_cast<std::size_t>(tile)]);
  };
  std::optional<std::pair<std::int64_t, std::int64_t>> least;
  for (std::vector<std::int32_t>& sites : arrangements(op, usable, config)) {
    LinkLoads loads(config);
    for (const Message& push : pushes) {
      at(sites, push.tiles);
      to.erase(std::remove(to.begin(), to.end(), push.source), to.end());
      if (!to.empty()) loads.add(push.source, to, push.bytes);
    }
    for (const Message& sum : sums) {
      at(sites, sum.tiles);
      loads.add(sites[static_cast<std::size_t>(sum.source)], to, sum.bytes);
    }
    // Weights come while operators before run, results of the last of these when they are made.
    const std::int64_t pushed = loads.most();
    add_weights(loads, op, sites, config);
    const std::pair<std::int64_t, std::int64_t> cost{pushed + loads.most() + loads.mean(), loads.total()};
    if (least && !(cost < *least)) continue;
    least = cost;
    op.sites = std::move(sites);
  }
  number_tiles(op, config);
}

}  // namespace cyclescope::kpu
