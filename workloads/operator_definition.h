// What one operator means: its output shape, MACs and other operations. One op_*.cpp per operator or tight family; a
// new operator is an enumerator in operator_type.h, such a file, and one line in the table of operator_definition.cpp.
//
// Other operations (Cost::other_ops), counted as a scalar program does them; exp, erf, tanh, sqrt, a division and a
// compare are one operation each; weights that depend on the position alone are not counted:
//   conv2d, gemm      1 per output element when there is a bias
//   matmul            1 per output element when scale is not 1
//   batch_norm        2 per element: times scale, plus shift (statistics folded beforehand)
//   layer_norm        7 per element: sum, minus mean, square, sum, times 1/deviation, times scale, plus bias;
//                     5 per normalised row: two divisions, plus epsilon, square root, reciprocal
//   softmax           5 per element: maximum, minus maximum, exp, sum, divide
//   relu neg abs exp sqrt erf tanh   1 per element
//   sigmoid           4 per element: negate, exp, plus 1, reciprocal; silu 5: times x
//   gelu              5 per element: times 1/sqrt(2), erf, plus 1, times x, times 1/2
//   hard_sigmoid      4 per element: multiply, add, two compares; hard_swish 5: times x
//   clip              1 per element and bound, at least 1
//   add .. minimum    1 per output element
//   max_pool2d        kh*kw - 1 compares per output element, padding counted
//   avg_pool2d        kh*kw per output element: kh*kw - 1 adds, one multiply, padding counted
//   global_avg_pool, reduce_mean   as avg_pool2d over the reduced extents: one per input element
//   resize            linear 7 per output element: 4 multiplies, 3 adds; nearest 0
//   concat, pad, transpose, slice, expand   0, but they move data
//   reshape           0, and it is a view
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace cyclescope::workloads {

/// One operator of a graph with its shapes at hand; all that a definition sees.
class OperatorView {
 public:
  OperatorView(const Graph& graph, const Operator& op) : graph_(graph), op_(op) {}

  [[nodiscard]] std::size_t inputs() const { return op_.inputs.size(); }
  [[nodiscard]] const Shape& input(std::size_t index = 0) const { return graph_.input(op_, index).shape; }
  /// The shape the graph declares for the output.
  [[nodiscard]] const Shape& output() const { return graph_.output(op_).shape; }
  [[nodiscard]] std::int64_t input_elements() const { return graph_.input(op_, 0).elements(); }
  [[nodiscard]] std::int64_t output_elements() const { return graph_.output(op_).elements(); }

  /// Attributes as the struct T that belongs to this type of operator.
  template <class T>
  [[nodiscard]] const T& attributes() const {
    if (const T* found = std::get_if<T>(&op_.attributes)) return *found;
    refuse("attributes belong to another type of operator");
  }

  /// a + b and the product of factors; refuse the operator on overflow of int64.
  [[nodiscard]] std::int64_t sum(std::int64_t a, std::int64_t b) const;
  [[nodiscard]] std::int64_t product(std::initializer_list<std::int64_t> factors) const;

  /// Refuses the operator unless `holds`.
  void expect(bool holds, const std::string& what) const {
    if (!holds) refuse(what);
  }
  /// Refuses the operator unless `shape` has `rank` dimensions.
  void expect_rank(const Shape& shape, std::size_t rank, const char* which) const;
  /// Refuses the operator unless 0 <= axis < rank.
  void expect_axis(std::int64_t axis, std::size_t rank) const;

  /// Throws InputError: model, operator, type, and `what`.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const Graph& graph_;
  const Operator& op_;
};

/// How many inputs an operator takes.
struct Arity {
  std::size_t min;
  std::size_t max;
  std::size_t data;  ///< leading inputs that may be activations; those after them are learnt or constant
};

enum class OperatorKind : std::uint8_t { other, unary_pointwise, binary_pointwise };

/// A line of the table.
struct OperatorDefinition {
  OperatorType type;
  const char* name;  ///< as in traces/SCHEMA.md
  Arity arity;
  std::size_t attributes;                         ///< attribute_index of its struct
  Shape (*output_shape)(const OperatorView& op);  ///< checks inputs and attributes; throws InputError
  std::int64_t (*macs)(const OperatorView& op);
  std::int64_t (*other_ops)(const OperatorView& op);
  OperatorKind kind = OperatorKind::other;
  bool view = false;  ///< moves and computes nothing
};

/// Upper limit of inputs where the schema sets none.
constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

/// For definitions without MACs or without other operations.
std::int64_t nothing(const OperatorView& op);

/// The definition of a type. Throws NotModelled when the table has none.
const OperatorDefinition& definition(OperatorType type);

/// Throws InputError unless the number of inputs and outputs and the kind of attributes fit the definition.
void check_form(const Graph& graph, const Operator& op);

/// `[1, 64, 56, 56]`
std::string to_text(const Shape& shape);

/// Shape of a and b broadcast as NumPy does; refuses `op` when they do not.
Shape broadcast(const OperatorView& op, const Shape& a, const Shape& b);

/// A window sliding along one axis: positions it takes over `extent` padded by `before` and `after`. Rounds down, or up
/// with `ceil_mode` (a window must then still start inside the extent or the padding before it). Refuses `op` for a
/// stride, kernel or dilation below 1, a negative padding, or a window that does not fit.
struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::int64_t dilation = 1;
  bool ceil_mode = false;
};
std::int64_t window_positions(const OperatorView& op, std::int64_t extent, const Window& window);

}  // namespace cyclescope::workloads
