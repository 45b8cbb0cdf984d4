// What a fused group looks like to a tile: rows, columns and reduction of its product, or rows and passes of its vector
// work, and the rectangles of planes that it reads.
#include <fmt/format.h>

#include <algorithm>

#include "arch/kpu/lowering.h"
#include "arch/kpu/shape_views.h"
#include "workloads/cost.h"

namespace cyclescope::kpu {
namespace {

using workloads::FusedGroup;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorType;
using workloads::TensorRole;

class Shaper {
 public:
  Shaper(const Graph& graph, const FusedGroup& group, PlaneMap& planes)
      : graph_(graph), group_(group), primary_(graph.operators[group.members.front()]), planes_(planes) {}

  Shaped run() {
    op_.name = primary_.name;
    op_.type = workloads::name(primary_.type);
    if (std::optional<TensorView> view = view_of(graph_, primary_, planes_)) {
      op_.kind = OpKind::view;
      return {op_, *view};
    }
    TensorView output = shape_primary();
    if (group_.has_residual) add_residual();
    return {op_, output};
  }

 private:
  [[noreturn]] void not_modelled(const std::string& why) const { refuse(graph_, primary_, why); }

  [[nodiscard]] const TensorView& view(std::size_t input) const {
    return operand_view(graph_, primary_, input, planes_);
  }

  [[nodiscard]] Region dense(const TensorView& view) const {
    const std::optional<Region> region = rectangle(view);
    if (!region) not_modelled("it reads elements that are no rectangle of pixels and channels");
    return *region;
  }

  InputEdge& read(const TensorView& view, EdgeRole role) {
    op_.inputs.push_back(edge_of(view, dense(view), role));
    return op_.inputs.back();
  }

  void set_matrix(std::int64_t rows, std::int64_t features) {
    op_.in_height = op_.out_height = 1;
    op_.in_width = op_.out_width = rows;
    op_.in_channels = features;
  }

  /// NCHW planes in and out.
  void set_images() {
    const workloads::Shape& in = graph_.input(primary_, 0).shape;
    const workloads::Shape& out = graph_.output(primary_).shape;
    if (in.size() != 4 || out.size() != 4) not_modelled("expected a plane of batch, channels, height and width");
    if (in[0] != 1) not_modelled("expected batch 1 in the trace; --batch sets the frames of an inference");
    op_.in_channels = in[1];
    op_.in_height = in[2];
    op_.in_width = in[3];
    op_.n = out[1];
    op_.out_height = out[2];
    op_.out_width = out[3];
    const InputEdge& edge = read(view(0), EdgeRole::input);
    if (edge.channels != in[1] || view(0).axes[3].pixel_step != 1) not_modelled("it reads a rearranged plane");
  }

  TensorView plain() const { return plain_view(graph_.output(primary_).shape, kGraphInput); }

  /// Parameters of each channel that vector work needs beside its operands.
  void add_parameters(std::int64_t vectors) {
    InputEdge edge;
    edge.role = EdgeRole::per_channel;
    edge.pixels = vectors;
    edge.channels = op_.n;
    edge.pieces.push_back({kConstant, {0, vectors, 0, op_.n}, vectors, 0, 0});
    op_.inputs.push_back(edge);
  }

  TensorView shape_primary() {
    switch (primary_.type) {
      case OperatorType::conv2d:
        return convolution();
      case OperatorType::gemm:
        return product();
      case OperatorType::matmul:
        return product_of_activations();
      case OperatorType::max_pool2d:
      case OperatorType::avg_pool2d: {
        const auto& pool = std::get<workloads::PoolAttributes>(primary_.attributes);
        op_.kind = OpKind::vector;
        op_.window = {pool.kernel, pool.stride, pool.padding, pool.dilation};
        set_images();
        return plain();
      }
      case OperatorType::global_avg_pool:
        op_.kind = OpKind::vector;
        op_.whole_input = true;
        set_images();
        return plain();
      case OperatorType::resize: {
        const bool linear =
            std::get<workloads::ResizeAttributes>(primary_.attributes).mode == workloads::ResizeMode::linear;
        op_.kind = OpKind::vector;
        op_.resize = true;
        op_.per_input = false;
        op_.vector_passes = linear ? 4 : 1;
        set_images();
        return plain();
      }
      case OperatorType::softmax:
        return rows(3, std::get<workloads::SoftmaxAttributes>(primary_.attributes).axis);
      case OperatorType::layer_norm: {
        TensorView output = rows(2, std::get<workloads::LayerNormAttributes>(primary_.attributes).axis);
        add_parameters(2);
        return output;
      }
      case OperatorType::batch_norm: {
        TensorView output = element_wise(1);
        add_parameters(2);
        return output;
      }
      default:
        if (workloads::is_unary_pointwise(primary_.type)) return element_wise(1);
        if (workloads::is_binary_pointwise(primary_.type)) return binary();
        not_modelled("its lowering is not known yet");
    }
  }

  TensorView convolution() {
    const auto& conv = std::get<workloads::ConvAttributes>(primary_.attributes);
    set_images();
    op_.window = {conv.kernel, conv.stride, conv.padding, conv.dilation};
    const std::int64_t taps = conv.kernel[0] * conv.kernel[1];
    op_.groups = conv.groups;
    if (conv.groups > 1 && conv.groups == op_.in_channels && op_.n == op_.in_channels) {  // depthwise
      op_.kind = OpKind::vector;
      op_.groups = 1;
      op_.per_input = false;
      op_.vector_passes = static_cast<int>(taps);
      add_parameters(taps + 1);
      return plain();
    }
    op_.k = taps * op_.group_channels();
    return plain();
  }

  TensorView product() {
    const workloads::Shape& out = graph_.output(primary_).shape;
    const TensorView& in = view(0);
    op_.n = out.back();
    op_.k = graph_.input(primary_, 0).shape.back();
    if (in.scattered) {  // a flattened plane: one row, and every tile needs all of it
      if (graph_.output(primary_).elements() != op_.n) not_modelled("it reads a flattened plane as more than one row");
      set_matrix(1, op_.k);
      op_.inputs.push_back(edge_of(in, {0, in.plane->pixels, 0, in.plane->channels}, EdgeRole::input));
      op_.inputs.back().reshaped = true;
      return plain();
    }
    const Axis& features = in.axes.back();
    const InputEdge& edge = read(in, EdgeRole::input);
    if (edge.channels != op_.k || (features.size > 1 && features.channel_step != 1)) {
      not_modelled("its operand is not rows of channels");
    }
    set_matrix(edge.pixels, op_.k);
    return plain();
  }

  /// Batched a x b: the batch (heads) lies along the channels of both planes.
  TensorView product_of_activations() {
    const auto& attributes = std::get<workloads::MatmulAttributes>(primary_.attributes);
    const TensorView& a = view(0);
    const TensorView& b = view(1);
    const std::size_t rank = a.axes.size();
    if (b.axes.size() != rank || attributes.transpose_a)
      not_modelled("expected operands of one rank, a not transposed");
    op_.groups = 1;
    for (std::size_t i = 0; i + 2 < rank; ++i) {
      if (a.axes[i].size != b.axes[i].size) not_modelled("expected one batch shape, without broadcast");
      op_.groups *= a.axes[i].size;
    }
    const Axis& depth = a.axes[rank - 1];
    const Axis& rows = a.axes[rank - 2];
    const Axis& b_last = b.axes[rank - 1];
    const Axis& b_before = b.axes[rank - 2];
    op_.k = depth.size;
    op_.b_transposed = attributes.transpose_b;
    const std::int64_t columns = attributes.transpose_b ? b_before.size : b_last.size;
    const bool a_fits = depth.channel_step == 1 && rows.pixel_step == 1;
    const bool b_fits = b_last.channel_step == 1 && b_before.pixel_step == 1;
    const InputEdge a_edge = edge_of(a, dense(a), EdgeRole::input);
    const InputEdge b_edge = edge_of(b, dense(b), EdgeRole::operand_b);
    if (!a_fits || !b_fits || a_edge.pixels != rows.size || a_edge.channels != op_.groups * depth.size ||
        b_edge.pixels != b_before.size || b_edge.channels != op_.groups * b_last.size) {
      not_modelled("its batch does not lie along the channels of its operands");
    }
    op_.inputs = {a_edge, b_edge};
    op_.frames_apart = true;
    op_.n = op_.groups * columns;
    set_matrix(rows.size, op_.groups * op_.k);
    TensorView output = plain_view({rows.size, op_.n}, kGraphInput);
    std::vector<Axis> axes(rank);
    std::int64_t step = op_.n;
    for (std::size_t i = 0; i + 2 < rank; ++i) {
      step /= a.axes[i].size;
      axes[i] = {a.axes[i].size, 0, step};
    }
    axes[rank - 2] = {rows.size, 1, 0};
    axes[rank - 1] = {columns, 0, 1};
    output.axes = axes;
    return output;
  }

  TensorView element_wise(int passes) {
    op_.kind = OpKind::vector;
    op_.vector_passes = passes;
    const InputEdge& edge = read(view(0), EdgeRole::input);
    op_.n = edge.channels;
    set_matrix(edge.pixels, edge.channels);
    return same_view(view(0), kGraphInput);
  }

  /// Reductions along rows: the axis must be the last, and run through channels.
  TensorView rows(int passes, std::int64_t axis) {
    const TensorView& in = view(0);
    const Axis& last = in.axes.back();
    if (axis != static_cast<std::int64_t>(in.axes.size()) - 1 || (last.size > 1 && last.channel_step != 1)) {
      not_modelled("only a reduction along the last axis, through channels, is known");
    }
    TensorView output = element_wise(passes);
    op_.groups = op_.n / last.size;
    op_.rows_whole = true;
    return output;
  }

  TensorView binary() {
    TensorView output = element_wise(1);
    if (primary_.inputs[0] == primary_.inputs[1]) not_modelled("it reads one tensor twice");
    const TensorView& other = view(1);
    const InputEdge& edge = read(other, EdgeRole::input);
    if (edge.pixels != op_.in_width || edge.channels != op_.n) {
      not_modelled("only two operands of one shape are known, no broadcast");
    }
    if (!same_walk(view(0), other)) not_modelled("its operands are laid out differently");
    return output;
  }

  void add_residual() {
    const auto sum = std::find_if(group_.members.begin(), group_.members.end(), [&](workloads::OperatorId member) {
      return graph_.operators[member].type == OperatorType::add && &graph_.operators[member] != &primary_;
    });
    if (sum == group_.members.end()) throw InternalError("a group with a residual and no sum");
    const TensorView& other = planes_.at(group_.inputs.back());
    const InputEdge& edge = read(other, EdgeRole::residual);
    if (edge.pixels != op_.frame_pixels() || edge.channels != op_.n)
      not_modelled("its residual is laid out differently");
  }

  const Graph& graph_;
  const FusedGroup& group_;
  const Operator& primary_;
  PlaneMap& planes_;
  LoweredOp op_;
};

/// Members after the primary: what the drain does besides requantisation.
void set_epilogue(const Graph& graph, const FusedGroup& group, Precision used, LoweredOp& op) {
  bool table = false;
  for (std::size_t i = 1; i < group.members.size(); ++i) {
    const Operator& member = graph.operators[group.members[i]];
    const bool simple = member.type == OperatorType::batch_norm || member.type == OperatorType::add ||
                        member.type == OperatorType::relu || member.type == OperatorType::clip;
    table = table || !simple;
  }
  if (op.kind != OpKind::gemm) return;
  constexpr std::int64_t kBias = 4;   // INT32 or FP32
  constexpr std::int64_t kScale = 4;  // 32-bit requantisation, integers only
  op.epilogue_bytes = op.weight_bytes == 0 ? 0 : kBias + (used == Precision::int8 ? kScale : 0);
  // Bias, simple activation and requantisation are one pass; a residual operand and a table look-up are one each.
  op.vector_passes = 1 + (group.has_residual ? 1 : 0) + (table ? 1 : 0);
}

}  // namespace

void set_used_pixels(LoweredOp& op) {
  const auto used = [&op](std::int64_t outputs, std::int64_t inputs, std::size_t axis) {
    std::vector<char> touched(static_cast<std::size_t>(inputs), op.whole_input || op.resize ? 1 : 0);
    for (std::int64_t o = 0; o < outputs && !op.whole_input && !op.resize; ++o) {
      for (std::int64_t tap = 0; tap < op.window.kernel[axis]; ++tap) {
        const std::int64_t i = o * op.window.stride[axis] - op.window.padding[axis] + tap * op.window.dilation[axis];
        if (i >= 0 && i < inputs) touched[static_cast<std::size_t>(i)] = 1;
      }
    }
    return touched;
  };
  const auto prefix = [](const std::vector<char>& touched) {
    std::vector<std::int64_t> before{0};
    for (const char one : touched) before.push_back(before.back() + one);
    return before;
  };
  op.row_used = used(op.out_height, op.in_height, 0);
  op.rows_used_before = prefix(op.row_used);
  op.columns_used_before = prefix(used(op.out_width, op.in_width, 1));
}

Shaped shape_group(const Graph& graph, const FusedGroup& group, PlaneMap& planes, const LoweringOptions& options) {
  Shaped shaped = Shaper(graph, group, planes).run();
  LoweredOp& op = shaped.op;
  for (const workloads::OperatorId member : group.members) {
    op.members += (op.members.empty() ? "" : " ") + graph.operators[member].name;
    op.macs += workloads::cost(graph, graph.operators[member]).macs * options.batch;
  }
  if (op.kind == OpKind::view) return shaped;
  const PrecisionUse use = precision_use(options.precision);
  op.element_bytes = op.result_bytes = bits(use.used) / 8;
  for (InputEdge& edge : op.inputs) edge.element_bytes = op.element_bytes;
  op.frames = options.batch;
  op.m = op.frames * op.frame_pixels();
  const bool product_with_weights = op.kind == OpKind::gemm && !op.frames_apart;
  if (product_with_weights) op.weight_bytes = 1;  // known once blocks are
  set_epilogue(graph, group, use.used, op);
  if (product_with_weights) op.weight_bytes = op.k * op.n * op.element_bytes + op.n * op.epilogue_bytes;
  op.precision_label = op.kind == OpKind::gemm || use.label == "substituted" ? use.label : "native";
  set_used_pixels(op);
  op.program = fmt::format("{} {}x{} {} {}", op.type, op.window.kernel[0], op.window.kernel[1], op.vector_passes,
                           group.has_activation);
  return shaped;
}

}  // namespace cyclescope::kpu
