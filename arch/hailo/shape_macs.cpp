#include "arch/hailo/shaper.h"

namespace cyclescope::hailo {

using workloads::Shape;

void Shaper::convolution() {
  const auto& conv = attributes<workloads::ConvAttributes>();
  images();
  add_window(conv.kernel, conv.stride, conv.padding, conv.dilation);
  const std::int64_t out = shape_[kChannel];
  const std::int64_t in = graph_.input(op_, 0).shape[kChannel] / conv.groups;
  const std::int64_t taps = conv.kernel[0] * conv.kernel[1];
  const std::int64_t width = shape_[kWidth];
  const bool depthwise = in == 1 && conv.groups > 1;
  const std::int64_t side = depthwise ? padded(out) : conv.groups * padded(out / conv.groups);
  set_macs(width * side * padded(in) * taps, width * side / features_);
  weights(1, out);
}

void Shaper::product() {
  like_operand(0);
  const std::size_t last = shape_.size() - 1;
  if (output_[last].step.num != 0) output_ = usual_axes(shape_);
  channels_ = static_cast<int>(last);
  std::vector<AxisUse> uses = element_wise(axes(0), output_);
  uses.back() = {};
  add_input(0, uses);
  const std::int64_t depth = graph_.input(op_, 0).shape.back();
  set_macs(padded(shape_[last]) * padded(depth), padded(shape_[last]) / features_);
  weights(1, shape_[last]);
}

void Shaper::product_of_activations() {
  const auto& product = attributes<workloads::MatmulAttributes>();
  const std::size_t last = shape_.size() - 1;
  output_ = axes_by_rows(shape_, {last - 1});
  channels_ = static_cast<int>(last);
  for (const std::size_t operand : {std::size_t{0}, std::size_t{1}}) {
    std::vector<AxisUse> uses = element_wise(axes(operand), output_);
    const bool transposed = operand == 0 ? product.transpose_a : product.transpose_b;
    const std::size_t end = uses.size() - 1;
    // Of a the reduced axis is the last one, of b the one before; the other follows the output.
    const std::size_t reduced = (operand == 0) != transposed ? end : end - 1;
    const std::size_t kept = 2 * end - 1 - reduced;
    uses[reduced] = {};
    uses[kept] = {};
    uses[kept].out = static_cast<int>(operand == 0 ? last - 1 : last);
    add_input(operand, uses);
    if (operands_[operand].constant) shaped_.weight_elements += operands_[operand].elements;
  }
  const Shape& a = graph_.input(op_, 0).shape;
  const std::int64_t depth = product.transpose_a ? a[a.size() - 2] : a.back();
  std::int64_t heads = 1;
  for (std::size_t i = 0; i + 2 < shape_.size(); ++i) heads *= shape_[i];
  set_macs(heads * padded(shape_[last]) * padded(depth), heads * padded(shape_[last]) / features_);
}

}  // namespace cyclescope::hailo
