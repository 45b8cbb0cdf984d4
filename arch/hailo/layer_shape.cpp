#include "arch/hailo/layer_shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/checked.h"
#include "sim/base/error.h"

namespace cyclescope::hailo {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::OperatorType;
using workloads::Shape;

constexpr std::size_t kChannel = 1, kHeight = 2, kWidth = 3;  // of NCHW

class Shaper {
 public:
  Shaper(const Graph& graph, const Operator& op, const std::vector<TensorRows>& operands, int features)
      : graph_(graph), op_(op), operands_(operands), features_(features), shape_(graph.output(op).shape) {}

  ShapedLayer run() {
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

 private:
  [[noreturn]] void not_modelled(const std::string& why) const { refuse(graph_, op_, why); }

  template <class T>
  [[nodiscard]] const T& attributes() const {
    return std::get<T>(op_.attributes);
  }
  [[nodiscard]] const std::vector<Axis>& axes(std::size_t operand) const { return operands_[operand].axes; }
  [[nodiscard]] std::int64_t padded(std::int64_t n) const { return round_up(n, features_); }

  void add_input(std::size_t operand, const std::vector<AxisUse>& uses) {
    const TensorRows& tensor = operands_[operand];
    if (tensor.constant) return;
    LayerInput input;
    input.producer = tensor.producer;
    input.graph_input = tensor.graph_input;
    input.map = map_of(tensor, uses, output_);
    shaped_.layer.inputs.push_back(input);
    shaped_.operands.push_back(operand);
  }

  /// The output has the rows of an operand of its shape, or the usual ones.
  void like_operand(std::size_t operand) {
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

  void images() {
    const Shape& in = graph_.input(op_, 0).shape;
    if (in.size() != 4 || shape_.size() != 4) not_modelled("expected batch, channels, height and width");
    if (in[0] != 1) not_modelled("expected batch 1 in the trace; --batch sets the frames of an inference");
    output_ = usual_axes(shape_);
    channels_ = kChannel;
  }

  void add_window(const workloads::Pair& kernel, const workloads::Pair& stride, const workloads::Padding& padding,
                  const workloads::Pair& dilation) {
    std::vector<AxisUse> uses(4);
    uses[kHeight] = {static_cast<int>(kHeight), Ratio(stride[0]), padding[0], dilation[0] * (kernel[0] - 1) + 1};
    add_input(0, uses);
  }

  void convolution() {
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

  void product() {
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

  void product_of_activations() {
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

  /// Over all rows of a frame: each hands on a part. Or within rows.
  void mean(const std::vector<std::size_t>& reduced, bool keepdims) {
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

  void resize() {
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

  void concat() {
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

  /// Rows must hold what is normalised, or they wait for one another.
  void normalisation(std::int64_t passes, std::int64_t axis, bool all_after) {
    like_operand(0);
    std::vector<AxisUse> uses = element_wise(axes(0), output_);
    for (auto i = static_cast<std::size_t>(axis); i < uses.size(); ++i) {
      uses[i] = {};
      if (!all_after) break;
    }
    add_input(0, uses);
    set_passes(passes);
  }

  void pointwise() {
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

  void set_macs(std::int64_t slots, std::int64_t parallelism) {
    shaped_.layer.kind = LayerKind::mac;
    shaped_.layer.row_slots = slots;
    shaped_.layer.parallelism = parallelism;
  }

  void weights(std::size_t operand, std::int64_t features) {
    shaped_.weight_elements = graph_.input(op_, operand).elements();
    shaped_.features = features;
  }

  /// Of the rows as they stand: elements per row with the channels padded, times passes.
  void set_passes(std::int64_t passes) {
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

  void finish() {
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

  const Graph& graph_;
  const Operator& op_;
  const std::vector<TensorRows>& operands_;
  int features_;
  Shape shape_;
  std::vector<Axis> output_;
  int channels_ = -1;
  ShapedLayer shaped_;
};

}  // namespace

void refuse(const Graph& graph, const Operator& op, const std::string& why) {
  throw NotModelled(fmt::format("model '{}': {} '{}': {}", graph.model, workloads::name(op.type), op.name, why));
}

ShapedLayer shape_layer(const Graph& graph, const Operator& op, const std::vector<TensorRows>& operands, int features) {
  return Shaper(graph, op, operands, features).run();
}

}  // namespace cyclescope::hailo
