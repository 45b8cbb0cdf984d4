// Which rows a row takes: against every element of an image, one by one, and for views by hand.
#include <algorithm>

#include "arch/hailo/row_access.h"
#include "tests/hailo/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::hailo;
using namespace cyclescope::hailo::test;
using workloads::OperatorType;
using workloads::Random;

/// Rows of the input that output row r reads with any tap, or none when all taps are padding.
struct Touched {
  std::int64_t low = -1, high = -1;
};

Touched touched(std::int64_t r, std::int64_t rows, const workloads::ConvAttributes& conv) {
  Touched all;
  for (std::int64_t tap = 0; tap < conv.kernel[0]; ++tap) {
    const std::int64_t row = r * conv.stride[0] - conv.padding[0] + tap * conv.dilation[0];
    if (row < 0 || row >= rows) continue;
    if (all.low < 0) all.low = row;
    all.high = row;
  }
  return all;
}

const RowMap& map(const Network& network, std::size_t layer, std::size_t input = 0) {
  return network.layers.at(layer).inputs.at(input).map;
}

}  // namespace

TEST_CASE("windows take the rows that their taps touch") {
  const HailoConfig config = chip("hailo-8");
  Random random;
  for (int i = 0; i < 300; ++i) {
    const std::int64_t height = random(1, 40);
    const std::int64_t kernel = random(1, 5);
    const std::int64_t dilation = random(1, 3);
    const std::int64_t reach = dilation * (kernel - 1) + 1;
    const std::int64_t least = std::max<std::int64_t>(0, (reach - height + 1) / 2);  // for one window at all
    const std::int64_t pad = random(least, std::max(least, kernel));
    const std::int64_t stride = random(1, 4);
    const std::int64_t out = (height + 2 * pad - reach) / stride + 1;
    const workloads::ConvAttributes conv{{kernel, 1}, {stride, 1}, {pad, 0, pad, 0}, {dilation, 1}, 1};
    Net net;
    const TensorId x = net.input({1, 8, height, 4});
    const Graph graph =
        net.finish(net.add(OperatorType::conv2d, conv, {x, net.parameter({8, 8, kernel, 1})}, {1, 8, out, 4}));
    const Network made = network(graph, config);
    const Layer& layer = made.layers.front();
    INFO("height " << height << " kernel " << kernel << " pad " << pad << " stride " << stride << " dil " << dilation);
    REQUIRE(layer.rows == out);
    std::int64_t still_needed = height;  // by this row or a later one
    for (std::int64_t r = out - 1; r >= 0; --r) {
      const Touched taps = touched(r, height, conv);
      if (taps.low < 0) continue;
      still_needed = std::min(still_needed, taps.low);
      const RowMap& rows = layer.inputs.front().map;
      CHECK(rows.first(r) <= still_needed);
      CHECK(rows.last(r) >= taps.high);
      // Exact where no tap is padding.
      const std::int64_t start = r * stride - pad;
      if (rows.whole || start < 0 || start + reach > height) continue;
      CHECK(rows.first(r) == taps.low);
      CHECK(rows.last(r) == taps.high);
    }
  }
}

TEST_CASE("a row map whose stride is a fraction") {
  RowMap rows;  // three rows of the input for every seven of the output
  rows.numerator = 3;
  rows.denominator = 7;
  rows.before = 1;
  rows.extent = 3;
  rows.rows = 30;
  for (std::int64_t r = 0; r < 70; ++r) {
    CHECK(rows.first(r) == std::clamp<std::int64_t>(3 * r / 7 - 1, 0, 29));
    CHECK(rows.last(r) == std::clamp<std::int64_t>(3 * r / 7 + 1, 0, 29));
  }
}

TEST_CASE("an image read as tokens: 14 of them per line") {
  Net net;
  const TensorId image = net.convolution(net.input({1, 3, 14, 14}), 24, 1);
  const TensorId flat = net.add(OperatorType::reshape, workloads::NoAttributes{}, {image}, {1, 24, 196});
  const TensorId tokens =
      net.add(OperatorType::transpose, workloads::TransposeAttributes{{0, 2, 1}}, {flat}, {1, 196, 24});
  const Network made = network(net.finish(net.linear(tokens, 8)), chip("hailo-8"));
  REQUIRE(made.layers.size() == 2);
  CHECK(made.layers[1].rows == 196);
  for (std::int64_t r = 0; r < 196; ++r) {
    CHECK(map(made, 1).first(r) == r / 14);
    CHECK(map(made, 1).last(r) == r / 14);
  }
}

TEST_CASE("attention: queries token by token, keys and values as a whole, heads within rows") {
  const HailoConfig config = chip("hailo-8");
  const Network made = network(library("vit_b_16"), config);
  const auto product =
      std::find_if(made.layers.begin(), made.layers.end(), [](const Layer& layer) { return layer.type == "matmul"; });
  REQUIRE(product != made.layers.end());
  CHECK(product->rows == 197);
  CHECK(product->row_elements == 12 * 197);
  REQUIRE(product->inputs.size() == 2);
  CHECK_FALSE(product->inputs[0].map.whole);
  CHECK(product->inputs[0].map.first(100) == 100);
  CHECK(product->inputs[0].map.last(100) == 100);
  CHECK(product->inputs[1].map.whole);
  // A third of what the layer before makes of a token: queries, keys and values.
  CHECK(product->inputs[0].row_bytes == 768);
  CHECK(product->inputs[1].row_bytes == 768);
  CHECK(product->row_slots == 12 * 200 * 64);  // 197 columns rounded up, 64 features
  const Layer& softmax = *(product + 1);
  REQUIRE(softmax.type == "softmax");
  CHECK_FALSE(softmax.inputs[0].map.whole);
}

TEST_CASE("a flattened image is taken as a whole, and a mean over it hands on a part per line") {
  Net net;
  const TensorId image = net.convolution(net.input({1, 8, 6, 6}), 16, 1);
  const TensorId flat = net.add(OperatorType::reshape, workloads::NoAttributes{}, {image}, {1, 16 * 36});
  CHECK(map(network(net.finish(net.linear(flat, 8)), chip("hailo-8")), 1).whole);

  Net pool;
  const TensorId plane = pool.convolution(pool.input({1, 8, 6, 6}), 16, 1);
  const TensorId mean = pool.add(OperatorType::global_avg_pool, workloads::NoAttributes{}, {plane}, {1, 16, 1, 1});
  const Network made = network(pool.finish(pool.conv(mean, 8)), chip("hailo-8"));
  CHECK(made.layers[1].rows == 6);
  CHECK(made.layers[1].row_passes == 6 * 16);
  CHECK(made.layers[1].row_elements == 3);  // 16 in six parts
  CHECK(map(made, 1).last(2) == 2);
  CHECK(map(made, 2).whole);
}

TEST_CASE("scale and image of a squeeze-and-excite block meet by broadcast") {
  Net net;
  const TensorId x = net.convolution(net.input({1, 8, 6, 6}), 16, 1);
  const TensorId mean = net.add(OperatorType::global_avg_pool, workloads::NoAttributes{}, {x}, {1, 16, 1, 1});
  const TensorId scale = net.pointwise(OperatorType::sigmoid, {net.conv(mean, 16)});
  const Graph graph = net.finish(net.add(OperatorType::mul, workloads::NoAttributes{}, {scale, x}, {1, 16, 6, 6}));
  const Network made = network(graph, chip("hailo-8"));
  const Layer& product = made.layers.back();
  CHECK(product.rows == 6);
  CHECK(product.inputs.at(0).map.rows == 1);
  CHECK(product.inputs.at(1).map.last(3) == 3);
  // The image waits for all of itself.
  const Plan made_plan = plan(graph, chip("hailo-8"));
  CHECK(made_plan.stages.back().buffers.at(1).capacity >= 6);
}
