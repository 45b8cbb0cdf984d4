// gemm: x [.., K], weight [N, K] or [K, N], optional bias [N] -> y [.., N].
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const Shape& x = op.input(0);
  const Shape& weight = op.input(1);
  op.expect(!x.empty(), "input is a scalar: expected at least 1 dimension");
  op.expect_rank(weight, 2, "weight");
  const bool transposed = op.attributes<GemmAttributes>().transpose_b;
  const std::int64_t columns = transposed ? weight[0] : weight[1];
  const std::int64_t depth = transposed ? weight[1] : weight[0];
  op.expect(depth == x.back(), fmt::format("input {} and weight {} do not share K (transpose_b {})", to_text(x),
                                           to_text(weight), transposed));
  if (op.inputs() == 3) {
    op.expect(op.input(2) == Shape{columns},
              fmt::format("bias has shape {}: expected [{}]", to_text(op.input(2)), columns));
  }
  Shape result = x;
  result.back() = columns;
  return result;
}

std::int64_t macs(const OperatorView& op) { return op.product({op.output_elements(), op.input(0).back()}); }

std::int64_t other_ops(const OperatorView& op) { return op.inputs() == 3 ? op.output_elements() : 0; }

}  // namespace

extern const OperatorDefinition kGemm = {OperatorType::gemm, "gemm", {2, 3, 1}, attribute_index<GemmAttributes>(),
                                         output_shape,       macs,   other_ops};

}  // namespace cyclescope::workloads
