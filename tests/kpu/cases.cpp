// The lowered programs that tests of lowering go through.
#include <fmt/format.h>

#include <functional>

#include "tests/kpu/support.h"
#include "tests/workloads/small_networks.h"

namespace cyclescope::kpu::test {
namespace {

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
    std::vector<std::string> more = {};
  } variants[]{{"int8", "8 KiB", "32 KiB", {Precision::int8, 1}},
               {"3 frames", "4 KiB", "32 KiB", {Precision::int8, 3}},
               {"bf16", "4 KiB", "32 KiB", {Precision::bf16, 1}},
               {"2 frames of fp32", "8 KiB", "64 KiB", {Precision::fp32, 2}},
               {"little L3", "1 KiB", "3 KiB", {Precision::int8, 1}},
               {"little L3, 2 frames", "1 KiB", "4 KiB", {Precision::int8, 2}},
               {"least L3, bf16", "2 KiB", "5 KiB", {Precision::bf16, 2}},
               {"other descriptors",
                "1 KiB",
                "4 KiB",
                {Precision::int8, 1},
                {"lowering.staging_blocks=2", "lowering.spill_buffers=3", "lowering.load_bytes=64",
                 "lowering.load_alignment=64", "dma.packet=64"}}};
  std::size_t accepted = 0;
  for (const auto& variant : variants) {
    std::vector<std::string> sets = variant.more;
    sets.insert(sets.end(), {fmt::format("l2.capacity={}", variant.l2), fmt::format("l3.capacity={}", variant.l3),
                             "lowering.weight_window=64 B"});
    const KpuConfig config = small_chip(sets);
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

/// Reductions split over twelve tiles: windows in padding, residual operands, ranges of channels of unequal length, several
/// frames, wider values, L2 and L3 that are too small.
void add_split_nets(std::vector<Case>& cases) {
  Net net;
  const TensorId x = net.relu(net.convolution(net.input({1, 13, 5, 5}), {7, {3, 3}, {1, 1}, {1, 1, 1, 1}}));
  const TensorId y = net.batch_norm(net.convolution(x, {7, {3, 3}, {1, 1}, {1, 1, 1, 1}}));
  const TensorId z = net.convolution(net.relu(net.sum(y, x)), {20, {2, 3}, {2, 1}, {1, 0, 0, 1}});
  std::vector<Graph> graphs{net.finish(net.linear(net.flatten(z), 19)), workloads::transformer_layer(5, 3, 24),
                            workloads::branches()};
  Random random;
  for (int number = 0; number < 3; ++number) graphs.push_back(random_net(random));
  const struct {
    const char* l2;
    const char* l3;
    LoweringOptions options;
  } variants[]{{"8 KiB", "64 KiB", {Precision::int8, 1}},
               {"8 KiB", "64 KiB", {Precision::int8, 3}},
               {"4 KiB", "32 KiB", {Precision::bf16, 1}},
               {"8 KiB", "64 KiB", {Precision::fp32, 2}},
               {"1 KiB", "3 KiB", {Precision::int8, 2}}};
  int split = 0;
  for (const char* parts : {"2", "3"}) {
    for (const auto& variant : variants) {
      const KpuConfig config =
          small_chip({"kpu.tiles=12 tiles", "mesh.width=4 nodes", "mesh.height=3 nodes", "tiles.matrix=0 tiles",
                      "lowering.weight_window=64 B", fmt::format("lowering.k_split={}", parts),
                      fmt::format("l2.capacity={}", variant.l2), fmt::format("l3.capacity={}", variant.l3)});
      for (std::size_t i = 0; i < graphs.size(); ++i) {
        const std::string name =
            fmt::format("network {} in {} parts, {} frames of {}, {} of L3", i, parts, variant.options.batch,
                        cyclescope::name(variant.options.precision), variant.l3);
        try {
          cases.push_back(lowered(name, config, graphs[i], variant.options));
        } catch (const NotModelled& error) {
          WARN(name << ": " << error.what());
          continue;
        }
        for (const LoweredOp& op : cases.back().program.ops) split += op.part_channels > 0 ? 1 : 0;
      }
    }
  }
  REQUIRE(split >= 60);
}

}  // namespace

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
    add_split_nets(list);
    return list;
  }();
  return all;
}

}  // namespace cyclescope::kpu::test
