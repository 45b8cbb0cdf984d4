// Random calls on an array, for plans of blocks and of folds. Same seed, same calls.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/compute/support.h"

namespace cyclescope::compute::test {

enum class Style { regular, per_item };  ///< per_item: every lane and column has its own availability clocks

struct RandomCase {
  ArrayGeometry geometry;
  std::vector<Call> plan;
};

class RandomCalls {
 public:
  RandomCalls(std::uint32_t seed, Style style) : random_(seed), style_(style) {}

  std::int64_t between(std::int64_t low, std::int64_t high);
  bool one_in(std::int64_t n) { return between(1, n) == 1; }
  /// All of it half of the time.
  int part_of(int whole) { return one_in(2) ? whole : static_cast<int>(between(1, whole)); }

  /// Adds runs of `tokens` tokens for each of `lanes` lanes; `clock` becomes about that of the last delivery, `call` that
  /// of the last call.
  void runs(std::vector<Call>& plan, Side side, std::int64_t block, int lanes, std::int64_t tokens, std::int64_t& clock,
            std::int64_t& call);

  /// The egress of `results` results per column, opened about when the last operand comes at `clock`.
  Call window(const ArrayBlock& block, std::int64_t results, std::int64_t clock, std::int64_t pushed);

 private:
  ItemClocks items(int lanes, std::int64_t count, std::int64_t clock);

  std::mt19937 random_;
  Style style_;
};

}  // namespace cyclescope::compute::test
