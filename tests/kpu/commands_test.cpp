// What the engines of one tile do: every step streamed once, every byte of L2 given back, no way to get stuck.
#include <algorithm>
#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Calls `check(case, op, tile, commands)` for every operator and tile.
template <class Check>
void for_all_commands(Check&& check) {
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) check(c, op, tile, expand(op, tile, c.config));
    }
  }
}

/// Array blocks of an output block.
std::size_t folds_of(const LoweredOp& op) { return op.array.weight_stationary ? op.slices.size() : 1; }

/// One side's runs of each block, in order.
std::vector<std::vector<StreamRun>> by_block(const std::vector<StreamRun>& runs, std::size_t blocks) {
  std::vector<std::vector<StreamRun>> result(blocks);
  std::int64_t last = 0;
  for (const StreamRun& run : runs) {
    REQUIRE(run.block >= last);
    last = run.block;
    result.at(static_cast<std::size_t>(run.block)).push_back(run);
  }
  return result;
}

/// L2 of one tile, as the block mover, the streamers and the drain use it: moves in order into pools of fixed size,
/// runs in order, both sides together (FIFOs between them would only let one run ahead).
class Replay {
 public:
  Replay(const LoweredOp& op, const TileCommands& commands) : commands_(commands) {
    std::int64_t residual = 0;
    for (const BlockCommand& block : commands.blocks) residual = std::max(residual, block.residual_bytes);
    size_ = {op.pool_a, op.pool_b, 2 * residual};
  }

  void run() {
    while (move() || stream()) {
    }
    REQUIRE(next_move_ == commands_.moves.size());
    REQUIRE(next_run_ == commands_.runs_a.size());
    for (const auto& pool : held_) {
      for (const auto& [load, bytes] : pool) REQUIRE(bytes == 0);  // windows in the padding move nothing
    }
    for (const std::int64_t used : used_) REQUIRE(used == 0);
    REQUIRE(drained_ == static_cast<std::int64_t>(commands_.blocks.size()));
  }

  /// Bytes of all pools.
  [[nodiscard]] std::int64_t size() const { return size_[0] + size_[1] + size_[2]; }

 private:
  bool move() {
    if (next_move_ == commands_.moves.size()) return false;
    const Move& move = commands_.moves[next_move_];
    const auto pool = static_cast<std::size_t>(move.operand);
    REQUIRE(move.bytes >= 0);
    if (used_[pool] + move.bytes > size_[pool]) return false;
    used_[pool] += move.bytes;
    held_[pool][loads_[pool]++] = move.bytes;
    ++next_move_;
    return true;
  }

  /// The next run of each side, when its operand is there.
  bool stream() {
    if (next_run_ == commands_.runs_a.size()) return false;
    const bool vector = commands_.runs_b.empty();
    const StreamRun& a = commands_.runs_a[next_run_];
    if (a.load >= loads_[0] || (!vector && commands_.runs_b[next_run_].load >= loads_[1])) return false;
    const bool last = next_run_ + 1 == commands_.runs_a.size() || commands_.runs_a[next_run_ + 1].block != a.block;
    const BlockCommand& block = commands_.blocks[static_cast<std::size_t>(a.block)];
    if (last && block.residual_bytes > 0 && loads_[2] <= residuals_read_) return false;
    if (vector) {
      give_back_vector(a);
    } else {
      give_back(0, a);
      give_back(1, commands_.runs_b[next_run_]);
    }
    if (last && block.residual_bytes > 0) {
      REQUIRE(held_[2].at(residuals_read_) == block.residual_bytes);
      held_[2].erase(residuals_read_++);
      used_[2] -= block.residual_bytes;
    }
    drained_ += last ? 1 : 0;
    ++next_run_;
    return true;
  }

  void give_back(std::size_t pool, const StreamRun& run) {
    REQUIRE(held_[pool].count(run.load) == 1);  // what a run reads is still there
    if (run.release_bytes == 0) return;
    REQUIRE(held_[pool][run.load] == run.release_bytes);
    held_[pool].erase(run.load);
    used_[pool] -= run.release_bytes;
  }

  /// Vector work reads all loads up to its own and gives all of them back.
  void give_back_vector(const StreamRun& run) {
    std::int64_t bytes = 0;
    for (const auto& [load, size] : held_[0]) bytes += load <= run.load ? size : 0;
    REQUIRE(bytes == run.bytes);
    REQUIRE(bytes == run.release_bytes);
    held_[0].erase(held_[0].begin(), held_[0].upper_bound(run.load));
    used_[0] -= bytes;
  }

  const TileCommands& commands_;
  std::array<std::int64_t, 3> size_{};
  std::array<std::int64_t, 3> used_{};
  std::array<std::int64_t, 3> loads_{};
  std::array<std::map<std::int64_t, std::int64_t>, 3> held_;  ///< load to bytes
  std::size_t next_move_ = 0, next_run_ = 0;
  std::int64_t residuals_read_ = 0, drained_ = 0;
};

}  // namespace

TEST_CASE("block commands follow the order of execution") {
  for_all_commands([](const Case&, const LoweredOp& op, std::int64_t tile, const TileCommands& commands) {
    std::size_t next = 0;
    for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
      const Region out = op.block(mb, nb);
      const std::int64_t m = out.pixel_end - out.pixel_begin;
      const std::int64_t n = out.channel_end - out.channel_begin;
      std::int64_t macs = 0;
      for (std::size_t fold = 0; fold < folds_of(op); ++fold) {
        const BlockCommand& block = commands.blocks.at(next++);
        const bool last = fold + 1 == folds_of(op);
        if (op.array.weight_stationary) {
          REQUIRE(block.m == op.slices[fold].array_steps);
          REQUIRE(block.n == ceil_div(n, op.array.cell_n));
          REQUIRE(block.steps == ceil_div(m, op.array.cell_m));
          REQUIRE(4 * block.macs <= block.m * block.n * block.steps * op.array.quarter_macs);
        } else {
          REQUIRE(block.m == m);
          REQUIRE(block.n == n);
          const std::int64_t steps = op.kind == OpKind::gemm ? reduction_of(op, nb) : 0;
          REQUIRE(block.steps == ceil_div(4 * steps, op.array.quarter_macs));
        }
        macs += block.macs;
        REQUIRE(block.results == m * n);
        REQUIRE(block.adds == (fold > 0));
        REQUIRE(block.leaves == last);
        REQUIRE(block.out_bytes == (last ? out.elements() * op.result_bytes : 0));
        REQUIRE(block.residual_bytes == (has_residual(op) ? block.out_bytes : 0));
      }
      REQUIRE(macs == (op.kind == OpKind::gemm ? out.elements() * reduction_of(op, nb) : 0));
    });
    REQUIRE(next == commands.blocks.size());
  });
}

TEST_CASE("the runs of both sides bring every step of every block once") {
  for_all_commands([](const Case&, const LoweredOp& op, std::int64_t tile, const TileCommands& commands) {
    if (op.kind != OpKind::gemm) return;
    const auto runs_a = by_block(commands.runs_a, commands.blocks.size());
    const auto runs_b = by_block(commands.runs_b, commands.blocks.size());
    std::size_t number = 0;
    std::size_t next = 0;
    for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
      const Region out = op.block(mb, nb);
      const std::vector<Slice>& slices = op.slices_of(nb);
      for (std::size_t fold = 0; fold < folds_of(op); ++fold, ++number) {
        REQUIRE(runs_a.at(number).size() == slices.size() / folds_of(op));
        REQUIRE(runs_b.at(number).size() == slices.size() / folds_of(op));
      }
      for (std::size_t s = 0; s < slices.size(); ++s, ++next) {
        const StreamRun& a = commands.runs_a.at(next);
        const StreamRun& b = commands.runs_b.at(next);
        const BlockCommand& block = commands.blocks.at(static_cast<std::size_t>(a.block));
        REQUIRE(a.block == b.block);
        REQUIRE(a.first_step == slices[s].array_first);
        REQUIRE(b.first_step == slices[s].array_first);
        REQUIRE(b.steps == slices[s].array_steps);
        REQUIRE(a.steps == (op.array.weight_stationary ? block.steps : b.steps));
        REQUIRE(a.lines >= 0);
        const std::int64_t bytes = slices[s].steps * op.element_bytes;
        REQUIRE(a.bytes == bytes * (out.pixel_end - out.pixel_begin));
        const std::int64_t parameters = s == 0 ? op.epilogue_bytes : 0;  // they come with the first slice
        REQUIRE(b.bytes == (bytes + parameters) * (out.channel_end - out.channel_begin));
        REQUIRE(b.lines == ceil_div(b.bytes, op.array.port_bytes));
      }
    });
    REQUIRE(next == commands.runs_a.size());
    REQUIRE(next == commands.runs_b.size());
  });
}

TEST_CASE("the lines of the slices add up to those of the window") {
  for_all_commands([](const Case&, const LoweredOp& op, std::int64_t tile, const TileCommands& commands) {
    if (op.kind != OpKind::gemm || tile % 7 != 0) return;  // every seventh tile: this one is slow
    std::size_t next = 0;
    for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
      const Region out = op.block(mb, nb);
      std::map<std::int64_t, std::int64_t> lines;
      for (const Slice& slice : op.slices_of(nb)) lines[slice.chunk] += commands.runs_a.at(next++).lines;
      for (const auto& [chunk, sum] : lines) {
        const std::int64_t left = channels_reduced(op, nb) - chunk * op.chunk_channels;
        const std::int64_t width = std::min(op.chunk_channels, left) * op.element_bytes;
        REQUIRE(sum == window_lines(op, out.pixel_begin, out.pixel_end, width, op.array.port_bytes));
      }
    });
  });
}

TEST_CASE("L2 never overflows, never gets stuck and ends empty") {
  std::map<Hold, int> met;
  for_all_commands([&met](const Case& c, const LoweredOp& op, std::int64_t, const TileCommands& commands) {
    Replay replay(op, commands);
    std::int64_t result = 0;
    std::int64_t sums = 0;  // of an output block, where weights stay
    for (const BlockCommand& block : commands.blocks) {
      result = std::max(result, block.out_bytes);
      if (block.adds || !block.leaves) sums = std::max(sums, 4 * block.results);
    }
    REQUIRE(replay.size() + 2 * result + sums <= c.config.l2_bytes);
    replay.run();
    if (op.kind == OpKind::gemm) ++met[op.hold];
  });
  REQUIRE(met.size() == 3);  // all three policies are met
}

TEST_CASE("moves bring the windows' pixels and the second operand") {
  for_all_commands([](const Case& c, const LoweredOp& op, std::int64_t tile, const TileCommands& commands) {
    if (op.kind != OpKind::gemm) return;
    std::map<std::int64_t, std::int64_t> times;  // [weight token]
    std::int64_t a_bytes = 0;
    std::int64_t b_bytes = 0;
    for (const Move& move : commands.moves) {
      if (move.operand == Operand::a) {
        if (!op.inputs.front().stream.used) REQUIRE(move.token == op.inputs.front().token);
        a_bytes += move.bytes;
      }
      if (move.operand != Operand::b) continue;
      b_bytes += move.bytes;
      if (!op.weights.used) continue;
      ++times[move.token - op.weights.first_token - tile % op.tiles_n * op.weights.length];
      REQUIRE(move.bytes == c.program.stream_bytes.at(static_cast<std::size_t>(move.token - c.program.edge_tokens)));
    }
    const Range rows = op.blocks_m(tile);
    const Range columns = op.blocks_n(tile);
    const std::int64_t uses = op.weights.reload ? rows.size() : 1;
    const auto slices = static_cast<std::int64_t>(op.slices.size());
    std::int64_t deliveries = 0;
    for (std::int64_t nb = columns.begin; nb < columns.end; ++nb) {
      deliveries += static_cast<std::int64_t>(op.slices_of(nb).size());
    }
    if (op.weights.used) REQUIRE(static_cast<std::int64_t>(times.size()) == deliveries * uses);
    for (const auto& [delivery, n] : times) {
      REQUIRE(0 <= delivery);
      REQUIRE(delivery < (op.weights.reload ? op.rounds() : columns.size()) * slices);
      REQUIRE(n == (op.hold == Hold::b || op.weights.reload ? 1 : rows.size()));
    }
    // Held operands are moved once for each of their other index's groups or frames, others for every block.
    const auto per_frame = op.frames_apart ? op.grid_m / op.frames : op.grid_m;
    const auto group = [&op](std::int64_t nb) { return nb / (op.grid_n / op.groups); };
    std::int64_t channels = 0;  // of A, in all passes over a row of blocks
    for (std::int64_t nb = columns.begin; nb < columns.end; ++nb) {
      const bool again = op.hold == Hold::a && nb > columns.begin && group(nb) == group(nb - 1);
      if (!again) channels += channels_reduced(op, nb);
    }
    const std::int64_t frames = (rows.end - 1) / per_frame - rows.begin / per_frame + 1;
    std::int64_t pixels = 0;
    for (std::int64_t mb = rows.begin; mb < rows.end; ++mb) {
      const Region out = op.block(mb, 0);
      pixels += window_pixels(op, out.pixel_begin, out.pixel_end);
    }
    REQUIRE(a_bytes == pixels * channels * op.element_bytes);
    std::int64_t second = 0;
    for (std::int64_t nb = columns.begin; nb < columns.end; ++nb) {
      for (std::size_t s = 0; s < op.slices_of(nb).size(); ++s) second += weight_slice_bytes(op, nb, s);
    }
    REQUIRE(b_bytes == second * (op.hold == Hold::b ? frames : rows.size()));
  });
}

TEST_CASE("every delivery leaves L3 once on every tile that holds it, with its last move") {
  for (const Case& c : cases()) {
    INFO(c.name);
    std::vector<std::int32_t> holders(c.program.stream_tiles.size(), 0);
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
        std::map<std::int32_t, bool> left;  // [token of a delivery]
        for (const Move& move : moves_of(op, tile)) {
          if (move.token < c.program.edge_tokens) {
            REQUIRE_FALSE(move.leaves);
            continue;
          }
          const auto [entry, first] = left.insert({move.token, move.leaves});
          if (!first) {
            REQUIRE_FALSE(entry->second);  // not given back before
            entry->second = move.leaves;
          }
          const auto slot = static_cast<std::size_t>(move.token - c.program.edge_tokens);
          REQUIRE(move.bytes == c.program.stream_bytes.at(slot));
        }
        for (const auto& [token, gone] : left) {
          REQUIRE(gone);
          ++holders.at(static_cast<std::size_t>(token - c.program.edge_tokens));
        }
      }
    }
    REQUIRE(holders == c.program.stream_tiles);
  }
}
