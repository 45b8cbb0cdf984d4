// Contexts, sub-clusters and buffers: small networks by hand, and the library's as published.
#include <algorithm>
#include <numeric>
#include <set>

#include "arch/hailo/buffers.h"
#include "arch/hailo/memory_fit.h"
#include "arch/hailo/placement.h"
#include "tests/hailo/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::hailo;
using namespace cyclescope::hailo::test;

/// One cluster of so many sub-clusters with 1 KiB each, no other memory, and ports that hold nothing up.
HailoConfig tiny(int subclusters, const std::vector<std::string>& more = {}) {
  std::vector<std::string> sets{
      "hailo.clusters=1 clusters", "hailo.subclusters=" + std::to_string(subclusters) + " subclusters",
      "l2.capacity=1 KiB",         "l3.capacity=1 B",
      "l4.capacity=1 B",           "allocator.memory=100 %",
      "layer.port=1024 B"};
  sets.insert(sets.end(), more.begin(), more.end());
  return chip("hailo-8", sets);
}

/// Convolutions in a row, 1x1, of those channels, on an image of 4 x 4.
Graph chain(const std::vector<std::int64_t>& channels) {
  Net net;
  TensorId x = net.input({1, channels.front(), 4, 4});
  for (std::size_t i = 1; i < channels.size(); ++i) x = net.convolution(x, channels[i], 1);
  return net.finish(x);
}

std::vector<std::int64_t> subclusters(const Plan& plan) {
  std::vector<std::int64_t> list;
  for (const Stage& stage : plan.stages) list.push_back(stage.subclusters);
  return list;
}

}  // namespace

TEST_CASE("a buffer has room for what its reader moves on by beside what it uses") {
  LayerInput input;
  input.map.rows = 8;
  input.map.extent = 3;
  input.map.before = 1;
  CHECK(window_rows(input, 8, 1) == 3 + 1);
  CHECK(window_rows(input, 8, 2) == 3 + 2);
  input.map.numerator = 2;  // two rows go and two rows come from row to row
  CHECK(window_rows(input, 4, 1) == 3 + 2);
  input.map.numerator = 1;
  input.map.denominator = 2;  // every row is used twice
  CHECK(window_rows(input, 16, 1) == 3 + 1);
}

TEST_CASE("buffers of a residual block") {
  const Network made = network(residual_block(), chip("hailo-8"));
  const auto rows = buffer_rows(made, 1);
  REQUIRE(rows.size() == 5);
  CHECK(rows[1][0] == 1 + 1);  // a row at once and one to come
  CHECK(rows[2][0] == 3 + 1);
  CHECK(rows[3][0] == 1 + 1);
  CHECK(rows[4][0] == 1 + 1);
  // Row r of the sum: rows to r of the last convolution and one ahead, so r + 2 of them; of the 3x3 to r + 1 and one
  // ahead, r + 3; of the first to r + 3 and one ahead, r + 5; of the layer before the block to r + 4 and one ahead, r + 6.
  CHECK(rows[4][1] == 6);
  // Two ahead everywhere: r + 3, r + 5, r + 8, r + 10.
  CHECK(buffer_rows(made, 2)[4][1] == 10);
}

TEST_CASE("a layer on the short branch: what it cannot take waits behind it") {
  Net net;
  const TensorId x = net.convolution(net.input({1, 8, 20, 4}), 8, 1);
  const TensorId a = net.convolution(x, 8, 3, 1, 1, 3);
  const TensorId b = net.convolution(x, 8, 1);
  const Network made = network(net.finish(net.sum(a, b)), chip("hailo-8"));
  const auto rows = buffer_rows(made, 1);
  // The dilated window reaches three rows ahead: r + 2 of it take rows to r + 4, one ahead r + 6 of x. The 1x1 keeps two of
  // these before it and works off r + 4, which wait for the sum's row r.
  CHECK(rows[1][0] == 7 + 1);
  CHECK(rows[2][0] == 1 + 1);
  CHECK(rows[3][0] == 1 + 1);
  CHECK(rows[3][1] == 4);
}

TEST_CASE("what is needed as a whole is buffered twice, and what waits for it once") {
  const Plan made = plan(library("vit_b_16"), chip("hailo-8"));
  const Network layers = network(library("vit_b_16"), chip("hailo-8"));
  for (const Stage& stage : made.stages) {
    const Layer& layer = layers.layers[static_cast<std::size_t>(stage.layer)];
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const RowMap& map = layer.inputs[i].map;
      if (map.whole) {
        CHECK(stage.buffers[i].capacity == 2 * map.rows);
      } else {
        CHECK(stage.buffers[i].capacity < 2 * map.rows);
      }
    }
    // A row of the softmax meets the values, which are there when the keys are: no frame waits between.
    if (layer.type == "softmax") CHECK(stage.buffers[0].capacity == 2);
  }
}

TEST_CASE("sub-clusters that memory asks for, by hand") {
  const HailoConfig config = tiny(64, {"l4.capacity=1100 B"});  // L3 has one byte, less than one per sub-cluster
  REQUIRE(config.subcluster_bytes() == 1024);
  REQUIRE(config.usable_l4() == 1100);
  const MemoryFit memory({3000, 1500, 100}, config);
  // Beyond one sub-cluster each: 1976, 476 and 0 B. L4 takes 1100; one more for the first leaves 952 + 476 = 1428, and one
  // more 0 + 476.
  CHECK(memory.missing({1, 1, 1}) == 2);
  CHECK(memory.missing({2, 2, 1}) == 0);
  std::vector<std::int64_t> filled{1, 1, 1};
  memory.fill(filled);
  CHECK(filled == std::vector<std::int64_t>{3, 1, 1});
  CHECK(memory.beyond(1, 1) == 476);
}

TEST_CASE("two contexts where one does not hold the weights, cut where least goes across") {
  // Weights and 8 B per feature: 16 x 32 + 256 = 768, 32 x 8 + 64 = 320, 8 x 32 + 256 = 512, 32 x 16 + 128 = 640 B; buffers
  // of two rows of 4 pixels: 128, 256, 64, 256 B. A sub-cluster each, all four with 2 KiB at most: 1, 1, 1, 1.
  const Graph graph = chain({16, 32, 8, 32, 16});
  const Plan one = plan(graph, tiny(4));
  CHECK(one.contexts.size() == 1);
  CHECK(subclusters(one) == std::vector<std::int64_t>{1, 1, 1, 1});
  const Plan two = plan(graph, tiny(3));
  REQUIRE(two.contexts.size() == 2);
  // After the first layer 32 channels go across, after the second 8, after the third 32.
  CHECK(two.contexts[0].end == 2);
  CHECK(two.stages[1].stored);
  CHECK_FALSE(two.stages[0].stored);
  CHECK(two.stages[3].stored);  // the result
  CHECK(two.stages[2].buffers[0].external);
  CHECK_FALSE(two.stages[1].buffers[0].external);
  // Weights, 5 % of words around them, 128 KiB of registers.
  CHECK(two.contexts[0].config_bytes == 1088 + 55 + 131072);
  CHECK(two.contexts[0].memory_bytes == 768 + 320 + 128 + 256);
}

TEST_CASE("the slowest layer is widened while the cap holds") {
  const Graph graph = chain({8, 32, 8});
  // Row slots 4 x 32 x 8 = 1024, of either layer: 16 clocks on one sub-cluster, 4 rows, equal. Six sub-clusters: three each.
  CHECK(subclusters(plan(graph, tiny(6))) == std::vector<std::int64_t>{3, 3});
  // Half of them at most: the first of equals first.
  CHECK(subclusters(plan(graph, tiny(6, {"allocator.compute=50 %"}))) == std::vector<std::int64_t>{2, 1});
  const Plan made = plan(graph, tiny(6));
  CHECK(made.stages[0].row_clocks == 6 + 16);  // 1024 / (64 x 3) = 5.3
  CHECK(made.stages[0].interval == 4 * 22 + 400);
}

TEST_CASE("a layer that its port holds up is not widened, and then no other either") {
  const Graph graph = chain({8, 32, 8});
  // 16 clocks of work on one sub-cluster; rows of 128 B leave the first layer in 32 clocks, rows of 32 B the second in 8.
  const Plan narrow = plan(graph, tiny(6, {"layer.port=4 B"}));
  CHECK(subclusters(narrow) == std::vector<std::int64_t>{1, 1});
  CHECK(narrow.stages[0].row_clocks == 32 + 16);
  CHECK(narrow.stages[1].row_clocks == 16 + 16);
  // In 11 clocks, less than its work: the first layer gets a second sub-cluster, then the other; then the first is at its
  // port.
  CHECK(subclusters(plan(graph, tiny(6, {"layer.port=12 B"}))) == std::vector<std::int64_t>{2, 2});
}

TEST_CASE("the cap limits widening, and what memory asks for comes on top") {
  // Clocks of work per frame on one sub-cluster: 16 x 144, 4 x 32, 4 x 128. The last layer's weights, biases and scales
  // take 2304 B: three sub-clusters' memory. Up to six of twelve are widened to: the first layer gets four.
  Net net;
  const TensorId x = net.convolution(net.input({1, 8, 16, 16}), 8, 3);
  const Graph graph = net.finish(net.convolution(net.convolution(x, 64, 1, 4), 32, 1));
  const Plan capped = plan(graph, tiny(12, {"allocator.compute=50 %"}));
  REQUIRE(capped.contexts.size() == 1);
  CHECK(capped.stages[0].subclusters == 4);
  CHECK(capped.stages[2].subclusters >= 3);
  CHECK(capped.contexts[0].subclusters > 6);
}

TEST_CASE("the interval of MobileNetV2 on Hailo-8 is its widest tensor through a port") {
  // 112 rows of 112 x 96 B, 16 clocks between rows, 400 between frames: 2619 frames/s, where 2597 were measured.
  std::int64_t longest = 0;
  for (const Stage& stage : plan(library("mobilenet_v2"), chip("hailo-8")).stages) {
    longest = std::max(longest, stage.interval);
  }
  CHECK(longest == 112 * (112 * 96 / 8 + 16) + 400);
}

TEST_CASE("a cluster's control units run out before its sub-clusters") {
  const HailoConfig config =
      chip("hailo-8", {"hailo.clusters=2 clusters", "hailo.subclusters=8 subclusters", "hailo.lcus=3 LCU"});
  // In order three layers fill the first cluster's control units and leave five of its sub-clusters, which the last layer
  // needs: a unit is kept for it.
  const auto placed = place({1, 1, 1, 12}, config);
  REQUIRE(placed.has_value());
  CHECK(std::accumulate(placed->back().begin(), placed->back().end(), 0,
                        [](int sum, const Share& share) { return sum + share.subclusters; }) == 12);
  CHECK(placed->back().size() == 2);
  CHECK_FALSE(place({1, 1, 1, 14}, config).has_value());          // 17 of 16
  CHECK_FALSE(place({1, 1, 1, 1, 1, 1, 1}, config).has_value());  // seven layers, six control units
}

TEST_CASE("budgets hold on every chip and model") {
  for (const char* platform : {"hailo-8", "hailo-8l", "hailo-10h"}) {
    const HailoConfig config = chip(platform);
    for (const char* model : {"resnet50", "resnet50_v1", "vit_b_16", "deeplabv3_resnet50", "fcn_resnet50"}) {
      INFO(platform << " " << model);
      const Graph graph = library(model);
      const Network layers = network(graph, config);
      const Plan made = plan(graph, config);
      REQUIRE(made.stages.size() == layers.layers.size());
      int next = 0;
      for (const Context& context : made.contexts) {
        CHECK(context.first == next);
        next = context.end;
        std::vector<int> used(static_cast<std::size_t>(config.clusters), 0);
        std::vector<int> units(used);
        std::int64_t l4 = 0;
        std::int64_t sum = 0;
        for (int s = context.first; s < context.end; ++s) {
          const Stage& stage = made.stages[static_cast<std::size_t>(s)];
          const Layer& layer = layers.layers[static_cast<std::size_t>(stage.layer)];
          std::int64_t shared = 0;
          int cluster = -1;
          for (const Share& share : stage.shares) {
            CHECK(share.cluster > cluster);
            cluster = share.cluster;
            CHECK(share.subclusters > 0);
            used[static_cast<std::size_t>(share.cluster)] += share.subclusters;
            ++units[static_cast<std::size_t>(share.cluster)];
            shared += share.subclusters;
          }
          CHECK(shared == stage.subclusters);
          sum += shared;
          l4 += stage.l4_bytes;
          CHECK(layer.weight_bytes + stage.buffer_bytes <=
                stage.subclusters * config.subcluster_bytes() + stage.l4_bytes);
        }
        CHECK(sum == context.subclusters);
        CHECK(l4 <= config.usable_l4());
        CHECK(*std::max_element(used.begin(), used.end()) <= config.subclusters);
        CHECK(*std::max_element(units.begin(), units.end()) <= config.usable_lcus());
      }
      CHECK(next == static_cast<int>(made.stages.size()));
    }
  }
}

TEST_CASE("contexts as published: Hailo-8 holds ResNet-50, Hailo-10H does not, neither holds ViT-B/16") {
  CHECK(plan(library("resnet50_v1"), chip("hailo-8")).contexts.size() == 1);
  CHECK(plan(library("resnet50_v1"), chip("hailo-10h")).contexts.size() > 1);
  CHECK(plan(library("resnet50_v1"), chip("hailo-8l")).contexts.size() > 1);
  CHECK(plan(library("vit_b_16"), chip("hailo-8")).contexts.size() > 1);
  CHECK(plan(library("vit_b_16"), chip("hailo-10h")).contexts.size() > 1);
}

TEST_CASE("a layer that fits no context is refused with need and budget") {
  const Graph graph = chain({16, 256, 16});  // 4096 weights and 2048 B of biases and scales, 128 B of buffers
  CHECK_THROWS_AS(plan(graph, tiny(6)), NotModelled);
  CHECK_THROWS_WITH(plan(graph, tiny(6)), Catch::Contains("conv2d 'conv2d_0' needs 6144 B for weights and 128 B") &&
                                              Catch::Contains("6 sub-clusters have 1024 B each"));
  CHECK_NOTHROW(plan(graph, tiny(7)));
}
