#include "tests/compute/random_folds.h"

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
  int part_of(int whole) { return one_in(2) ? whole : static_cast<int>(between(1, whole)); }

  /// Runs of `tokens` tokens for each of `lanes` lanes; `clock` becomes about the last delivery.
  void runs(std::vector<Call>& plan, Side side, std::int64_t block, int lanes, std::int64_t tokens, std::int64_t& clock,
            std::int64_t& call) {
    for (std::int64_t first = 0; first < tokens;) {
      const std::int64_t steps = one_in(3) ? tokens - first : between(1, tokens - first);
      if (one_in(3)) clock += between(0, 30);
      call = std::max(call, clock - between(0, 40));
      if (one_in(8)) call += between(0, 25);
      Call supply = supply_at(call, side, block, first, steps, clock);
      const Leaf causes[] = {Leaf::waiting_operand_l1, Leaf::waiting_operand_l2,  Leaf::waiting_operand_l3,
                             Leaf::useful_transfer,    Leaf::overhead_descriptor, Leaf::waiting_operand_dram_row};
      supply.cause = causes[between(0, 5)];
      if (style_ == Style::per_item) {
        supply.run.lane_clocks = items(lanes, steps, clock);
        clock += steps;
      } else {
        const std::int64_t paces[][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 2}, {3, 2},
                                         {2, 1}, {7, 4}, {0, 1}, {1, 4}, {5, 1}};
        const auto& pace = paces[between(0, 9)];
        supply.run.clocks_num = pace[0];
        supply.run.clocks_den = pace[1];
        clock += (steps - 1) * pace[0] / pace[1] + (one_in(2) ? 1 : 0);
      }
      plan.push_back(supply);
      first += steps;
    }
  }

  Call window(const ArrayBlock& fold, std::int64_t clock, std::int64_t pushed) {
    const std::int64_t from = std::max<std::int64_t>(0, clock + between(-60, one_in(4) ? 150 : 20));
    Call open = open_at(std::max(pushed, from - between(-10, 60)), fold.id, from, one_in(4) ? between(1, 5) : 1);
    open.cause = one_in(2) ? Leaf::useful_vector : Leaf::waiting_operand_noc;
    if (style_ == Style::per_item) open.window.column_clocks = items(fold.n, fold.steps, from);
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

  std::mt19937 random_;
  Style style_;
};

}  // namespace

RandomCase random_folds(std::uint32_t seed, Style style) {
  Generator random(seed * 2 + (style == Style::per_item ? 1 : 0), style);
  RandomCase result;
  ArrayGeometry& geometry = result.geometry;
  geometry.dataflow = random.one_in(2) ? Dataflow::weight_stationary : Dataflow::input_stationary;
  geometry.stationary_buffers = random.one_in(3) ? 1 : 2;
  const std::int64_t largest = random.one_in(5) ? 24 : 9;
  geometry.rows = static_cast<int>(random.between(1, largest));
  geometry.columns = static_cast<int>(random.between(1, largest));
  geometry.cell_m = 1 << random.between(0, 2);
  geometry.cell_n = 1 << random.between(0, 2);
  geometry.cell_k = 1 << random.between(0, 2);
  geometry.quarter_macs = 4 * geometry.cell_m * geometry.cell_n * geometry.cell_k;
  geometry.ingress_depth = static_cast<int>(random.between(1, 30));
  geometry.egress_depth = static_cast<int>(random.between(2, 20));

  const std::int64_t folds = random.between(1, 7);
  const std::int64_t longest = random.one_in(3) ? 4 : 60;
  std::int64_t clocks[2] = {random.between(0, 20), random.between(0, 30)};
  std::int64_t calls[2] = {0, 0};
  std::int64_t pushed = 0;
  for (std::int64_t id = 0; id < folds; ++id) {
    if (random.one_in(3)) pushed += random.between(0, 80);
    const int m = random.part_of(geometry.rows);
    const int n = random.part_of(geometry.columns);
    const std::int64_t steps = random.between(1, longest);
    // Any part of the cells may be useful.
    const std::int64_t executed = steps * m * n * geometry.cell_m * geometry.cell_n * geometry.cell_k;
    Call push = push_at(pushed, id, m, n, steps, random.one_in(2) ? executed : random.between(executed / 2, executed));
    result.plan.push_back(push);
    for (const bool stationary : {true, false}) {
      const std::size_t index = stationary ? 0 : 1;
      calls[index] = std::max(calls[index], pushed);
      const Side side = stationary ? stationary_side(geometry.dataflow) : streaming_side(geometry.dataflow);
      random.runs(result.plan, side, id, stationary ? n : m, stationary ? m : steps, clocks[index], calls[index]);
    }
    result.plan.push_back(random.window(push.block, std::max(clocks[0], clocks[1]), pushed));
    if (random.one_in(5)) clocks[0] = clocks[1] = std::max(clocks[0], clocks[1]) + random.between(0, 200);
  }
  return result;
}

}  // namespace cyclescope::compute::test
