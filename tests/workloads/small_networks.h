// Small networks of what transformers, segmenters and mobile networks are made of, shared by several tests.
#pragma once

#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {

/// GraphBuilder with products of tokens, windows and views; output shapes follow from the arguments.
class SmallNet : public GraphBuilder {
 public:
  [[nodiscard]] const Shape& shape(TensorId x) const { return graph.tensors[x].shape; }

  TensorId linear(TensorId x, std::int64_t features) {
    Shape out = shape(x);
    std::vector<TensorId> inputs{x, parameter({features, out.back()}), parameter({features})};
    out.back() = features;
    return add(OperatorType::gemm, GemmAttributes{}, std::move(inputs), out);
  }

  TensorId reshape(TensorId x, const Shape& to) { return add(OperatorType::reshape, NoAttributes{}, {x}, to); }

  TensorId transpose(TensorId x, const std::vector<std::int64_t>& perm) {
    Shape out;
    for (const std::int64_t axis : perm) out.push_back(shape(x)[static_cast<std::size_t>(axis)]);
    TransposeAttributes attributes;
    attributes.perm = perm;
    return add(OperatorType::transpose, attributes, {x}, out);
  }

  TensorId slice(TensorId x, std::size_t axis, std::int64_t start, std::int64_t extent) {
    Shape out = shape(x);
    SliceAttributes attributes;
    attributes.starts.assign(out.size(), 0);
    attributes.steps.assign(out.size(), 1);
    attributes.starts[axis] = start;
    out[axis] = extent;
    return add(OperatorType::slice, attributes, {x}, out);
  }

  TensorId concat(const std::vector<TensorId>& parts, std::size_t axis) {
    Shape out = shape(parts.front());
    out[axis] = 0;
    for (const TensorId part : parts) out[axis] += shape(part)[axis];
    ConcatAttributes attributes;
    attributes.axis = static_cast<std::int64_t>(axis);
    return add(OperatorType::concat, attributes, parts, out);
  }

  TensorId matmul(TensorId a, TensorId b, bool transpose_b) {
    Shape out = shape(a);
    out.back() = transpose_b ? shape(b)[shape(b).size() - 2] : shape(b).back();
    MatmulAttributes attributes;
    attributes.transpose_b = transpose_b;
    return add(OperatorType::matmul, attributes, {a, b}, out);
  }

  TensorId softmax(TensorId x) {
    SoftmaxAttributes attributes;
    attributes.axis = static_cast<std::int64_t>(shape(x).size()) - 1;
    return add(OperatorType::softmax, attributes, {x}, shape(x));
  }

  TensorId layer_norm(TensorId x) {
    LayerNormAttributes attributes;
    attributes.axis = static_cast<std::int64_t>(shape(x).size()) - 1;
    const Shape last{shape(x).back()};
    return add(OperatorType::layer_norm, attributes, {x, parameter(last), parameter(last)}, shape(x));
  }

  /// Square window, padded so that stride 1 keeps the plane.
  TensorId convolution(TensorId x, std::int64_t channels, std::int64_t kernel, std::int64_t groups = 1,
                       std::int64_t stride = 1) {
    Shape out = shape(x);
    const std::int64_t pad = kernel / 2;
    ConvAttributes attributes;
    attributes.kernel = {kernel, kernel};
    attributes.stride = {stride, stride};
    attributes.padding = {pad, pad, pad, pad};
    attributes.groups = groups;
    const TensorId weight = parameter({channels, out[1] / groups, kernel, kernel});
    for (const std::size_t axis : {2, 3}) out[axis] = (out[axis] + 2 * pad - kernel) / stride + 1;
    out[1] = channels;
    return add(OperatorType::conv2d, attributes, {x, weight}, out);
  }

  TensorId resize(TensorId x, std::int64_t height, std::int64_t width, ResizeMode mode) {
    ResizeAttributes attributes;
    attributes.mode = mode;
    attributes.coordinates = mode == ResizeMode::linear ? "pytorch_half_pixel" : "asymmetric";
    return add(OperatorType::resize, attributes, {x}, {1, shape(x)[1], height, width});
  }

  /// Self-attention of `heads` heads over tokens [1, T, D], queries, keys and values from one product.
  TensorId attention(TensorId x, std::int64_t heads) {
    const std::int64_t tokens = shape(x)[1];
    const std::int64_t width = shape(x)[2];
    const TensorId all = linear(x, 3 * width);
    const auto head = [&](std::int64_t part) {
      const TensorId cut = slice(all, 2, part * width, width);
      return transpose(reshape(cut, {1, tokens, heads, width / heads}), {0, 2, 1, 3});
    };
    const TensorId scores = softmax(matmul(head(0), head(1), true));
    const TensorId mixed = transpose(matmul(scores, head(2), false), {0, 2, 1, 3});
    return linear(reshape(mixed, {1, tokens, width}), width);
  }

  Graph finish(const char* model, TensorId output) {
    graph.outputs = {output};
    graph.model = model;
    verify(graph);
    return graph;
  }
};

/// Tokens through one encoder layer: layer norm, attention, sum, layer norm, two products with GELU between, sum.
inline Graph transformer_layer(std::int64_t tokens = 11, std::int64_t heads = 3, std::int64_t width = 24) {
  SmallNet net;
  const TensorId x = net.linear(net.input({1, tokens, width}), width);
  const TensorId a = net.pointwise(OperatorType::add, {net.attention(net.layer_norm(x), heads), x});
  const TensorId hidden = net.pointwise(OperatorType::gelu, {net.linear(net.layer_norm(a), 2 * width)});
  return net.finish("transformer_layer", net.pointwise(OperatorType::add, {net.linear(hidden, width), a}));
}

/// Two branches beside each other in channels, one of them cut in two again.
inline Graph branches() {
  SmallNet net;
  const TensorId x = net.relu(net.convolution(net.input({1, 6, 9, 7}), 20, 3));
  const TensorId both = net.concat({net.convolution(x, 12, 1), net.relu(net.convolution(x, 10, 3))}, 1);
  const TensorId part = net.slice(net.convolution(both, 24, 1), 1, 5, 14);
  return net.finish("branches", net.convolution(part, 9, 3));
}

/// A class token before the tokens of a plane, one row of them read at the end: as a vision transformer does it.
inline Graph class_token() {
  SmallNet net;
  const TensorId plane = net.convolution(net.input({1, 3, 8, 8}), 16, 2, 1, 2);
  const std::int64_t pixels = net.shape(plane)[2] * net.shape(plane)[3];
  const TensorId tokens = net.transpose(net.reshape(plane, {1, 16, pixels}), {0, 2, 1});
  const TensorId all = net.concat({net.parameter({1, 1, 16}), tokens}, 1);
  const TensorId normed = net.layer_norm(net.linear(all, 16));
  return net.finish("class_token", net.linear(net.reshape(net.slice(normed, 1, 0, 1), {1, 16}), 10));
}

inline Graph resized() {
  SmallNet net;
  const TensorId x = net.relu(net.convolution(net.input({1, 3, 6, 5}), 10, 3));
  const TensorId large = net.resize(x, 13, 11, ResizeMode::linear);
  return net.finish("resized", net.resize(net.convolution(large, 7, 1), 20, 16, ResizeMode::nearest));
}

inline Graph grouped() {
  SmallNet net;
  const TensorId x = net.relu(net.convolution(net.input({1, 12, 9, 9}), 24, 3, 3));
  return net.finish("grouped", net.convolution(x, 44, 3, 4, 2));
}

/// Expand, depthwise window of stride 2, project.
inline Graph depthwise() {
  SmallNet net;
  const TensorId x = net.relu(net.convolution(net.input({1, 5, 10, 10}), 21, 1));
  return net.finish("depthwise", net.convolution(net.relu(net.convolution(x, 21, 3, 21, 2)), 8, 1));
}

}  // namespace cyclescope::workloads
