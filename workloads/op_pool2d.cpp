// max_pool2d, avg_pool2d: x [N, C, H, W] -> y [N, C, OH, OW].
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const auto& a = op.attributes<PoolAttributes>();
  const Shape& x = op.input(0);
  op.expect_rank(x, 4, "input");
  const Window rows{a.kernel[0], a.stride[0], a.padding[0], a.padding[2], a.dilation[0], a.ceil_mode};
  const Window columns{a.kernel[1], a.stride[1], a.padding[1], a.padding[3], a.dilation[1], a.ceil_mode};
  const Shape result{x[0], x[1], window_positions(op, x[2], rows), window_positions(op, x[3], columns)};
  for (std::size_t side = 0; side < 4; ++side) {  // otherwise a window could lie in the padding alone
    const std::int64_t reach = a.dilation[side % 2] * (a.kernel[side % 2] - 1) + 1;
    op.expect(a.padding[side] < reach,
              fmt::format("padding {} of a window of {}: expected less than the window", a.padding[side], reach));
  }
  return result;
}

Shape max_pool_shape(const OperatorView& op) {
  op.expect(!op.attributes<PoolAttributes>().count_include_pad, "count_include_pad has no meaning: expected false");
  return output_shape(op);
}

Shape avg_pool_shape(const OperatorView& op) {
  op.expect(op.attributes<PoolAttributes>().dilation == Pair{1, 1}, "dilation has no meaning: expected [1, 1]");
  return output_shape(op);
}

std::int64_t taps(const OperatorView& op) {
  const auto& a = op.attributes<PoolAttributes>();
  return op.product({a.kernel[0], a.kernel[1]});
}

std::int64_t max_pool_ops(const OperatorView& op) { return op.product({op.output_elements(), taps(op) - 1}); }

std::int64_t avg_pool_ops(const OperatorView& op) { return op.product({op.output_elements(), taps(op)}); }

}  // namespace

extern const OperatorDefinition kMaxPool2d = {
    OperatorType::max_pool2d, "max_pool2d", {1, 1, 1},   attribute_index<PoolAttributes>(),
    max_pool_shape,           nothing,      max_pool_ops};
extern const OperatorDefinition kAvgPool2d = {
    OperatorType::avg_pool2d, "avg_pool2d", {1, 1, 1},   attribute_index<PoolAttributes>(),
    avg_pool_shape,           nothing,      avg_pool_ops};

}  // namespace cyclescope::workloads
