// Windows on the input plane, against a loop over every tap of every window.
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

LoweredOp mapped(const Graph& graph) {
  return map_group(graph, workloads::fuse(graph, fusion_rules()).front(), chip());
}

/// A convolution or pool of random window over a random plane.
LoweredOp random_operator(Random& random, std::int64_t channels = 3) {
  Net net;
  const std::int64_t height = random(1, 18);
  const std::int64_t width = random(1, 18);
  const TensorId x = net.input({1, channels, height, width});
  const Net::Layer layer = random_layer(random, height, width, random(1, 70));
  return mapped(net.finish(random(0, 3) == 0 ? net.max_pool(x, layer) : net.convolution(x, layer)));
}

/// A run of output pixels that is not empty.
std::pair<std::int64_t, std::int64_t> random_run(Random& random, std::int64_t m) {
  const std::int64_t begin = random(0, m - 1);
  return {begin, random(begin + 1, m)};
}

}  // namespace

TEST_CASE("used pixels are those that some window reads") {
  Random random;
  for (int trial = 0; trial < 400; ++trial) {
    const LoweredOp op = random_operator(random);
    const std::set<std::int64_t> read = touched_pixels(op, 0, op.m);
    const auto [begin, end] = random_run(random, op.in_height * op.in_width);
    const auto expected = std::distance(read.lower_bound(begin), read.lower_bound(end));
    REQUIRE(used_pixels(op, begin, end) == expected);
    REQUIRE(used_pixels(op, 0, op.in_height * op.in_width) == static_cast<std::int64_t>(read.size()));
    REQUIRE(used_elements(op, {begin, end, 1, 3}) == 2 * expected);
  }
}

TEST_CASE("a stride beyond the kernel skips pixels") {
  Net net;
  const TensorId x = net.input({1, 2, 7, 7});
  const LoweredOp op = mapped(net.finish(net.convolution(x, {4, {1, 1}, {2, 2}})));
  CHECK(op.m == 16);
  CHECK(used_pixels(op, 0, 49) == 16);  // every second pixel of every second row
  CHECK(used_pixels(op, 7, 14) == 0);   // the second row is never read
  CHECK(window_pixels(op, 0, 4) == 4);  // first output row
  const Region in = input_region(op, {0, 4, 0, 4});
  CHECK(in.pixel_begin == 0);
  CHECK(in.pixel_end == 7);  // up to column 6 of row 0
  CHECK(used_elements(op, in) == 4 * 2);
}

TEST_CASE("window pixels are the distinct pixels of the windows, gaps of a dilated window filled") {
  Random random;
  int undilated = 0;
  for (int trial = 0; trial < 600; ++trial) {
    const LoweredOp op = random_operator(random);
    const auto [begin, end] = random_run(random, op.m);
    std::set<std::int64_t> expected = touched_pixels(op, begin, end);
    if (op.window.dilation[1] == 1) {
      ++undilated;
    } else {
      // The same windows with every column between the first and the last tap, as far as some window reads it.
      LoweredOp filled = op;
      filled.window.kernel[1] = (op.window.kernel[1] - 1) * op.window.dilation[1] + 1;
      filled.window.dilation[1] = 1;
      const std::set<std::int64_t> all = touched_pixels(op, 0, op.m);
      for (const std::int64_t pixel : touched_pixels(filled, begin, end)) {
        if (all.count(pixel) == 1) expected.insert(pixel);
      }
    }
    INFO("pixels " << begin << " to " << end << " of " << op.m);
    REQUIRE(window_pixels(op, begin, end) == static_cast<std::int64_t>(expected.size()));
  }
  REQUIRE(undilated > 200);
}

TEST_CASE("the input region holds every pixel that the windows read, and no row more") {
  Random random;
  for (int trial = 0; trial < 600; ++trial) {
    const LoweredOp op = random_operator(random);
    const auto [begin, end] = random_run(random, op.m);
    const std::set<std::int64_t> read = touched_pixels(op, begin, end);
    const Region in = input_region(op, {begin, end, 0, 1});
    REQUIRE(in.channel_begin == 0);
    REQUIRE(in.channel_end == (op.kind == OpKind::gemm ? op.in_channels : 1));
    REQUIRE(in.pixel_begin >= 0);
    REQUIRE(in.pixel_end <= op.in_height * op.in_width);
    REQUIRE(in.pixel_begin < in.pixel_end);
    if (read.empty()) continue;  // windows in the padding only
    REQUIRE(in.pixel_begin <= *read.begin());
    REQUIRE(in.pixel_end > *read.rbegin());
    REQUIRE(window_pixels(op, begin, end) <= used_pixels(op, in.pixel_begin, in.pixel_end));
    if (op.window.padding != Padding{0, 0, 0, 0}) continue;
    REQUIRE(in.pixel_begin / op.in_width == *read.begin() / op.in_width);
    REQUIRE((in.pixel_end - 1) / op.in_width == *read.rbegin() / op.in_width);
    if (begin / op.out_width != (end - 1) / op.out_width) continue;
    REQUIRE(in.pixel_begin == *read.begin());  // one row of windows: the columns are tight too
    REQUIRE(in.pixel_end == *read.rbegin() + 1);
  }
}

TEST_CASE("global pooling and its readers need the whole plane") {
  Net net;
  const TensorId x = net.input({1, 40, 5, 6});
  const LoweredOp op = mapped(net.finish(net.global_pool(x)));
  CHECK(op.m == 1);
  CHECK(window_pixels(op, 0, 1) == 30);
  const Region in = input_region(op, {0, 1, 32, 40});
  CHECK(in.elements() == 30 * 8);
  CHECK(used_elements(op, in) == 30 * 8);
}

TEST_CASE("window lines are the lines of each window row, counted byte by byte") {
  Random random;
  for (int trial = 0; trial < 600; ++trial) {
    const LoweredOp op = random_operator(random);
    const auto [begin, end] = random_run(random, op.m);
    const std::int64_t channels = random(1, 40);
    const std::int64_t line = random(0, 1) == 0 ? 16 : 64;
    const Window& w = op.window;
    std::int64_t expected = 0;
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      for (std::int64_t i = 0; i < w.kernel[0]; ++i) {
        const std::int64_t row = pixel / op.out_width * w.stride[0] - w.padding[0] + i * w.dilation[0];
        if (row < 0 || row >= op.in_height) continue;
        std::set<std::pair<std::int64_t, std::int64_t>> lines;  // of each stretch of its own when dilated
        for (std::int64_t j = 0; j < w.kernel[1]; ++j) {
          const std::int64_t column = pixel % op.out_width * w.stride[1] - w.padding[1] + j * w.dilation[1];
          if (column < 0 || column >= op.in_width) continue;
          const std::int64_t stretch = w.dilation[1] == 1 ? 0 : j;
          for (std::int64_t byte = column * channels; byte < (column + 1) * channels; ++byte) {
            lines.insert({stretch, byte / line});
          }
        }
        expected += static_cast<std::int64_t>(lines.size());
      }
    }
    REQUIRE(window_lines(op, begin, end, channels, line) == expected);
  }
}
