#include "sim/compute/array_slots.h"

#include <algorithm>

#include "sim/compute/array_rules.h"

namespace cyclescope::compute {
namespace {

/// Number of PEs per delay i + j in an m x n rectangle.
std::int64_t on_diagonal(std::int64_t m, std::int64_t n, std::int64_t delay) {
  if (delay > m + n - 2) return 0;
  return std::min({delay + 1, m, n, m + n - 1 - delay});
}

}  // namespace

SlotSums ArraySlots::take(std::int64_t end) {
  if (blocks_.empty()) return {};
  const std::int64_t pes = static_cast<std::int64_t>(geometry_.rows) * geometry_.columns;
  const std::int64_t quarter_macs = geometry_.quarter_macs;
  std::int64_t m = 0;
  std::int64_t n = 0;
  for (const Placed& placed : blocks_) {
    m = std::max<std::int64_t>(m, placed.block.m);
    n = std::max<std::int64_t>(n, placed.block.n);
  }
  // PE-steps of `late` (a rectangle's PEs by delay) in the bounds [from, to), each shifted by its delay and cut at
  // `end`.
  const auto late = [&](std::int64_t rows, std::int64_t columns, std::int64_t from, std::int64_t to) {
    const std::int64_t longest = rows + columns - 2;
    if (to + longest <= end) return rows * columns * (to - from);
    std::int64_t sum = 0;
    for (std::int64_t d = 0; d <= longest; ++d) {
      sum += on_diagonal(rows, columns, d) * (std::min(to + d, end) - std::min(from + d, end));
    }
    return sum;
  };
  const auto everywhere = [&](std::int64_t from, std::int64_t to) {
    return late(m, n, from, to) + (pes - m * n) * (std::min(to, end) - std::min(from, end));
  };

  SlotSums sums;
  const std::int64_t begin = blocks_.front().step;
  for (std::int64_t d = 0; d <= m + n - 2; ++d) {
    sums.fill += on_diagonal(m, n, d) * (std::min(begin + d, end) - begin) * quarter_macs;
  }
  std::int64_t issued_to = begin;
  for (const Placed& placed : blocks_) {
    const ArrayBlock& block = placed.block;
    const std::int64_t results = static_cast<std::int64_t>(block.m) * block.n;
    const std::int64_t stop = placed.step + block.steps;
    const std::int64_t executed = results * block.steps * quarter_macs;
    const std::int64_t useful = useful_quarter_macs(geometry_, block);
    const std::int64_t held_since = std::max(issued_to, placed.held_since);
    sums.drain += everywhere(issued_to, held_since) * quarter_macs;
    sums.issue += everywhere(held_since, placed.step) * quarter_macs;
    sums.useful += useful;
    sums.padding += everywhere(placed.step, stop) * quarter_macs - executed;
    sums.padding += executed - useful;
    issued_to = stop;
  }
  sums.drain += everywhere(issued_to, end) * quarter_macs;
  blocks_.clear();
  return sums;
}

}  // namespace cyclescope::compute
