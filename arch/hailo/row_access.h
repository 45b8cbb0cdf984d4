// Tensors as rows of the layer that makes them, and which of those rows a row of a reader takes. Reshapes, transposes,
// slices and expansions are views: they move the axes, not the rows.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/hailo/network.h"

namespace cyclescope::hailo {

/// A fraction in lowest terms, of a positive denominator.
struct Ratio {
  std::int64_t num = 0;
  std::int64_t den = 1;

  Ratio() = default;
  Ratio(std::int64_t numerator, std::int64_t denominator = 1);
  [[nodiscard]] std::int64_t floor() const;
  friend Ratio operator+(const Ratio& a, const Ratio& b) { return {a.num * b.den + b.num * a.den, a.den * b.den}; }
  friend Ratio operator*(const Ratio& a, const Ratio& b) { return {a.num * b.num, a.den * b.den}; }
  friend bool operator==(const Ratio& a, const Ratio& b) { return a.num == b.num && a.den == b.den; }
};

/// An axis of a tensor: how many rows of its producer a step of the index goes; 0: within a row.
struct Axis {
  std::int64_t size = 1;
  Ratio step;
};

/// A tensor whose element at indices i lies in row floor(base + sum of i * step) of its producer.
struct TensorRows {
  int producer = -1;              ///< layer
  int graph_input = -1;           ///< when there is no producer
  bool constant = false;          ///< neither: learnt or constant
  bool scattered = false;         ///< an element may lie in any row
  std::int64_t rows = 1;          ///< of the producer
  std::int64_t row_elements = 1;  ///< of the producer
  Ratio base;
  Ratio portion{1};  ///< of every row of the producer that the view shows
  std::vector<Axis> axes;
  int channels = -1;          ///< axis of the channels; -1: the last one
  std::int64_t elements = 0;  ///< constants: of the tensor behind the view
};

/// The axes of `shape` when those listed count rows, the last one fastest, and the others lie within rows.
std::vector<Axis> axes_by_rows(const workloads::Shape& shape, const std::vector<std::size_t>& row_axes);

/// Usual rows of a tensor: lines of an image (four axes), else the last axis.
std::vector<Axis> usual_axes(const workloads::Shape& shape);

/// Rows that axes count: every combination of indices of those that step.
std::int64_t rows_of(const std::vector<Axis>& axes);

/// Whether the tensor is every row of its producer, once, each in one piece.
bool is_plain(const TensorRows& tensor);

/// The view that `op` makes of its first operand. `op` is a reshape, transpose, slice or expand.
TensorRows view_of(const workloads::Operator& op, const TensorRows& operand, const workloads::Shape& shape);

/// What of an operand's axis an element of the output takes: indices [floor(o * scale) - before, + extent) for index o of
/// the output's axis `out`; all of them without one.
struct AxisUse {
  int out = -1;
  Ratio scale{1};
  std::int64_t before = 0;
  std::int64_t extent = 1;
};

/// Uses of an operand that is read element by element, broadcast as NumPy does.
std::vector<AxisUse> element_wise(const std::vector<Axis>& operand, const std::vector<Axis>& out);

/// Which rows of the operand's producer a row of `out` takes: exact for windows and proportional orders, never less than
/// what is taken, all of them where that is every row.
RowMap map_of(const TensorRows& operand, const std::vector<AxisUse>& uses, const std::vector<Axis>& out);

}  // namespace cyclescope::hailo
