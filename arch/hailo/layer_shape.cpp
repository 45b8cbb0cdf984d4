#include "arch/hailo/layer_shape.h"

#include <fmt/format.h>

#include "arch/hailo/shaper.h"
#include "sim/base/error.h"

namespace cyclescope::hailo {

using workloads::Graph;
using workloads::Operator;
using workloads::OperatorType;
using workloads::Shape;

ShapedLayer Shaper::run() {
  shaped_.layer.kind = LayerKind::vector;
  switch (op_.type) {
    case OperatorType::conv2d:
      convolution();
      break;
    case OperatorType::gemm:
      product();
      break;
    case OperatorType::matmul:
      product_of_activations();
      break;
    case OperatorType::max_pool2d:
    case OperatorType::avg_pool2d: {
      const auto& pool = attributes<workloads::PoolAttributes>();
      images();
      add_window(pool.kernel, pool.stride, pool.padding, pool.dilation);
      set_passes(pool.kernel[0] * pool.kernel[1]);
      break;
    }
    case OperatorType::global_avg_pool:
      mean({kHeight, kWidth}, true);
      break;
    case OperatorType::reduce_mean: {
      const auto& reduce = attributes<workloads::ReduceAttributes>();
      mean({reduce.axes.begin(), reduce.axes.end()}, reduce.keepdims);
      break;
    }
    case OperatorType::resize:
      resize();
      break;
    case OperatorType::concat:
      concat();
      break;
    case OperatorType::pad: {
      like_operand(0);
      std::vector<AxisUse> uses = element_wise(axes(0), axes(0));
      const auto& pad = attributes<workloads::PadAttributes>();
      for (std::size_t i = 0; i < uses.size(); ++i) uses[i].before = pad.begin[i];
      add_input(0, uses);
      set_passes(1);
      break;
    }
    case OperatorType::softmax:
      normalisation(3, attributes<workloads::SoftmaxAttributes>().axis, false);
      break;
    case OperatorType::layer_norm:
      normalisation(2, attributes<workloads::LayerNormAttributes>().axis, true);
      break;
    case OperatorType::batch_norm:
      like_operand(0);
      add_input(0, element_wise(axes(0), output_));
      set_passes(2);
      break;
    default:
      pointwise();
  }
  finish();
  return shaped_;
}

void Shaper::add_input(std::size_t operand, const std::vector<AxisUse>& uses) {
  const TensorRows& tensor = operands_[operand];
  if (tensor.constant) return;
  LayerInput input;
  input.producer = tensor.producer;
  input.graph_input = tensor.graph_input;
  input.map = map_of(tensor, uses, output_);
  shaped_.layer.inputs.push_back(input);
  shaped_.operands.push_back(operand);
}

void Shaper::like_operand(std::size_t operand) {
  const TensorRows& tensor = operands_[operand];
  output_ = usual_axes(shape_);
  channels_ = tensor.channels;
  if (!is_plain(tensor) || tensor.axes.size() != shape_.size()) return;
  for (std::size_t i = 0; i < shape_.size(); ++i) {  // an axis that lies within rows may have changed its size
    if (tensor.axes[i].step.num != 0 && tensor.axes[i].size != shape_[i]) return;
  }
  output_ = tensor.axes;
  for (std::size_t i = 0; i < shape_.size(); ++i) output_[i].size = shape_[i];
}

void Shaper::images() {
  const Shape& in = graph_.input(op_, 0).shape;
  if (in.size() != 4 || shape_.size() != 4) not_modelled("expected batch, channels, height and width");
  if (in[0] != 1) not_modelled("expected batch 1 in the trace; --batch sets the frames of an inference");
  output_ = usual_axes(shape_);
  channels_ = kChannel;
}

void Shaper::add_window(const workloads::Pair& kernel, const workloads::Pair& stride, const workloads::Padding& padding,
                        const workloads::Pair& dilation) {
  std::vector<AxisUse> uses(4);
  uses[kHeight] = {static_cast<int>(kHeight), Ratio(stride[0]), padding[0], dilation[0] * (kernel[0] - 1) + 1};
  add_input(0, uses);
}

void Shaper::set_passes(std::int64_t passes) {
  const std::size_t channels = channels_ >= 0 ? static_cast<std::size_t>(channels_) : output_.size() - 1;
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < output_.size(); ++i) {
    if (output_[i].step.num == 0) elements *= i == channels ? padded(output_[i].size) : output_[i].size;
  }
  shaped_.layer.row_passes = checked_mul(elements, passes);
  shaped_.layer.parallelism = ceil_div(elements, features_);
  if (op_.type == OperatorType::concat || op_.type == OperatorType::layer_norm ||
      op_.type == OperatorType::batch_norm || workloads::is_binary_pointwise(op_.type)) {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const bool kept = graph_.input(op_, i).role != workloads::TensorRole::statistic;
      if (operands_[i].constant && kept) shaped_.constant_elements += operands_[i].elements;
    }
  }
}

void Shaper::finish() {
  Layer& layer = shaped_.layer;
  if (layer.inputs.empty()) not_modelled("it reads no activation");
  if (layer.rows == 0) layer.rows = rows_of(output_);
  layer.row_elements = ceil_div(graph_.output(op_).elements(), layer.rows);
  TensorRows& output = shaped_.output;
  output.rows = layer.rows;
  output.row_elements = layer.row_elements;
  output.axes = output_;
  output.channels = channels_;
}

void refuse(const Graph& graph, const Operator& op, const std::string& why) {
  throw NotModelled(fmt::format("model '{}': {} '{}': {}", graph.model, workloads::name(op.type), op.name, why));
}

ShapedLayer shape_layer(const Graph& graph, const Operator& op, const std::vector<TensorRows>& operands, int features) {
  return Shaper(graph, op, operands, features).run();
}

}  // namespace cyclescope::hailo
