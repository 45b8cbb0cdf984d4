#include "tests/compute/random_calls.h"

#include <algorithm>
#include <memory>

namespace cyclescope::compute::test {

using ledger::Leaf;

std::int64_t RandomCalls::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
}

void RandomCalls::runs(std::vector<Call>& plan, Side side, std::int64_t block, int lanes, std::int64_t tokens,
                       std::int64_t& clock, std::int64_t& call) {
  for (std::int64_t first = 0; first < tokens;) {
    const std::int64_t steps = one_in(3) ? tokens - first : between(1, tokens - first);
    if (one_in(2)) clock += between(0, 40);
    call = std::max(call, clock - between(0, 40));
    if (one_in(8)) call += between(0, 25);
    Call supply = supply_at(call, side, block, first, steps, clock);
    const Leaf causes[] = {Leaf::waiting_operand_l1,       Leaf::waiting_operand_l2, Leaf::waiting_operand_l3,
                           Leaf::waiting_operand_dram_row, Leaf::useful_transfer,    Leaf::overhead_descriptor};
    supply.cause = causes[between(0, 5)];
    if (style_ == Style::per_item) {
      supply.run.lane_clocks = items(lanes, steps, clock);
      clock += steps;
    } else {
      const std::int64_t paces[][2] = {{1, 1}, {1, 1}, {1, 2}, {3, 2}, {2, 1}, {5, 3}, {7, 4}, {1, 4}, {0, 1}, {9, 8}};
      const auto& pace = paces[between(0, 9)];
      supply.run.clocks_num = pace[0];
      supply.run.clocks_den = pace[1];
      clock += (steps - 1) * pace[0] / pace[1] + (one_in(2) ? 1 : 0);
    }
    plan.push_back(supply);
    first += steps;
  }
}

Call RandomCalls::window(const ArrayBlock& block, std::int64_t results, std::int64_t clock, std::int64_t pushed) {
  const std::int64_t from = std::max<std::int64_t>(0, clock + between(-60, one_in(3) ? 150 : 20));
  Call open = open_at(std::max(pushed, from - between(-10, 60)), block.id, from, between(1, one_in(4) ? 6 : 2));
  open.cause = one_in(2) ? Leaf::useful_vector : Leaf::waiting_operand_noc;
  if (style_ == Style::per_item) open.window.column_clocks = items(block.n, results, from);
  return open;
}

ItemClocks RandomCalls::items(int lanes, std::int64_t count, std::int64_t clock) {
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

}  // namespace cyclescope::compute::test
