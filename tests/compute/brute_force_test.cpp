// The closed forms of the exact array against counting PE by PE: which starts let results meet on a link, and where
// each MAC slot goes.
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <utility>

#include "sim/compute/array_slots.h"
#include "sim/compute/block_state.h"
#include "sim/compute/vector_unit.h"
#include "tests/compute/support.h"

namespace cyclescope::compute::test {
namespace {

struct Placed {
  std::int64_t start;
  std::int64_t steps;
  int m;
};

/// True when two results are in one link register of column 0 in the same step.
bool collide(const std::vector<Placed>& blocks) {
  std::set<std::pair<std::int64_t, int>> taken;  // step, row of the link register
  for (const Placed& block : blocks) {
    for (int row = 0; row < block.m; ++row) {
      for (int hop = 0; hop <= row; ++hop) {
        if (!taken.insert({block.start + block.steps + row + hop, row - hop}).second) return true;
      }
    }
  }
  return false;
}

TEST_CASE("the earliest legal start is the first without a collision under each drain rule") {
  std::mt19937 random(7);
  const auto between = [&](int low, int high) { return low + static_cast<int>(random() % (high - low + 1)); };
  for (int sequence = 0; sequence < 4000; ++sequence) {
    const bool interleave = sequence % 2 == 1;
    const int rows = between(1, 9);
    BlockQueue queue;
    std::vector<Placed> placed;
    for (int b = 0; b < 5; ++b) {
      Placed next{0, between(1, 12), between(1, rows)};
      BlockState state;
      state.block = push_at(0, b, next.m, 1, next.steps).block;
      const std::int64_t ready = placed.empty() ? 0 : placed.back().start + between(0, 12);
      const std::int64_t chosen = first_legal_start(queue, queue.size(), state.block, ready, interleave);
      for (next.start = ready;; ++next.start) {
        std::vector<Placed> all = placed;
        all.push_back(next);
        bool legal = !collide(all);
        if (!placed.empty()) {
          const Placed& before = placed.back();
          const std::int64_t end = next.start + next.steps;
          legal = legal && next.start >= before.start + before.steps;
          legal = legal && (!interleave || end > before.start + before.steps + before.m - 1);  // last row on its link
          for (const Placed& older : placed) {
            legal = legal && (interleave || end > older.start + older.steps + 2 * (older.m - 1));  // drained before
          }
        }
        if (legal) break;
      }
      REQUIRE(chosen == next.start);
      state.start = chosen;
      queue.push_back(state);
      placed.push_back(next);
    }
  }
}

TEST_CASE("equal blocks repeat at the intervals that the drain allows") {
  const struct {
    int rows;
    std::int64_t conservative;
    std::int64_t interleaved;
  } table[] = {{8, 15, 9}, {16, 31, 17}, {32, 63, 33}};
  for (const auto& row : table) {
    for (const bool interleave : {false, true}) {
      BlockQueue queue;
      for (int b = 0; b < 12; ++b) {
        BlockState state;
        state.block = push_at(0, b, row.rows, row.rows, 3).block;
        state.start = first_legal_start(queue, queue.size(), state.block, 0, interleave);
        queue.push_back(state);
        CHECK(state.start == b * (interleave ? row.interleaved : row.conservative));
      }
    }
  }
}

TEST_CASE("slots of a busy period equal a count over all PEs and steps") {
  std::mt19937 random(11);
  const auto between = [&](int low, int high) { return low + static_cast<int>(random() % (high - low + 1)); };
  for (int sequence = 0; sequence < 500; ++sequence) {
    ArrayGeometry geometry;
    geometry.rows = between(1, 7);
    geometry.columns = between(1, 7);
    geometry.quarter_macs = 1 << between(0, 3);
    ArraySlots slots(geometry);
    struct Block {
      std::int64_t start;
      ArrayBlock block;
      std::int64_t held;  ///< steps before the start in which the drain held it back
    };
    std::vector<Block> blocks;
    std::int64_t step = between(0, 5);
    const std::int64_t begin = step;
    std::int64_t end = 0;
    int m = 0;
    int n = 0;
    std::int64_t rounding = 0;
    for (int b = between(1, 4); b > 0; --b) {
      const std::int64_t depth = between(1, 30);  // K
      const std::int64_t steps = ceil_div(4 * depth, geometry.quarter_macs);
      Block next{step, push_at(0, 0, between(1, geometry.rows), between(1, geometry.columns), steps).block, 0};
      if (!blocks.empty())
        next.held = between(0, static_cast<int>(step - blocks.back().start - blocks.back().block.steps));
      next.block.macs = depth * next.block.m * next.block.n;
      rounding += (steps * geometry.quarter_macs - 4 * depth) * next.block.m * next.block.n;
      blocks.push_back(next);
      slots.start(next.block, step, step - next.held);
      end = std::max(end, step + steps + 2 * next.block.m + next.block.n - 2);
      step += steps + between(0, 2);
      m = std::max(m, next.block.m);
      n = std::max(n, next.block.n);
    }
    SlotSums counted;
    for (int i = 0; i < geometry.rows; ++i) {
      for (int j = 0; j < geometry.columns; ++j) {
        const int delay = i < m && j < n ? i + j : 0;
        for (std::int64_t now = begin; now < end; ++now) {
          const std::int64_t local = now - delay;
          std::int64_t* leaf = local < begin ? &counted.fill : &counted.drain;
          for (const Block& block : blocks) {
            if (local >= block.start - block.held && local < block.start) leaf = &counted.issue;
            if (local < block.start || local >= block.start + block.block.steps) continue;
            leaf = i < block.block.m && j < block.block.n ? &counted.useful : &counted.padding;
          }
          *leaf += geometry.quarter_macs;
        }
      }
    }
    const SlotSums sums = slots.take(end);
    REQUIRE(sums.useful == counted.useful - rounding);
    REQUIRE(sums.padding == counted.padding + rounding);
    REQUIRE(sums.fill == counted.fill);
    REQUIRE(sums.drain == counted.drain);
    REQUIRE(sums.issue == counted.issue);
    REQUIRE(sums.useful + sums.padding + sums.fill + sums.drain + sums.issue ==
            (end - begin) * geometry.rows * geometry.columns * geometry.quarter_macs);
  }
}

TEST_CASE("the vector unit takes ceil(elements * passes / lanes) clocks plus its depth") {
  const VectorUnitGeometry unit{16, 4};
  CHECK(unit.clocks(0, 1) == 0);
  CHECK(unit.clocks(1, 1) == 1 + 4);
  CHECK(unit.clocks(16, 1) == 1 + 4);
  CHECK(unit.clocks(17, 1) == 2 + 4);
  CHECK(unit.clocks(1000, 3) == 188 + 4);  // 3000 / 16 = 187.5
  CHECK(unit.issue_clocks(1000, 3) == 188);
  // kpu-sim's vector_engine.hpp: rows * ceil(W / 8) + 3; equal when rows are whole multiples of the lanes.
  CHECK((VectorUnitGeometry{8, 3}.clocks(32 * 64, 1)) == 32 * (64 / 8) + 3);
  CHECK_THROWS_AS((VectorUnitGeometry{0, 4}.clocks(1, 1)), InternalError);
  CHECK_THROWS_AS(unit.clocks(-1, 1), InternalError);
  CHECK_THROWS_AS(unit.clocks(INT64_MAX, 2), InternalError);
}

}  // namespace
}  // namespace cyclescope::compute::test
