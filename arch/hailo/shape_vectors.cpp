#include <algorithm>

#include "arch/hailo/shaper.h"

namespace cyclescope::hailo {

using workloads::OperatorType;
using workloads::Shape;

void Shaper::mean(const std::vector<std::size_t>& reduced, bool keepdims) {
  const TensorRows& in = operands_[0];
  Shape given = graph_.input(op_, 0).shape;
  std::swap(given, shape_);
  like_operand(0);
  std::swap(given, shape_);
  const auto is_reduced = [&](std::size_t axis) {
    return std::find(reduced.begin(), reduced.end(), axis) != reduced.end();
  };
  bool over_rows = false;
  bool beside = false;
  for (std::size_t i = 0; i < output_.size(); ++i) {
    if (output_[i].size == 1 || output_[i].step.num == 0) continue;
    (is_reduced(i) ? over_rows : beside) = true;
  }
  if (over_rows && beside) not_modelled("a mean over some of the axes that count rows");
  add_input(0, element_wise(in.axes, output_));
  set_passes(1);
  std::vector<Axis> kept;
  for (std::size_t i = 0; i < output_.size(); ++i) {
    if (!is_reduced(i)) kept.push_back(output_[i]);
    if (is_reduced(i) && keepdims) kept.push_back({});
  }
  shaped_.layer.rows = rows_of(output_);
  shaped_.output.scattered = over_rows;
  output_ = kept;
  if (!keepdims) channels_ = -1;
}

void Shaper::resize() {
  images();
  const auto& resize = attributes<workloads::ResizeAttributes>();
  const std::int64_t in = graph_.input(op_, 0).shape[kHeight];
  const std::int64_t out = shape_[kHeight];
  const bool linear = resize.mode == workloads::ResizeMode::linear;
  std::vector<AxisUse> uses(4);
  AxisUse& lines = uses[kHeight];
  lines = {static_cast<int>(kHeight), Ratio(in, out), 0, 1};
  if (resize.coordinates == "align_corners") {
    lines.scale = Ratio(out > 1 ? in - 1 : 0, std::max<std::int64_t>(1, out - 1));
    lines.extent = 2;
  } else if (linear || resize.coordinates != "asymmetric") {
    // (r + 1/2) * scale - 1/2 and the line after it; at most half a line before r * scale, (scale - 1) / 2 behind.
    lines.before = 1;
    lines.extent = 3 + (in > out ? ceil_div(in - out, 2 * out) : 0);
  }
  add_input(0, uses);
  set_passes(linear ? 4 : 1);
}

void Shaper::concat() {
  const auto axis = static_cast<std::size_t>(attributes<workloads::ConcatAttributes>().axis);
  like_operand(0);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    std::vector<AxisUse> uses = element_wise(axes(i), output_);
    uses[axis] = {};
    if (output_[axis].step.num != 0) uses[axis] = {static_cast<int>(axis), Ratio(1), offset, 1};
    add_input(i, uses);
    offset += axes(i)[axis].size;
  }
  set_passes(1);
}

void Shaper::normalisation(std::int64_t passes, std::int64_t axis, bool all_after) {
  like_operand(0);
  std::vector<AxisUse> uses = element_wise(axes(0), output_);
  for (auto i = static_cast<std::size_t>(axis); i < uses.size(); ++i) {
    uses[i] = {};
    if (!all_after) break;
  }
  add_input(0, uses);
  set_passes(passes);
}

void Shaper::pointwise() {
  std::size_t model = 0;
  int activations = 0;
  for (std::size_t i = operands_.size(); i-- > 0;) {
    if (operands_[i].constant) continue;
    ++activations;
    if (graph_.input(op_, i).shape == shape_) model = i;
  }
  if (op_.type == OperatorType::pow && activations > 1) not_modelled("a power of two activations");
  like_operand(model);
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    const bool again = i > 0 && op_.inputs[i] == op_.inputs[0];
    if (!again) add_input(i, element_wise(axes(i), output_));
  }
  set_passes(1);
}

}  // namespace cyclescope::hailo
