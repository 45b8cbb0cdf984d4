// conv2d, gemm, matmul against loop nests that multiply and count.
#include <catch2/catch.hpp>

#include "tests/workloads/counted.h"
#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {
namespace {

/// First elements of the windows that fit into an axis, found by sliding.
std::vector<std::int64_t> slide(std::int64_t extent, std::int64_t before, std::int64_t after, std::int64_t kernel,
                                std::int64_t stride, std::int64_t dilation) {
  std::vector<std::int64_t> starts;
  for (std::int64_t start = -before; start + dilation * (kernel - 1) < extent + after; start += stride) {
    starts.push_back(start);
  }
  return starts;
}

TEST_CASE("conv2d follows a sliding loop nest") {
  Random random;
  int checked = 0;
  for (int trial = 0; trial < 300; ++trial) {
    ConvAttributes a;
    a.kernel = {random(1, 4), random(1, 4)};
    a.stride = {random(1, 3), random(1, 3)};
    a.padding = {random(0, 3), random(0, 3), random(0, 3), random(0, 3)};
    a.dilation = {random(1, 3), random(1, 3)};
    a.groups = random(1, 3);
    const Shape x{random(1, 2), a.groups * random(1, 3), random(1, 9), random(1, 9)};
    const Shape weight{a.groups * random(1, 3), x[1] / a.groups, a.kernel[0], a.kernel[1]};
    const bool bias = random(0, 1) == 1;
    std::vector<Shape> inputs{x, weight};
    if (bias) inputs.push_back({weight[0]});
    const auto rows = slide(x[2], a.padding[0], a.padding[2], a.kernel[0], a.stride[0], a.dilation[0]);
    const auto columns = slide(x[3], a.padding[1], a.padding[3], a.kernel[1], a.stride[1], a.dilation[1]);
    if (rows.empty() || columns.empty()) {
      CHECK_THROWS_AS(verify(single(OperatorType::conv2d, a, inputs, {x[0], weight[0], 1, 1})), InputError);
      continue;
    }
    std::int64_t macs = 0;
    std::int64_t bias_adds = 0;
    for (std::int64_t n = 0; n < x[0]; ++n) {
      for (std::int64_t o = 0; o < weight[0]; ++o) {
        for (std::size_t position = 0; position < rows.size() * columns.size(); ++position) {
          for (std::int64_t i = 0; i < x[1]; ++i) {
            if (i * a.groups / x[1] != o * a.groups / weight[0]) continue;  // another group's channel
            for (std::int64_t tap = 0; tap < a.kernel[0] * a.kernel[1]; ++tap) ++macs;
          }
          if (bias) ++bias_adds;
        }
      }
    }
    const Shape y{x[0], weight[0], static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns.size())};
    check_shape(OperatorType::conv2d, a, inputs, y);
    const Cost found = cost_of(OperatorType::conv2d, a, inputs, y);
    CHECK(found.macs == macs);
    CHECK(found.other_ops == bias_adds);
    ++checked;
  }
  CHECK(checked > 200);
}

TEST_CASE("the first convolution of ResNet-50 has its published size") {
  ConvAttributes a;
  a.kernel = {7, 7};
  a.stride = {2, 2};
  a.padding = {3, 3, 3, 3};
  const std::vector<Shape> inputs{{1, 3, 224, 224}, {64, 3, 7, 7}};
  check_shape(OperatorType::conv2d, a, inputs, {1, 64, 112, 112});
  const Cost found = cost_of(OperatorType::conv2d, a, inputs, {1, 64, 112, 112});
  CHECK(found.macs == 118013952);  // 64 * 112 * 112 * 3 * 49
  CHECK(found.parameters == 9408);
  CHECK(found.input_elements == 150528);
  CHECK(found.output_elements == 802816);
  CHECK_FALSE(found.view);
}

TEST_CASE("conv2d refuses contradictions") {
  const Shape x{1, 4, 8, 8};
  const Shape y{1, 6, 6, 6};
  ConvAttributes good;
  good.kernel = {3, 3};
  good.groups = 2;
  const auto attempt = [&](const ConvAttributes& a, const std::vector<Shape>& inputs) {
    return refusal([&] { verify(single(OperatorType::conv2d, a, inputs, y)); });
  };
  verify(single(OperatorType::conv2d, good, {x, {6, 2, 3, 3}, {6}}, y));
  CHECK_THAT(attempt(good, {x, {6, 4, 3, 3}}), Catch::Contains("weight has shape [6, 4, 3, 3]: expected [6, 2, 3, 3]"));
  CHECK_THAT(attempt(good, {x, {6, 2, 3, 3}, {4}}), Catch::Contains("bias has shape [4]: expected [6]"));
  CHECK_THAT(attempt(good, {{4, 8, 8}, {6, 2, 3, 3}}), Catch::Contains("expected 4 dimensions"));
  const auto change = [&](auto&& edit) {
    ConvAttributes a = good;
    edit(a);
    return attempt(a, {x, {6, 2, a.kernel[0], 3}});
  };
  CHECK_THAT(change([](ConvAttributes& a) { a.groups = 3; }), Catch::Contains("groups 3"));
  CHECK_THAT(change([](ConvAttributes& a) { a.groups = 0; }), Catch::Contains("groups 0"));
  CHECK_THAT(change([](ConvAttributes& a) { a.stride[1] = 0; }), Catch::Contains("stride 0"));
  CHECK_THAT(change([](ConvAttributes& a) { a.dilation[0] = 0; }), Catch::Contains("dilation 0"));
  CHECK_THAT(change([](ConvAttributes& a) { a.padding[2] = -1; }), Catch::Contains("padding 0 and -1"));
  CHECK_THAT(change([](ConvAttributes& a) { a.dilation[0] = 4; }), Catch::Contains("window of 9 does not fit"));
  CHECK_THAT(change([](ConvAttributes& a) { a.dilation[0] = INT64_MAX; }), Catch::Contains("does not fit 64 bits"));
  CHECK_THAT(change([](ConvAttributes& a) { a.padding[0] = INT64_MAX; }), Catch::Contains("does not fit 64 bits"));
}

TEST_CASE("gemm follows a loop nest") {
  Random random;
  for (int trial = 0; trial < 100; ++trial) {
    Shape x;
    for (std::int64_t left = random(0, 2); left > 0; --left) x.push_back(random(1, 4));
    std::int64_t rows = 1;
    for (const std::int64_t dimension : x) rows *= dimension;
    const std::int64_t depth = random(1, 6);
    const std::int64_t columns = random(1, 6);
    Shape y = x;
    x.push_back(depth);
    y.push_back(columns);
    const bool transpose = random(0, 1) == 1;
    const bool bias = random(0, 1) == 1;
    std::vector<Shape> inputs{x, transpose ? Shape{columns, depth} : Shape{depth, columns}};
    if (bias) inputs.push_back({columns});
    std::int64_t macs = 0;
    const std::int64_t adds = count([&] {
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < columns; ++column) {
          for (std::int64_t k = 0; k < depth; ++k) ++macs;
          if (bias) Counted{} + Counted{};
        }
      }
    });
    check_shape(OperatorType::gemm, GemmAttributes{transpose}, inputs, y);
    const Cost found = cost_of(OperatorType::gemm, GemmAttributes{transpose}, inputs, y);
    CHECK(found.macs == macs);
    CHECK(found.other_ops == adds);
    CHECK(found.parameters == columns * depth + (bias ? columns : 0));
  }
  CHECK_THAT(refusal([] {
               verify(single(OperatorType::gemm, GemmAttributes{true}, {{1, 3}, {3, 5}}, {1, 5}));
             }),
             Catch::Contains("do not share K"));
}

TEST_CASE("matmul follows a loop nest over broadcast batches") {
  Random random;
  for (int trial = 0; trial < 100; ++trial) {
    MatmulAttributes attributes;
    attributes.transpose_a = random(0, 1) == 1;
    attributes.transpose_b = random(0, 1) == 1;
    attributes.scale = random(0, 1) == 1 ? 0.125 : 1.0;
    const std::int64_t heads = random(1, 4);
    const std::int64_t batch = random(1, 3);
    const std::int64_t m = random(1, 5);
    const std::int64_t k = random(1, 5);
    const std::int64_t n = random(1, 5);
    Shape a{batch, random(0, 1) == 1 ? 1 : heads};
    Shape b{heads};
    for (const std::int64_t dimension : attributes.transpose_a ? Shape{k, m} : Shape{m, k}) a.push_back(dimension);
    for (const std::int64_t dimension : attributes.transpose_b ? Shape{n, k} : Shape{k, n}) b.push_back(dimension);
    std::int64_t macs = 0;
    const std::int64_t scalings = count([&] {
      for (std::int64_t block = 0; block < batch * heads; ++block) {
        for (std::int64_t element = 0; element < m * n; ++element) {
          for (std::int64_t depth = 0; depth < k; ++depth) ++macs;
          if (attributes.scale != 1.0) Counted{} * Counted{};
        }
      }
    });
    check_shape(OperatorType::matmul, attributes, {a, b}, {batch, heads, m, n});
    const Cost found = cost_of(OperatorType::matmul, attributes, {a, b}, {batch, heads, m, n});
    CHECK(found.macs == macs);
    CHECK(found.other_ops == scalings);
  }
  const auto refused = [](const Shape& a, const Shape& b) {
    return refusal([&] { verify(single(OperatorType::matmul, MatmulAttributes{}, {a, b}, {1, 1})); });
  };
  CHECK_THAT(refused({2, 3}, {4, 5}), Catch::Contains("do not share K"));
  CHECK_THAT(refused({2, 2, 3}, {3, 3, 5}), Catch::Contains("do not broadcast"));
  CHECK_THAT(refused({3}, {3, 5}), Catch::Contains("at least 2 dimensions"));
}

TEST_CASE("a product beyond 64 bits is refused, with the operator") {
  constexpr std::int64_t huge = std::int64_t{1} << 31;
  const Graph graph = single(OperatorType::gemm, GemmAttributes{true}, {{huge, huge}, {2, huge}}, {huge, 2});
  verify(graph);
  CHECK_THAT(refusal([&] { cost(graph, graph.operators[0]); }),
             Catch::Contains("gemm_0") && Catch::Contains("does not fit 64 bits"));
}

}  // namespace
}  // namespace cyclescope::workloads
