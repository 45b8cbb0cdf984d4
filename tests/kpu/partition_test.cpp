// Partition: every output block belongs to one tile, every reduction step to one slice, every MAC to one operator.
#include "tests/kpu/support.h"
#include "workloads/cost.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

}  // namespace

TEST_CASE("split deals all items in order, the parts differing by one at the most") {
  Random random;
  for (int trial = 0; trial < 2000; ++trial) {
    const std::int64_t total = random(0, 5000);
    const std::int64_t parts = random(1, 100);
    std::int64_t next = 0;
    for (std::int64_t part = 0; part < parts; ++part) {
      const Range range = split(total, parts, part);
      REQUIRE(range.begin == next);
      REQUIRE(range.size() >= total / parts);
      REQUIRE(range.size() <= ceil_div(total, parts));
      next = range.end;
    }
    REQUIRE(next == total);
  }
}

TEST_CASE("the blocks of all tiles cover every output once") {
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      REQUIRE(op.tiles() <= c.config.tiles);
      std::vector<int> seen(static_cast<std::size_t>(op.grid_m * op.grid_n), 0);
      std::int64_t elements = 0;
      std::int64_t busiest = 0;
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
        std::int64_t on_tile = 0;
        std::int64_t blocks = 0;
        for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
          ++seen[static_cast<std::size_t>(mb * op.grid_n + nb)];
          on_tile += op.block(mb, nb).elements();
          ++blocks;
        });
        REQUIRE(blocks > 0);
        REQUIRE(on_tile == op.output_region(tile).elements());
        elements += on_tile;
        busiest = std::max(busiest, blocks);
      }
      REQUIRE(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
      REQUIRE(elements == op.m * op.n);
      REQUIRE(busiest == op.rounds());
      REQUIRE(op.rounds() * op.tiles() >= op.grid_m * op.grid_n);
    }
  }
}

TEST_CASE("a block fits the array, and the last ones are what is left over") {
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      if (op.kind == OpKind::gemm) {
        const TileKind& kind = c.config.kinds[c.config.kind_of_tile[static_cast<std::size_t>(op.sites.front())]];
        REQUIRE(op.array.weight_stationary == kind.weight_stationary);
        REQUIRE(op.block_n == kind.columns * kind.cell_n);
        if (!op.array.weight_stationary) REQUIRE(op.block_m == kind.rows);
        REQUIRE(op.block_m <= std::max<std::int64_t>(kind.rows, 256));
      }
      const Region last = op.block(op.grid_m - 1, op.grid_n - 1);
      REQUIRE(last.pixel_end == op.m);
      REQUIRE(last.channel_end == op.n);
      // Of a frame when frames are apart, of a group.
      const std::int64_t frames = op.frames_apart ? op.frames : 1;
      REQUIRE(op.grid_m % frames == 0);
      REQUIRE(op.grid_n % op.groups == 0);
      REQUIRE(last.pixel_end - last.pixel_begin == op.m / frames - (op.grid_m / frames - 1) * op.block_m);
      REQUIRE(last.channel_end - last.channel_begin == op.n / op.groups - (op.grid_n / op.groups - 1) * op.block_n);
      REQUIRE(last.elements() > 0);
    }
  }
}

TEST_CASE("slices cut the reduction into consecutive steps, chunk by chunk") {
  for (const Case& c : cases()) {
    for (const LoweredOp& op : c.program.ops) {
      if (op.kind != OpKind::gemm) continue;
      INFO(c.name << ", " << op.name);
      const std::int64_t taps = op.window.kernel[0] * op.window.kernel[1];
      if (op.part_channels == 0) REQUIRE(op.in_channels % op.groups == 0);
      REQUIRE(op.k == reduction_of(op, 0));
      for (const std::int64_t nb : {std::int64_t{0}, op.grid_n - 1}) {
        const std::int64_t channels = channels_reduced(op, nb);
        std::vector<std::int64_t> steps_of(static_cast<std::size_t>(ceil_div(channels, op.chunk_channels)), 0);
        if (nb == 0) REQUIRE(op.chunks == static_cast<std::int64_t>(steps_of.size()));
        std::int64_t next = 0;
        std::int64_t clocks = 0;
        std::int64_t chunk = 0;
        for (const Slice& slice : op.slices_of(nb)) {
          REQUIRE(slice.first_step == next);
          REQUIRE(slice.steps > 0);
          if (op.array.weight_stationary) {
            // Rows of cells, all but the last of a chunk full.
            REQUIRE(slice.array_first == 0);
            REQUIRE(slice.array_steps == ceil_div(slice.steps, op.array.cell_k));
            REQUIRE(slice.array_steps <= op.array.rows);
            REQUIRE((slice.first_step - slice.chunk_begin) % op.array.cell_k == 0);
          } else {
            REQUIRE(slice.steps <= std::max<std::int64_t>(16, c.config.slice_steps / op.element_bytes));
            // The array has begun what all slices so far bring, whole clocks of it, and no more.
            REQUIRE(slice.array_first == clocks);
            clocks += slice.array_steps;
            REQUIRE(clocks * op.array.quarter_macs >= 4 * (next + slice.steps));
            REQUIRE((clocks - 1) * op.array.quarter_macs < 4 * (next + slice.steps));
          }
          REQUIRE(slice.chunk >= chunk);
          next += slice.steps;
          chunk = slice.chunk;
          steps_of.at(static_cast<std::size_t>(chunk)) += slice.steps;
        }
        REQUIRE(next == taps * channels);
        if (!op.array.weight_stationary) {
          REQUIRE(clocks == ceil_div(4 * taps * channels, op.array.quarter_macs));
          if (nb == 0) REQUIRE(op.array_steps == clocks);
        }
        for (std::size_t i = 0; i < steps_of.size(); ++i) {
          const std::int64_t left = channels - static_cast<std::int64_t>(i) * op.chunk_channels;
          REQUIRE(steps_of[i] == taps * std::min(op.chunk_channels, left));
        }
      }
    }
  }
}

TEST_CASE("every operator is lowered exactly once and all MACs are there") {
  for (const Case& c : cases()) {
    INFO(c.name);
    std::multiset<std::string> lowered;
    std::int64_t macs = 0;
    std::int64_t executed = 0;
    for (const LoweredOp& op : c.program.ops) {
      macs += op.macs;
      for (std::int64_t nb = 0; nb < op.grid_n && op.kind == OpKind::gemm; ++nb) {
        const Region column = op.block(0, nb);
        executed += op.m * (column.channel_end - column.channel_begin) * reduction_of(op, nb);
      }
      if (op.kind == OpKind::vector && op.macs > 0) {  // depthwise: a tap a pass
        executed += op.m * op.n * op.window.kernel[0] * op.window.kernel[1];
      }
      for (std::size_t from = 0; from < op.members.size();) {
        const std::size_t to = std::min(op.members.find(' ', from), op.members.size());
        lowered.insert(op.members.substr(from, to - from));
        from = to + 1;
      }
    }
    std::multiset<std::string> expected;
    for (const workloads::Operator& op : c.graph.operators) expected.insert(op.name);
    REQUIRE(lowered == expected);
    REQUIRE(macs == workloads::total_cost(c.graph).macs * c.options.batch);
    REQUIRE(executed == macs);
  }
}
