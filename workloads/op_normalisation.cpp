// batch_norm: x [N, C, ..], scale, bias, mean, variance [C] -> y as x.
// layer_norm: x, scale and bias of the shape of x from `axis` on -> y as x.
// softmax: x -> y as x, normalised along `axis`.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape batch_norm_shape(const OperatorView& op) {
  const Shape& x = op.input(0);
  op.expect(x.size() >= 2, fmt::format("input has shape {}: expected at least 2 dimensions", to_text(x)));
  const double epsilon = op.attributes<BatchNormAttributes>().epsilon;
  op.expect(epsilon >= 0, fmt::format("epsilon {}: expected at least 0", epsilon));
  for (std::size_t i = 1; i < op.inputs(); ++i) {
    op.expect(op.input(i) == Shape{x[1]},
              fmt::format("input {} has shape {}: expected [{}]", i, to_text(op.input(i)), x[1]));
  }
  return x;
}

std::int64_t batch_norm_ops(const OperatorView& op) { return op.product({2, op.output_elements()}); }

Shape layer_norm_shape(const OperatorView& op) {
  const Shape& x = op.input(0);
  const auto& attributes = op.attributes<LayerNormAttributes>();
  op.expect_axis(attributes.axis, x.size());
  op.expect(attributes.epsilon >= 0, fmt::format("epsilon {}: expected at least 0", attributes.epsilon));
  const Shape normalised(x.begin() + attributes.axis, x.end());
  for (std::size_t i = 1; i < op.inputs(); ++i) {
    op.expect(op.input(i) == normalised,
              fmt::format("input {} has shape {}: expected {}", i, to_text(op.input(i)), to_text(normalised)));
  }
  return x;
}

std::int64_t layer_norm_ops(const OperatorView& op) {
  std::int64_t rows = 1;
  for (std::int64_t axis = 0; axis < op.attributes<LayerNormAttributes>().axis; ++axis) {
    rows = op.product({rows, op.input(0)[static_cast<std::size_t>(axis)]});
  }
  return op.sum(op.product({7, op.output_elements()}), op.product({5, rows}));
}

Shape softmax_shape(const OperatorView& op) {
  const auto& attributes = op.attributes<SoftmaxAttributes>();
  op.expect_axis(attributes.axis, op.input(0).size());
  op.expect(attributes.attention >= -1, fmt::format("attention {}: expected at least -1", attributes.attention));
  return op.input(0);
}

std::int64_t softmax_ops(const OperatorView& op) { return op.product({5, op.output_elements()}); }

}  // namespace

extern const OperatorDefinition kBatchNorm = {
    OperatorType::batch_norm, "batch_norm", {5, 5, 1},     attribute_index<BatchNormAttributes>(),
    batch_norm_shape,         nothing,      batch_norm_ops};
extern const OperatorDefinition kLayerNorm = {
    OperatorType::layer_norm, "layer_norm", {3, 3, 1},     attribute_index<LayerNormAttributes>(),
    layer_norm_shape,         nothing,      layer_norm_ops};
extern const OperatorDefinition kSoftmax = {
    OperatorType::softmax, "softmax", {1, 1, 1},  attribute_index<SoftmaxAttributes>(),
    softmax_shape,         nothing,   softmax_ops};

}  // namespace cyclescope::workloads
