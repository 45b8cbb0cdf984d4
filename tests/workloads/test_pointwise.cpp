// Pointwise operators and normalisations against programs that count their own arithmetic.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/workloads/counted.h"
#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {
namespace {

Counted sigmoid(Counted x) { return Counted{1} / (Counted{1} + exp(-x)); }
Counted hard_sigmoid(Counted x) { return max(Counted{0}, min(Counted{1}, Counted{0.2} * x + Counted{0.5})); }

TEST_CASE("unary pointwise operators cost what their formula does") {
  const std::vector<std::pair<OperatorType, std::function<Counted(Counted)>>> formulas{
      {OperatorType::relu, [](Counted x) { return max(x, Counted{0}); }},
      {OperatorType::gelu, [](Counted x) { return Counted{0.5} * (x * (Counted{1} + erf(x * Counted{0.70710678}))); }},
      {OperatorType::sigmoid, sigmoid},
      {OperatorType::tanh, [](Counted x) { return tanh(x); }},
      {OperatorType::silu, [](Counted x) { return x * sigmoid(x); }},
      {OperatorType::hard_sigmoid, hard_sigmoid},
      {OperatorType::hard_swish, [](Counted x) { return x * hard_sigmoid(x); }},
      {OperatorType::erf, [](Counted x) { return erf(x); }},
      {OperatorType::exp, [](Counted x) { return exp(x); }},
      {OperatorType::sqrt, [](Counted x) { return sqrt(x); }},
      {OperatorType::neg, [](Counted x) { return -x; }},
      {OperatorType::abs, [](Counted x) { return abs(x); }}};
  const Shape shape{2, 3, 5};
  for (const auto& [type, formula] : formulas) {
    INFO(name(type));
    const std::int64_t operations = count([&, f = formula] {
      for (int element = 0; element < 30; ++element) f(Counted{0.5});
    });
    check_shape(type, NoAttributes{}, {shape}, shape);
    const Cost found = cost_of(type, NoAttributes{}, {shape}, shape);
    CHECK(found.other_ops == operations);
    CHECK(found.macs == 0);
    CHECK(is_unary_pointwise(type));
    CHECK_FALSE(is_binary_pointwise(type));
  }
}

TEST_CASE("clip costs one compare per bound, and at least one operation") {
  const Shape shape{2, 3, 5};
  check_shape(OperatorType::clip, ClipAttributes{0.0, 6.0}, {shape}, shape);
  CHECK(cost_of(OperatorType::clip, ClipAttributes{0.0, 6.0}, {shape}, shape).other_ops == 60);
  CHECK(cost_of(OperatorType::clip, ClipAttributes{0.0, std::nullopt}, {shape}, shape).other_ops == 30);
  CHECK(cost_of(OperatorType::clip, ClipAttributes{}, {shape}, shape).other_ops == 30);
  CHECK(is_unary_pointwise(OperatorType::clip));
  CHECK_THAT(refusal([&] {
               verify(single(OperatorType::clip, ClipAttributes{2.0, 1.0}, {shape}, shape));
             }),
             Catch::Contains("min 2 exceeds max 1"));
}

TEST_CASE("binary pointwise operators broadcast and cost one operation per output element") {
  using T = OperatorType;
  for (const T type : {T::add, T::sub, T::mul, T::div, T::pow, T::maximum, T::minimum}) {
    INFO(name(type));
    check_shape(type, NoAttributes{}, {{2, 3, 4}, {2, 3, 4}}, {2, 3, 4});
    check_shape(type, NoAttributes{}, {{2, 1, 4}, {3, 1}}, {2, 3, 4});
    CHECK(cost_of(type, NoAttributes{}, {{2, 1, 4}, {3, 1}}, {2, 3, 4}).other_ops == 24);
    CHECK(is_binary_pointwise(type));
    CHECK_FALSE(is_unary_pointwise(type));
    CHECK_THAT(refusal([type = type] {
                 verify(single(type, NoAttributes{}, {{2, 3}, {2}}, {2, 3}));
               }),
               Catch::Contains("shapes [2, 3] and [2] do not broadcast"));
  }
}

TEST_CASE("batch_norm scales and shifts") {
  const Shape x{2, 3, 4, 5};
  const std::vector<Shape> inputs{x, {3}, {3}, {3}, {3}};
  const std::int64_t operations = count([] {
    for (int element = 0; element < 120; ++element) Counted{} * Counted{} + Counted{};
  });
  check_shape(OperatorType::batch_norm, BatchNormAttributes{}, inputs, x);
  CHECK(cost_of(OperatorType::batch_norm, BatchNormAttributes{}, inputs, x).other_ops == operations);
  CHECK_THAT(refusal([&] {
               verify(single(OperatorType::batch_norm, BatchNormAttributes{}, {x, {3}, {3}, {4}, {3}}, x));
             }),
             Catch::Contains("input 3 has shape [4]: expected [3]"));
  CHECK_THROWS_AS(verify(single(OperatorType::batch_norm, BatchNormAttributes{-1.0}, inputs, x)), InputError);
}

/// Normalises rows of `length` elements by mean and variance, then scale and bias.
void layer_norm(std::int64_t rows, std::int64_t length) {
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<Counted> x(static_cast<std::size_t>(length));
    const Counted size{static_cast<double>(length)};
    Counted sum;
    for (const Counted element : x) sum = sum + element;
    const Counted mean = sum / size;
    Counted squares;
    for (Counted& element : x) {
      element = element - mean;
      squares = squares + element * element;
    }
    const Counted factor = Counted{1} / sqrt(squares / size + Counted{1e-5});
    for (Counted& element : x) element = element * factor * Counted{1} + Counted{0};
  }
}

TEST_CASE("layer_norm costs what the program does") {
  const Shape x{2, 3, 4, 5};
  for (std::int64_t axis = 0; axis < 4; ++axis) {
    std::int64_t rows = 1;
    std::int64_t length = 1;
    for (std::int64_t i = 0; i < 4; ++i) (i < axis ? rows : length) *= x[static_cast<std::size_t>(i)];
    const Shape normalised(x.begin() + axis, x.end());
    const LayerNormAttributes attributes{axis, 1e-6};
    check_shape(OperatorType::layer_norm, attributes, {x, normalised, normalised}, x);
    CHECK(cost_of(OperatorType::layer_norm, attributes, {x, normalised, normalised}, x).other_ops ==
          count([&, r = rows, l = length] { layer_norm(r, l); }));
  }
  CHECK_THROWS_AS(verify(single(OperatorType::layer_norm, LayerNormAttributes{4, 1e-6}, {x, {5}, {5}}, x)), InputError);
  CHECK_THAT(refusal([&] {
               verify(single(OperatorType::layer_norm, LayerNormAttributes{2, 1e-6}, {x, {4, 5}, {5}}, x));
             }),
             Catch::Contains("input 2 has shape [5]: expected [4, 5]"));
}

TEST_CASE("softmax costs what the program does") {
  const Shape x{2, 3, 7};
  const std::int64_t operations = count([] {
    for (int row = 0; row < 6; ++row) {
      std::vector<Counted> elements(7);
      Counted largest{-1e30};
      Counted sum;
      for (const Counted element : elements) largest = max(largest, element);
      for (Counted& element : elements) {
        element = exp(element - largest);
        sum = sum + element;
      }
      for (Counted& element : elements) element = element / sum;
    }
  });
  check_shape(OperatorType::softmax, SoftmaxAttributes{2, 0}, {x}, x);
  CHECK(cost_of(OperatorType::softmax, SoftmaxAttributes{2, 0}, {x}, x).other_ops == operations);
  CHECK_THAT(refusal([&] {
               verify(single(OperatorType::softmax, SoftmaxAttributes{3, -1}, {x}, x));
             }),
             Catch::Contains("axis 3: expected 0 to 2"));
  CHECK_THROWS_AS(verify(single(OperatorType::softmax, SoftmaxAttributes{2, -2}, {x}, x)), InputError);
}

}  // namespace
}  // namespace cyclescope::workloads
