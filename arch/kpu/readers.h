// Who reads what of a plane: the needs of an edge by rows and columns of tiles, and the cutting of a rectangle into parts
// with one set of receivers each. Pure.
#pragma once

#include <functional>
#include <vector>

#include "arch/kpu/program.h"

namespace cyclescope::kpu {

class Reader {
 public:
  Reader(const LoweredOp& op, std::int32_t index, const InputEdge& edge);

  [[nodiscard]] const InputEdge& edge() const { return *edge_; }
  [[nodiscard]] std::int32_t op() const { return index_; }

  /// Cuts `part` of the reader's plane into rectangles with the same receivers and hands each that is used to
  /// emit(rectangle, used bytes, sites).
  using Emit = std::function<void(const Region&, std::int64_t, const std::vector<std::int32_t>&)>;
  void cut(const Region& part, const Emit& emit) const;

  /// `rect` of the producer's output (frame after frame) in the reader's plane, as far as `piece` covers it.
  void place(const Piece& piece, const Region& rect, const std::function<void(const Region&)>& use) const;

 private:
  const LoweredOp* op_;
  std::int32_t index_;
  const InputEdge* edge_;
  std::vector<Range> pixels_;    ///< per row of tiles, in order
  std::vector<Range> channels_;  ///< per column of tiles, in order
};

}  // namespace cyclescope::kpu
