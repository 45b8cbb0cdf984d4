// Pools, means and resize against loop nests that slide, add, compare and count.
#include <catch2/catch.hpp>

#include "tests/workloads/counted.h"
#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {
namespace {

/// Windows along one axis, found by sliding; with `ceil_mode` one more that starts on data and ends beyond the padding.
std::int64_t slide(std::int64_t extent, std::int64_t before, std::int64_t after, std::int64_t kernel,
                   std::int64_t stride, std::int64_t dilation, bool ceil_mode) {
  std::int64_t windows = 0;
  std::int64_t covered = -before;
  for (std::int64_t start = -before;; start += stride) {
    const std::int64_t end = start + dilation * (kernel - 1) + 1;
    const bool fits = end <= extent + after;
    const bool rest = ceil_mode && windows > 0 && covered < extent + after && start < extent;
    if (!fits && !rest) return windows;
    ++windows;
    if (!fits) return windows;
    covered = end;
  }
}

TEST_CASE("pools follow a sliding loop nest") {
  Random random;
  int checked = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const bool is_max = random(0, 1) == 1;
    PoolAttributes a;
    a.kernel = {random(1, 4), random(1, 4)};
    a.stride = {random(1, 3), random(1, 3)};
    if (is_max) a.dilation = {random(1, 2), random(1, 2)};
    for (std::size_t side = 0; side < 4; ++side) a.padding[side] = random(0, a.kernel[side % 2] - 1);
    a.ceil_mode = random(0, 1) == 1;
    a.count_include_pad = !is_max && random(0, 1) == 1;
    const Shape x{random(1, 2), random(1, 3), random(1, 9), random(1, 9)};
    const std::int64_t rows =
        slide(x[2], a.padding[0], a.padding[2], a.kernel[0], a.stride[0], a.dilation[0], a.ceil_mode);
    const std::int64_t columns =
        slide(x[3], a.padding[1], a.padding[3], a.kernel[1], a.stride[1], a.dilation[1], a.ceil_mode);
    if (rows == 0 || columns == 0) continue;
    const Shape y{x[0], x[1], rows, columns};
    const std::int64_t operations = count([&] {
      for (std::int64_t output = 0; output < y[0] * y[1] * y[2] * y[3]; ++output) {
        Counted result;  // the first element of the window
        for (std::int64_t tap = 1; tap < a.kernel[0] * a.kernel[1]; ++tap) {
          result = is_max ? max(result, Counted{}) : result + Counted{};
        }
        if (!is_max) result = result * Counted{0.25};
      }
    });
    const OperatorType type = is_max ? OperatorType::max_pool2d : OperatorType::avg_pool2d;
    check_shape(type, a, {x}, y);
    const Cost found = cost_of(type, a, {x}, y);
    CHECK(found.macs == 0);
    CHECK(found.other_ops == operations);
    ++checked;
  }
  CHECK(checked > 200);
}

TEST_CASE("ceil mode adds a last window only if it starts before the padding behind") {
  PoolAttributes a;
  a.kernel = {2, 2};
  a.stride = {2, 2};
  a.ceil_mode = true;
  check_shape(OperatorType::max_pool2d, a, {{1, 1, 5, 5}}, {1, 1, 3, 3});
  a.padding = {1, 1, 1, 1};
  check_shape(OperatorType::max_pool2d, a, {{1, 1, 5, 5}}, {1, 1, 3, 3});  // 7 = 3 * 2 + 1, the fourth starts at 5
}

TEST_CASE("pools refuse contradictions") {
  const auto refused = [](OperatorType type, const PoolAttributes& a) {
    return refusal([&] { verify(single(type, a, {{1, 2, 8, 8}}, {1, 2, 3, 3})); });
  };
  PoolAttributes a;
  a.kernel = {2, 2};
  a.stride = {3, 3};
  verify(single(OperatorType::max_pool2d, a, {{1, 2, 8, 8}}, {1, 2, 3, 3}));
  a.padding = {0, 0, 2, 0};
  CHECK_THAT(refused(OperatorType::max_pool2d, a), Catch::Contains("padding 2 of a window of 2"));
  a.padding = {0, 0, 0, 0};
  a.count_include_pad = true;
  CHECK_THAT(refused(OperatorType::max_pool2d, a), Catch::Contains("count_include_pad"));
  a.dilation = {2, 1};
  CHECK_THAT(refused(OperatorType::avg_pool2d, a), Catch::Contains("dilation"));
}

TEST_CASE("means follow a loop nest over what they reduce") {
  Random random;
  for (int trial = 0; trial < 100; ++trial) {
    Shape x;
    for (std::int64_t rank = random(1, 5); rank > 0; --rank) x.push_back(random(1, 4));
    ReduceAttributes a;
    a.keepdims = random(0, 1) == 1;
    Shape y;
    std::int64_t outputs = 1;
    std::int64_t reduced = 1;
    for (std::size_t axis = 0; axis < x.size(); ++axis) {
      const bool gone = random(0, 1) == 1 || (axis + 1 == x.size() && a.axes.empty());
      if (gone) a.axes.push_back(static_cast<std::int64_t>(axis));
      if (!gone || a.keepdims) y.push_back(gone ? 1 : x[axis]);
      (gone ? reduced : outputs) *= x[axis];
    }
    const std::int64_t operations = count([&] {
      for (std::int64_t output = 0; output < outputs; ++output) {
        Counted sum;
        for (std::int64_t element = 1; element < reduced; ++element) sum = sum + Counted{};
        sum = sum * Counted{0.5};
      }
    });
    check_shape(OperatorType::reduce_mean, a, {x}, y);
    CHECK(cost_of(OperatorType::reduce_mean, a, {x}, y).other_ops == operations);
  }
  check_shape(OperatorType::global_avg_pool, NoAttributes{}, {{2, 3, 7, 5}}, {2, 3, 1, 1});
  CHECK(cost_of(OperatorType::global_avg_pool, NoAttributes{}, {{2, 3, 7, 5}}, {2, 3, 1, 1}).other_ops == 210);
  for (const std::vector<std::int64_t>& axes : std::vector<std::vector<std::int64_t>>{{}, {1, 0}, {1, 1}, {2}, {-1}}) {
    CHECK_THROWS_AS(verify(single(OperatorType::reduce_mean, ReduceAttributes{axes, true}, {{2, 2}}, {1, 1})),
                    InputError);
  }
}

TEST_CASE("resize keeps batch and channels and interpolates from four neighbours") {
  const Shape x{1, 2, 3, 4};
  const Shape y{1, 2, 6, 5};
  const ResizeAttributes linear{ResizeMode::linear, "pytorch_half_pixel"};
  const ResizeAttributes nearest{ResizeMode::nearest, "asymmetric"};
  verify(single(OperatorType::resize, linear, {x}, y));
  const std::int64_t operations = count([&] {
    for (std::int64_t output = 0; output < 60; ++output) {
      const Counted a, b, c, d, wa, wb, wc, wd;
      a* wa + b* wb + c* wc + d* wd;
    }
  });
  CHECK(cost_of(OperatorType::resize, linear, {x}, y).other_ops == operations);
  CHECK(cost_of(OperatorType::resize, nearest, {x}, y).other_ops == 0);
  CHECK_THROWS_AS(verify(single(OperatorType::resize, linear, {x}, {1, 3, 6, 5})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::resize, linear, {x}, {2, 2, 6, 5})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::resize, linear, {x}, {1, 2, 6})), InputError);
  CHECK_THAT(refusal([&] {
               verify(single(OperatorType::resize, ResizeAttributes{ResizeMode::linear, "cubic"}, {x}, y));
             }),
             Catch::Contains("coordinates 'cubic'"));
}

}  // namespace
}  // namespace cyclescope::workloads
