#include "tests/kpu/support.h"

#include <fmt/format.h>

#include <functional>

#include "tests/workloads/small_networks.h"
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

/// Random networks, each on a chip with another L2 and L3; those that do not fit are passed over.
void add_random_nets(std::vector<Case>& cases) {
  Random random;
  int accepted = 0;
  for (int number = 0; number < 60; ++number) {
    Graph graph = random_net(random);
    const KpuConfig config = small_chip({"l2.capacity=" + std::to_string(1 << random(10, 13)) + " B",
                                         "l3.capacity=" + std::to_string(random(12, 64) * 1024) + " B",
                                         "lowering.weight_window=" + std::to_string(random(1, 4096)) + " B",
                                         "lowering.prefetch_operators=" + std::to_string(random(0, 6)) + " operators"});
    try {
      cases.push_back(lowered("random net " + std::to_string(number), config, std::move(graph)));
      ++accepted;
    } catch (const NotModelled&) {
    }
  }
  REQUIRE(accepted >= 30);
}

/// Products whose weights outgrow L3, each on the least L3 that holds it: their weights stream, some again and again.
void add_tight_nets(std::vector<Case>& cases) {
  for (const std::int64_t l2 : {1024, 2048, 4096}) {  // hold nothing, or one side
    for (const std::int64_t channels : {16, 48}) {
      Net net;
      const TensorId x = net.input({1, channels, 12, 12});
      const Graph graph = net.finish(net.convolution(x, {channels, {3, 3}, {1, 1}, {1, 1, 1, 1}}));
      for (std::int64_t l3 = 1024;; l3 += 256) {
        try {
          cases.push_back(lowered(fmt::format("{} channels, {} B of L2, {} B of L3", channels, l2, l3),
                                  small_chip({fmt::format("l2.capacity={} B", l2), fmt::format("l3.capacity={} B", l3),
                                              "lowering.weight_window=1 B"}),
                                  graph));
          break;
        } catch (const NotModelled&) {
          REQUIRE(l3 < 65536);
        }
      }
    }
  }
}

/// Networks with one peculiarity each, on a chip with room for them.
void add_corner_nets(std::vector<Case>& cases) {
  const auto add = [&cases](const std::string& name, const std::function<TensorId(Net&)>& build) {
    Net net;
    const TensorId output = build(net);
    cases.push_back(lowered(name, small_chip({"l2.capacity=8 KiB", "l3.capacity=32 KiB"}), net.finish(output)));
  };
  add("a product and its residual operand read the same tensor", [](Net& net) {
    const TensorId x = net.relu(net.convolution(net.input({1, 5, 9, 9}), {20}));
    return net.relu(net.sum(net.convolution(x, {20, {3, 3}, {1, 1}, {1, 1, 1, 1}}), x));
  });
  add("the input is flattened", [](Net& net) { return net.linear(net.flatten(net.input({1, 3, 5, 5})), 30); });
  add("the output is flattened", [](Net& net) {
    return net.flatten(net.flatten(net.convolution(net.input({1, 3, 5, 5}), {11})));
  });
  add("two products in a row and two readers of the first", [](Net& net) {
    const TensorId x = net.linear(net.input({1, 70}), 33);
    return net.sum(net.linear(x, 20), net.linear(net.relu(x), 20));
  });
}

/// Attention, norms, branches, resizing and grouped windows; several frames, wider precisions, L3 that is too small.
void add_operator_nets(std::vector<Case>& cases) {
  const std::vector<Graph> graphs{workloads::transformer_layer(), workloads::branches(), workloads::class_token(),
                                  workloads::resized(),           workloads::grouped(),  workloads::depthwise()};
  const struct {
    const char* name;
    const char* l2;
    const char* l3;
    LoweringOptions options;
  } variants[]{{"int8", "8 KiB", "32 KiB", {Precision::int8, 1}},
               {"3 frames", "4 KiB", "32 KiB", {Precision::int8, 3}},
               {"bf16", "4 KiB", "32 KiB", {Precision::bf16, 1}},
               {"2 frames of fp32", "8 KiB", "64 KiB", {Precision::fp32, 2}},
               {"little L3", "1 KiB", "3 KiB", {Precision::int8, 1}},
               {"little L3, 2 frames", "1 KiB", "4 KiB", {Precision::int8, 2}},
               {"least L3, bf16", "2 KiB", "5 KiB", {Precision::bf16, 2}}};
  std::size_t accepted = 0;
  for (const auto& variant : variants) {
    const KpuConfig config = small_chip({fmt::format("l2.capacity={}", variant.l2),
                                         fmt::format("l3.capacity={}", variant.l3), "lowering.weight_window=64 B"});
    for (const Graph& graph : graphs) {
      try {
        cases.push_back(lowered(graph.model + ", " + variant.name, config, graph, variant.options));
        ++accepted;
      } catch (const NotModelled& error) {
        WARN(graph.model << ", " << variant.name << ": " << error.what());
      }
    }
  }
  REQUIRE(accepted >= 6 * graphs.size());
}

/// Products on cells whose weights stay, in both readings of a cell: folds, sums, groups and frames.
void add_matrix_nets(std::vector<Case>& cases) {
  const std::vector<std::string> matrix{"tiles.int8=0 tiles",
                                        "tiles.bf16=0 tiles",
                                        "matrix_tile.dataflow=weight_stationary",
                                        "matrix_tile.int8_rate=256 quarter_MAC",
                                        "matrix_tile.bf16_rate=128 quarter_MAC",
                                        "matrix_tile.rows=3 PE",
                                        "matrix_tile.columns=2 PE",
                                        "matrix_tile.port=24 B",
                                        "l3.capacity=48 KiB"};
  Random random;
  std::vector<Graph> graphs{workloads::transformer_layer(), workloads::branches(), workloads::grouped()};
  for (int number = 0; number < 4; ++number) graphs.push_back(random_net(random));
  for (const char* cell : {"1x1x64", "4x4x4"}) {
    for (const char* l2 : {"2 KiB", "8 KiB"}) {
      std::vector<std::string> overrides = matrix;
      overrides.push_back(fmt::format("matrix_tile.cell={}", cell));
      overrides.push_back(fmt::format("l2.capacity={}", l2));
      for (const Graph& graph : graphs) {
        for (const LoweringOptions& options : {LoweringOptions{}, LoweringOptions{Precision::bf16, 2}}) {
          const std::string name = fmt::format("{} on cells of {}, {} of L2, {}", graph.model, cell, l2,
                                               cyclescope::name(options.precision));
          cases.push_back(lowered(name, small_chip(overrides), graph, options));
        }
      }
    }
  }
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

KpuConfig small_chip(const std::vector<std::string>& more) {
  std::vector<std::string> all{
      "kpu.tiles=4 tiles", "mesh.width=2 nodes", "mesh.height=2 nodes", "dma.engines=2 engines",
      "array.rows=8 PE",   "array.columns=8 PE", "sram.line=16 B",      "lowering.slice_steps=16 steps"};
  for (const std::string& line : more) all.push_back(line);
  return chip(all);
}

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

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> list;
    list.push_back(lowered("resnet50", chip(), library("resnet50")));
    list.push_back(lowered("resnet50_v1", chip(), library("resnet50_v1")));
    list.push_back(
        lowered("resnet50 on 3x3 tiles",
                chip({"kpu.tiles=9 tiles", "mesh.width=3 nodes", "mesh.height=3 nodes", "dma.engines=3 engines",
                      "array.rows=48 PE", "array.ingress_depth=48 tokens", "array.columns=16 PE", "l3.capacity=1 MiB"}),
                library("resnet50")));
    add_corner_nets(list);
    add_tight_nets(list);
    add_random_nets(list);
    add_operator_nets(list);
    add_matrix_nets(list);
    return list;
  }();
  return all;
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

std::int64_t weight_slice_bytes(const LoweredOp& op, std::int64_t nb, std::size_t s) {
  const Region out = op.block(0, nb);
  const std::int64_t parameters = s == 0 ? op.epilogue_bytes : 0;
  return (op.slices[s].steps * op.element_bytes + parameters) * (out.channel_end - out.channel_begin);
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
