// MAC slots of one busy period of an array (from a start into an empty array to the last result on the edge), told
// apart PE by PE.
//
// Rules: PE(i,j) inside the m x n rectangle that the period's blocks span sees everything i + j steps late, the others
//   at once. Steps that a PE spends on a block are useful inside that block and padding outside; before the first block
//   they are fill; between blocks and behind the last one they are drain, or issue while the drain alone keeps the next
//   block from starting. Inside a block what exceeds
//   useful_quarter_macs (rounding of T, cells used in part) is padding.
//   Each class is summed from its own bounds, none is a remainder.
// Source: the schedule of array.h.
#pragma once

#include <vector>

#include "sim/compute/array.h"

namespace cyclescope::compute {

struct SlotSums {
  std::int64_t useful = 0;
  std::int64_t padding = 0;
  std::int64_t fill = 0;
  std::int64_t drain = 0;
  std::int64_t issue = 0;
};

class ArraySlots {
 public:
  explicit ArraySlots(const ArrayGeometry& geometry) : geometry_(geometry) {}

  /// A block starts at this step; from `held_since` <= step on the drain alone held it back.
  void start(const ArrayBlock& block, std::int64_t step, std::int64_t held_since) {
    blocks_.push_back({block, step, held_since});
  }
  /// The period ends with step `end` excluded; returns its slots and forgets it.
  [[nodiscard]] SlotSums take(std::int64_t end);

 private:
  struct Placed {
    ArrayBlock block;
    std::int64_t step = 0;
    std::int64_t held_since = 0;
  };

  ArrayGeometry geometry_;
  std::vector<Placed> blocks_;
};

}  // namespace cyclescope::compute
