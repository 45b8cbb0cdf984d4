// matmul: a [.., M, K], b [.., K, N] (each optionally transposed), leading axes broadcast -> y [.., M, N] * scale.
#include <fmt/format.h>

#include <utility>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape transposed(Shape shape, bool transpose) {
  if (transpose) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return shape;
}

Shape output_shape(const OperatorView& op) {
  const auto& attributes = op.attributes<MatmulAttributes>();
  op.expect(op.input(0).size() >= 2 && op.input(1).size() >= 2,
            fmt::format("inputs have shapes {} and {}: expected at least 2 dimensions", to_text(op.input(0)),
                        to_text(op.input(1))));
  op.expect(attributes.attention >= -1, fmt::format("attention {}: expected at least -1", attributes.attention));
  Shape a = transposed(op.input(0), attributes.transpose_a);
  Shape b = transposed(op.input(1), attributes.transpose_b);
  op.expect(a.back() == b[b.size() - 2],
            fmt::format("inputs {} and {} (after transposition) do not share K", to_text(a), to_text(b)));
  const std::int64_t rows = a[a.size() - 2];
  const std::int64_t columns = b.back();
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  Shape result = broadcast(op, a, b);
  result.push_back(rows);
  result.push_back(columns);
  return result;
}

std::int64_t macs(const OperatorView& op) {
  const std::int64_t depth = transposed(op.input(0), op.attributes<MatmulAttributes>().transpose_a).back();
  return op.product({op.output_elements(), depth});
}

std::int64_t other_ops(const OperatorView& op) {
  return op.attributes<MatmulAttributes>().scale != 1.0 ? op.output_elements() : 0;
}

}  // namespace

extern const OperatorDefinition kMatmul = {
    OperatorType::matmul, "matmul", {2, 2, 2}, attribute_index<MatmulAttributes>(), output_shape, macs, other_ops};

}  // namespace cyclescope::workloads
