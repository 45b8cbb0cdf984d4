#include "tests/kpu/support.h"

#include <algorithm>

#include "traces/reader.h"

namespace cyclescope::kpu::test {
namespace {

const std::string kSource = CYCLESCOPE_SOURCE_DIR;

std::int64_t outputs_of(std::int64_t inputs, std::int64_t padding, const Net::Layer& layer, std::size_t axis) {
  return (inputs + padding - layer.dilation[axis] * (layer.kernel[axis] - 1) - 1) / layer.stride[axis] + 1;
}

workloads::Shape plane_after(const workloads::Shape& in, const Net::Layer& layer) {
  return {in[0], layer.channels, outputs_of(in[2], layer.padding[0] + layer.padding[2], layer, 0),
          outputs_of(in[3], layer.padding[1] + layer.padding[3], layer, 1)};
}

/// x + f(x) with two convolutions that keep the plane.
TensorId residual_block(Net& net, TensorId x, std::int64_t inner) {
  const TensorId a = net.relu(net.batch_norm(net.convolution(x, {inner, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}})));
  const TensorId b = net.batch_norm(net.convolution(a, {net.extent(x, 1)}));
  return net.relu(net.sum(b, x));
}

}  // namespace

Case lowered(const std::string& name, const KpuConfig& config, Graph graph, const LoweringOptions& options) {
  Program program = lower(graph, config, options);
  return {name, config, std::move(graph), options, std::move(program)};
}

config::Settings settings(const std::vector<std::string>& overrides) {
  return config::resolve(schema(), kSource + "/configs/platforms/kpu-t64.ini", overrides);
}

KpuConfig chip(const std::vector<std::string>& overrides) { return from_settings(settings(overrides)); }

config::Settings small_settings(const std::vector<std::string>& more) {
  std::vector<std::string> all{
      "kpu.tiles=4 tiles", "mesh.width=2 nodes", "mesh.height=2 nodes", "dma.engines=2 engines",
      "array.rows=8 PE",   "array.columns=8 PE", "sram.line=16 B",      "lowering.slice_steps=16 steps"};
  for (const std::string& line : more) all.push_back(line);
  return settings(all);
}

KpuConfig small_chip(const std::vector<std::string>& more) { return from_settings(small_settings(more)); }

Graph library(const std::string& model) {
  return traces::read(traces::resolve_model(model, kSource + "/traces/library")).graph;
}

TensorId Net::convolution(TensorId x, const Layer& layer) {
  const workloads::Shape in = graph.tensors[x].shape;
  const TensorId weight = parameter({layer.channels, in[1] / layer.groups, layer.kernel[0], layer.kernel[1]});
  return add(workloads::OperatorType::conv2d,
             workloads::ConvAttributes{layer.kernel, layer.stride, layer.padding, layer.dilation, layer.groups},
             {x, weight}, plane_after(in, layer));
}

TensorId Net::max_pool(TensorId x, const Layer& layer) {
  const workloads::Shape in = graph.tensors[x].shape;
  Layer same = layer;
  same.channels = in[1];
  workloads::PoolAttributes pool;
  pool.kernel = layer.kernel;
  pool.stride = layer.stride;
  pool.padding = layer.padding;
  pool.dilation = layer.dilation;
  return add(workloads::OperatorType::max_pool2d, pool, {x}, plane_after(in, same));
}

TensorId Net::global_pool(TensorId x) {
  return add(workloads::OperatorType::global_avg_pool, workloads::NoAttributes{}, {x}, {1, extent(x, 1), 1, 1});
}

TensorId Net::flatten(TensorId x) {
  return add(workloads::OperatorType::reshape, workloads::NoAttributes{}, {x}, {1, graph.tensors[x].elements()});
}

TensorId Net::linear(TensorId x, std::int64_t features) {
  const TensorId weight = parameter({features, extent(x, 1)});
  return add(workloads::OperatorType::gemm, workloads::GemmAttributes{}, {x, weight}, {extent(x, 0), features});
}

TensorId Net::sum(TensorId a, TensorId b) { return pointwise(workloads::OperatorType::add, {a, b}); }

Graph Net::finish(TensorId output) {
  graph.outputs = {output};
  workloads::verify(graph);
  return graph;
}

Net::Layer random_layer(Random& random, std::int64_t height, std::int64_t width, std::int64_t channels) {
  while (true) {
    Net::Layer layer;
    layer.channels = channels;
    for (const std::size_t axis : {0, 1}) {
      layer.kernel[axis] = random(1, 4);
      layer.stride[axis] = random(1, 5);
      layer.dilation[axis] = random(0, 2) == 0 ? random(2, 3) : 1;
      layer.padding[axis] = random(0, layer.kernel[axis] - 1);
      layer.padding[axis + 2] = random(0, layer.kernel[axis] - 1);
    }
    const bool fits = height + layer.padding[0] + layer.padding[2] > layer.dilation[0] * (layer.kernel[0] - 1) &&
                      width + layer.padding[1] + layer.padding[3] > layer.dilation[1] * (layer.kernel[1] - 1);
    if (fits) return layer;
  }
}

Graph random_net(Random& random) {
  Net net;
  TensorId x = net.input({1, random(1, 8), random(8, 24), random(8, 24)});
  for (std::int64_t layers = random(1, 4); layers > 0; --layers) {
    Net::Layer layer = random_layer(random, net.extent(x, 2), net.extent(x, 3), random(1, 40));
    layer.stride = {std::min<std::int64_t>(layer.stride[0], 3), std::min<std::int64_t>(layer.stride[1], 3)};
    x = net.relu(net.convolution(x, layer));
    if (random(0, 2) == 0) x = residual_block(net, x, random(1, 24));
    if (random(0, 3) == 0) {
      x = net.max_pool(x, random_layer(random, net.extent(x, 2), net.extent(x, 3), 0));
    }
    if (random(0, 3) == 0) {  // a sum that no product can absorb: both sides are read elsewhere too
      const TensorId a = net.relu(net.convolution(x, {12}));
      const TensorId b = net.relu(net.convolution(x, {12}));
      x = net.relu(net.sum(a, b));
    }
  }
  if (random(0, 1) == 0) x = net.global_pool(x);
  x = net.linear(net.flatten(x), random(1, 50));
  return net.finish(x);
}

std::vector<std::size_t> working_operators(const Program& program) {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    if (program.ops[i].kind != OpKind::view) list.push_back(i);
  }
  return list;
}

std::set<std::int64_t> touched_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end) {
  std::set<std::int64_t> pixels;
  const Window& w = op.window;
  for (std::int64_t pixel = begin; pixel < end; ++pixel) {
    for (std::int64_t i = 0; i < w.kernel[0]; ++i) {
      for (std::int64_t j = 0; j < w.kernel[1]; ++j) {
        const std::int64_t frame = pixel / (op.out_height * op.out_width);
        const std::int64_t at = pixel % (op.out_height * op.out_width);
        const std::int64_t row = at / op.out_width * w.stride[0] - w.padding[0] + i * w.dilation[0];
        const std::int64_t column = at % op.out_width * w.stride[1] - w.padding[1] + j * w.dilation[1];
        const bool inside = row >= 0 && row < op.in_height && column >= 0 && column < op.in_width;
        if (inside) pixels.insert((frame * op.in_height + row) * op.in_width + column);
      }
    }
  }
  return pixels;
}

bool has_residual(const LoweredOp& op) {
  for (const InputEdge& edge : op.inputs) {
    if (edge.role == EdgeRole::residual) return true;
  }
  return false;
}

std::int32_t site_of(const LoweredOp& op, std::int64_t tile) { return op.sites.at(static_cast<std::size_t>(tile)); }

std::int64_t channels_reduced(const LoweredOp& op, std::int64_t nb) {
  if (op.part_channels == 0) return op.in_channels / op.groups;
  const std::int64_t part = nb / (op.grid_n / op.groups);
  return std::min(op.part_channels, op.in_channels - part * op.part_channels);
}

std::int64_t reduction_of(const LoweredOp& op, std::int64_t nb) {
  return op.window.kernel[0] * op.window.kernel[1] * channels_reduced(op, nb);
}

std::int64_t weight_slice_bytes(const LoweredOp& op, std::int64_t nb, std::size_t s) {
  const Region out = op.block(0, nb);
  const std::int64_t parameters = s == 0 ? op.epilogue_bytes : 0;
  return (op.slices_of(nb)[s].steps * op.element_bytes + parameters) * (out.channel_end - out.channel_begin);
}

std::set<std::int32_t> receivers(const Program& program, const Segment& segment, std::int32_t site) {
  std::set<std::int32_t> tiles;
  if (segment.local) tiles.insert(site);
  if (segment.route >= 0) {
    const RouteSpec& route = program.routes[static_cast<std::size_t>(segment.route)];
    CHECK(route.source == site);
    for (const std::int32_t destination : route.destinations) {
      CHECK(destination != site);
      CHECK(tiles.insert(destination).second);
    }
  }
  return tiles;
}

}  // namespace cyclescope::kpu::test
