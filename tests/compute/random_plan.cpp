#include "tests/compute/random_plan.h"

namespace cyclescope::compute::test {
namespace {

using ledger::Leaf;

class Generator {
 public:
  Generator(std::uint32_t seed, Style style) : random_(seed), style_(style) {}

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::int64_t n) { return between(1, n) == 1; }

  /// Runs of one side of a block; returns the clock of about the last delivery.
  std::int64_t runs(std::vector<Call>& plan, Side side, const ArrayBlock& block, std::int64_t& clock,
                    std::int64_t& call) {
    const int lanes = side == Side::a ? block.m : block.n;
    for (std::int64_t first = 0; first < block.steps;) {
      const std::int64_t steps = one_in(3) ? block.steps - first : between(1, block.steps - first);
      if (one_in(2)) clock += between(0, 40);
      call = std::max(call, clock - between(0, 30));
      if (one_in(8)) call += between(0, 25);
      Call supply = supply_at(call, side, block.id, first, steps, clock);
      supply.cause = operand_cause();
      if (style_ == Style::per_item) {
        supply.run.lane_clocks = items(lanes, steps, clock);
        clock += steps;
      } else {
        const std::int64_t paces[][2] = {{1, 1}, {1, 1}, {1, 2}, {3, 2}, {2, 1},
                                         {5, 3}, {7, 4}, {1, 4}, {0, 1}, {9, 8}};
        const auto& pace = paces[between(0, 9)];
        supply.run.clocks_num = pace[0];
        supply.run.clocks_den = pace[1];
        clock += (steps - 1) * pace[0] / pace[1] + (one_in(2) ? 1 : 0);
      }
      plan.push_back(supply);
      first += steps;
    }
    return clock;
  }

  Call window(const ArrayBlock& block, std::int64_t clock, std::int64_t pushed) {
    const std::int64_t from = std::max<std::int64_t>(0, clock + between(-60, one_in(3) ? 150 : 20));
    Call open = open_at(std::max(pushed, from - between(-10, 60)), block.id, from, between(1, one_in(4) ? 6 : 2));
    open.cause = one_in(2) ? Leaf::useful_vector : Leaf::waiting_operand_noc;
    if (style_ == Style::per_item) open.window.column_clocks = items(block.n, block.m, from);
    return open;
  }

 private:
  ItemClocks items(int lanes, std::int64_t count, std::int64_t clock) {
    auto clocks = std::make_shared<std::vector<std::int64_t>>();
    const std::int64_t rarity = between(1, 40);
    for (int lane = 0; lane < lanes; ++lane) {
      std::int64_t at = clock + between(0, 4);
      for (std::int64_t k = 0; k < count; ++k) {
        clocks->push_back(at + (one_in(5) ? between(-3, 3) : 0));
        at += one_in(rarity) ? between(0, 12) : 1;
      }
    }
    return clocks;
  }

  Leaf operand_cause() {
    const Leaf causes[] = {Leaf::waiting_operand_l1, Leaf::waiting_operand_l2, Leaf::waiting_operand_l3,
                           Leaf::waiting_operand_dram_row, Leaf::useful_transfer, Leaf::overhead_descriptor};
    return causes[between(0, 5)];
  }

  std::mt19937 random_;
  Style style_;
};

}  // namespace

RandomCase random_case(std::uint32_t seed, bool interleave, Style style) {
  Generator random(seed * 4 + (interleave ? 2 : 0) + (style == Style::per_item ? 1 : 0), style);
  RandomCase result;
  ArrayGeometry& geometry = result.geometry;
  const std::int64_t largest = random.one_in(4) ? 32 : 12;
  geometry.rows = static_cast<int>(random.between(1, largest));
  geometry.columns = static_cast<int>(random.between(1, largest));
  geometry.quarter_macs = 1 << random.between(0, 3);
  geometry.interleave_drain = interleave;
  geometry.ingress_depth = static_cast<int>(random.between(1, 40));
  geometry.egress_depth = static_cast<int>(random.between(2, 20));

  const std::int64_t blocks = random.between(1, 7);
  const std::int64_t longest = random.one_in(3) ? 8 : 70;
  std::int64_t clocks[2] = {random.between(0, 20), random.between(0, 20)};
  std::int64_t calls[2] = {0, 0};
  std::int64_t pushed = 0;
  for (std::int64_t id = 0; id < blocks; ++id) {
    if (random.one_in(3)) pushed += random.between(0, 80);
    const auto m = static_cast<int>(random.one_in(2) ? geometry.rows : random.between(1, geometry.rows));
    const auto n = static_cast<int>(random.one_in(2) ? geometry.columns : random.between(1, geometry.columns));
    const std::int64_t steps = random.between(1, longest);
    const std::int64_t depth = steps * geometry.quarter_macs / 4;  // K of which T = steps may be the rounded form
    Call push = push_at(pushed, id, m, n, steps, std::max<std::int64_t>(depth, 1) * m * n);
    result.plan.push_back(push);
    std::int64_t last = 0;
    for (const Side side : {Side::a, Side::b}) {
      const auto index = static_cast<std::size_t>(side);
      calls[index] = std::max(calls[index], pushed);
      last = std::max(last, random.runs(result.plan, side, push.block, clocks[index], calls[index]));
    }
    result.plan.push_back(random.window(push.block, last, pushed));
    if (random.one_in(5)) clocks[0] = clocks[1] = std::max(clocks[0], clocks[1]) + random.between(0, 200);
  }
  return result;
}

}  // namespace cyclescope::compute::test
