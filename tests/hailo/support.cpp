#include "tests/hailo/support.h"

#include "traces/reader.h"

namespace cyclescope::hailo::test {
namespace {

const std::string kSource = CYCLESCOPE_SOURCE_DIR;

}  // namespace

config::Settings settings(const std::string& platform, const std::vector<std::string>& overrides) {
  return config::resolve(schema(), kSource + "/configs/platforms/" + platform + ".ini", overrides);
}

HailoConfig chip(const std::string& platform, const std::vector<std::string>& overrides) {
  return from_settings(settings(platform, overrides));
}

Graph library(const std::string& model) {
  return traces::read(traces::resolve_model(model, kSource + "/traces/library")).graph;
}

TensorId Net::convolution(TensorId x, std::int64_t channels, std::int64_t kernel, std::int64_t stride,
                          std::int64_t groups, std::int64_t dilation) {
  const Shape in = graph.tensors[x].shape;
  const std::int64_t pad = dilation * (kernel - 1) / 2;
  const TensorId weight = parameter({channels, in[1] / groups, kernel, kernel});
  const auto after = [&](std::int64_t extent) { return (extent + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1; };
  return add(
      workloads::OperatorType::conv2d,
      workloads::ConvAttributes{{kernel, kernel}, {stride, stride}, {pad, pad, pad, pad}, {dilation, dilation}, groups},
      {x, weight}, {in[0], channels, after(in[2]), after(in[3])});
}

TensorId Net::linear(TensorId x, std::int64_t features) {
  Shape shape = graph.tensors[x].shape;
  const TensorId weight = parameter({features, shape.back()});
  shape.back() = features;
  return add(workloads::OperatorType::gemm, workloads::GemmAttributes{}, {x, weight}, shape);
}

Graph Net::finish(TensorId output) {
  graph.outputs = {output};
  workloads::verify(graph);
  return graph;
}

Graph residual_block() {
  Net net;
  const TensorId x = net.convolution(net.input({1, 3, 20, 10}), 16, 1);
  const TensorId a = net.convolution(x, 8, 1);
  const TensorId b = net.convolution(a, 8, 3);
  const TensorId c = net.convolution(b, 16, 1);
  return net.finish(net.sum(c, x));
}

Network network(const Graph& graph, const HailoConfig& config, Precision precision) {
  return network_of(graph, precision_use(precision, config), config);
}

Plan plan(const Graph& graph, const HailoConfig& config, Precision precision) {
  return plan_of(network(graph, config, precision), precision_use(precision, config), config);
}

}  // namespace cyclescope::hailo::test
