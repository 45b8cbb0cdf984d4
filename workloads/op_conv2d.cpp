// conv2d: x [N, I, H, W], weight [O, I/groups, kh, kw], optional bias [O] -> y [N, O, OH, OW].
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const auto& a = op.attributes<ConvAttributes>();
  const Shape& x = op.input(0);
  const Shape& weight = op.input(1);
  op.expect_rank(x, 4, "input");
  op.expect_rank(weight, 4, "weight");
  op.expect(a.groups >= 1 && x[1] % a.groups == 0 && weight[0] % a.groups == 0,
            fmt::format("groups {}: expected a divisor of the {} input and the {} output channels", a.groups, x[1],
                        weight[0]));
  const Shape expected{weight[0], x[1] / a.groups, a.kernel[0], a.kernel[1]};
  op.expect(weight == expected, fmt::format("weight has shape {}: expected {}", to_text(weight), to_text(expected)));
  if (op.inputs() == 3) {
    op.expect(op.input(2) == Shape{weight[0]},
              fmt::format("bias has shape {}: expected [{}]", to_text(op.input(2)), weight[0]));
  }
  const Window rows{a.kernel[0], a.stride[0], a.padding[0], a.padding[2], a.dilation[0]};
  const Window columns{a.kernel[1], a.stride[1], a.padding[1], a.padding[3], a.dilation[1]};
  return {x[0], weight[0], window_positions(op, x[2], rows), window_positions(op, x[3], columns)};
}

std::int64_t macs(const OperatorView& op) {
  const Shape& weight = op.input(1);
  return op.product({op.output_elements(), weight[1], weight[2], weight[3]});
}

std::int64_t other_ops(const OperatorView& op) { return op.inputs() == 3 ? op.output_elements() : 0; }

}  // namespace

extern const OperatorDefinition kConv2d = {OperatorType::conv2d, "conv2d", {2, 3, 1}, attribute_index<ConvAttributes>(),
                                           output_shape,         macs,     other_ops};

}  // namespace cyclescope::workloads
