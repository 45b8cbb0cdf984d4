// Slots, passes, weights and row times of layers, by hand.
#include "tests/hailo/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::hailo;
using namespace cyclescope::hailo::test;
using workloads::OperatorType;

Layer only_layer(const Graph& graph, Precision precision = Precision::int8) {
  const Network made = network(graph, chip("hailo-8"), precision);
  REQUIRE(made.layers.size() == 1);
  return made.layers.front();
}

Graph single_convolution(const Shape& input, std::int64_t channels, std::int64_t kernel, std::int64_t stride,
                         std::int64_t groups) {
  Net net;
  return net.finish(net.convolution(net.input(input), channels, kernel, stride, groups));
}

}  // namespace

TEST_CASE("three input channels take the place of eight") {
  const Layer layer = only_layer(single_convolution({1, 3, 224, 224}, 64, 7, 2, 1));
  CHECK(layer.rows == 112);
  CHECK(layer.row_bytes == 112 * 64);
  CHECK(layer.row_slots == 112LL * 64 * 8 * 49);
  CHECK(layer.macs == 112LL * 112 * 64 * 3 * 49);
  CHECK(layer.weight_bytes == 64 * 3 * 49 + 64 * 8);
  CHECK(layer.parallelism == 112 * 8);
  // 2809856 slots on 10 sub-clusters of 64 MACs: 4390.4 clocks, and 16 between rows.
  const HailoConfig config = chip("hailo-8");
  CHECK(layer.work_clocks(10, precision_use(Precision::int8, config), config) == 4391);
  CHECK(layer.row_clocks(10, precision_use(Precision::int8, config), config) == 4391 + 16);
  CHECK(layer.row_clocks(10, precision_use(Precision::fp16, config), config) == 8781 + 16);
  CHECK(layer.row_clocks(10, precision_use(Precision::fp32, config), config) == 17562 + 16);
}

TEST_CASE("a row takes no less than its way out, 8 B per clock") {
  const HailoConfig config = chip("hailo-8");
  const PrecisionUse int8 = precision_use(Precision::int8, config);
  const Layer layer = only_layer(single_convolution({1, 3, 224, 224}, 64, 7, 2, 1));
  CHECK(layer.output_clocks(config) == 112 * 64 / 8);
  CHECK(layer.work_clocks(layer.parallelism, int8, config) == 49);
  CHECK(layer.row_clocks(layer.parallelism, int8, config) == 896 + 16);
  // 16 bits are two bytes, and a part of 8 B takes a clock.
  CHECK(only_layer(single_convolution({1, 3, 224, 224}, 64, 7, 2, 1), Precision::fp16).output_clocks(config) == 1792);
  CHECK(only_layer(single_convolution({1, 8, 5, 5}, 1, 1, 1, 1)).output_clocks(config) == 1);
  CHECK(layer.output_clocks(chip("hailo-8", {"layer.port=64 B"})) == 112);
}

TEST_CASE("depthwise layers use an eighth of the square of MACs, grouped ones round up each group") {
  const Layer depthwise = only_layer(single_convolution({1, 20, 10, 10}, 20, 3, 1, 20));
  CHECK(depthwise.row_slots == 10 * 24 * 9 * 8);
  CHECK(depthwise.macs == 100 * 20 * 9);
  const Layer grouped = only_layer(single_convolution({1, 24, 10, 10}, 48, 3, 1, 2));
  CHECK(grouped.row_slots == 10 * 2 * 24 * 16 * 9);  // 24 of 24 and 12 of 16 features each
}

TEST_CASE("a product has a row per token") {
  Net net;
  const Layer layer = only_layer(net.finish(net.linear(net.input({1, 5, 20}), 30)));
  CHECK(layer.rows == 5);
  CHECK(layer.row_slots == 32 * 24);
  CHECK(layer.row_bytes == 30);
  CHECK(layer.macs == 5 * 20 * 30);
  CHECK(layer.weight_bytes == 600 + 30 * 8);
}

TEST_CASE("precisions: bytes, rates and bits") {
  const HailoConfig config = chip("hailo-8");
  Net net;
  const Graph graph = net.finish(net.linear(net.input({1, 5, 20}), 30));
  CHECK(only_layer(graph, Precision::fp16).row_bytes == 60);
  CHECK(only_layer(graph, Precision::fp16).weight_bytes == 600 + 240);
  CHECK(only_layer(graph, Precision::fp32).weight_bytes == 1200 + 240);
  const HailoConfig four = chip("hailo-8", {"hailo.weight_bits=4"});
  CHECK(network(graph, four).layers.front().weight_bytes == 300 + 240);
  CHECK(std::string(precision_use(Precision::int8, config).label) == "native");
  CHECK(std::string(precision_use(Precision::fp32, config).label) == "substituted");
  CHECK_THROWS_AS(precision_use(Precision::bf16, config), NotModelled);
  CHECK_THROWS_AS(precision_use(Precision::int4, config), NotModelled);
}

TEST_CASE("vector work: elements with channels rounded up, times passes") {
  Net net;
  const TensorId x = net.input({1, 12, 9, 9});
  const Layer pool = only_layer(net.finish(
      net.add(OperatorType::max_pool2d, workloads::PoolAttributes{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, false, false},
              {x}, {1, 12, 5, 5})));
  CHECK(pool.kind == LayerKind::vector);
  CHECK(pool.row_passes == 5 * 16 * 9);
  const HailoConfig config = chip("hailo-8");
  CHECK(pool.row_clocks(2, precision_use(Precision::int8, config), config) == 45 + 16);  // 720 / (2 x 8 lanes)
}

TEST_CASE("a constant that an element-wise operator reads is resident") {
  Net net;
  const TensorId x = net.convolution(net.input({1, 8, 4, 4}), 8, 1);
  const TensorId position = net.parameter({1, 8, 4, 4});
  const Network made = network(net.finish(net.sum(x, position)), chip("hailo-8"));
  CHECK(made.layers.at(1).inputs.size() == 1);
  CHECK(made.layers.at(1).weight_bytes == 128);
}

TEST_CASE("all MACs of the library are in layers") {
  for (const char* model : {"resnet50", "resnet50_v1", "vit_b_16", "deeplabv3_resnet50", "fcn_resnet50"}) {
    INFO(model);
    const Graph graph = library(model);
    std::int64_t macs = 0;
    for (const Layer& layer : network(graph, chip("hailo-8")).layers) {
      macs += layer.macs;
      CHECK(layer.macs <= layer.rows * layer.row_slots);
    }
    CHECK(macs == workloads::total_cost(graph).macs);
  }
}

TEST_CASE("what the pipeline cannot run is refused by name") {
  Net batch;
  const Graph two = batch.finish(batch.convolution(batch.input({2, 8, 4, 4}), 8, 1));
  CHECK_THROWS_WITH(network(two, chip("hailo-8")), Catch::Contains("conv2d_0") && Catch::Contains("--batch"));
  CHECK_THROWS_AS(network(two, chip("hailo-8")), NotModelled);
  Net power;
  const TensorId x = power.input({1, 8});
  const Graph of_two = power.finish(power.pointwise(OperatorType::pow, {x, power.input({1, 8})}));
  CHECK_THROWS_WITH(network(of_two, chip("hailo-8")), Catch::Contains("pow 'pow_0'"));
}
