// Operators that move elements, against programs that place every element.
#include <catch2/catch.hpp>

#include "tests/workloads/graph_builder.h"

namespace cyclescope::workloads {
namespace {

using Index = std::vector<std::int64_t>;

/// Every index of a shape, last axis fastest.
std::vector<Index> indices(const Shape& shape) {
  std::vector<Index> result{{}};
  for (const std::int64_t extent : shape) {
    std::vector<Index> longer;
    for (const Index& prefix : result) {
      for (std::int64_t i = 0; i < extent; ++i) {
        longer.push_back(prefix);
        longer.back().push_back(i);
      }
    }
    result = std::move(longer);
  }
  return result;
}

/// The smallest shape that holds all of them.
Shape bounding(const std::vector<Index>& places) {
  Shape shape(places.front().size(), 0);
  for (const Index& place : places) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) shape[axis] = std::max(shape[axis], place[axis] + 1);
  }
  return shape;
}

Shape random_shape(Random& random) {
  Shape shape;
  for (std::int64_t rank = random(1, 4); rank > 0; --rank) shape.push_back(random(1, 4));
  return shape;
}

void check_moves_only(OperatorType type, const Attributes& attributes, const std::vector<Shape>& inputs,
                      const Shape& output) {
  const Cost found = cost_of(type, attributes, inputs, output);
  CHECK(found.macs == 0);
  CHECK(found.other_ops == 0);
  CHECK_FALSE(found.view);
  CHECK(found.output_elements == static_cast<std::int64_t>(indices(output).size()));
}

TEST_CASE("transpose places element p at the permuted index") {
  Random random;
  for (int trial = 0; trial < 50; ++trial) {
    const Shape x = random_shape(random);
    Index perm(x.size());
    for (std::size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<std::int64_t>(i);
    for (std::size_t i = perm.size(); i > 1; --i)
      std::swap(perm[i - 1], perm[static_cast<std::size_t>(random(0, static_cast<std::int64_t>(i) - 1))]);
    std::vector<Index> places;
    for (const Index& from : indices(x)) {
      Index to;
      for (const std::int64_t axis : perm) to.push_back(from[static_cast<std::size_t>(axis)]);
      places.push_back(to);
    }
    check_shape(OperatorType::transpose, TransposeAttributes{perm}, {x}, bounding(places));
    check_moves_only(OperatorType::transpose, TransposeAttributes{perm}, {x}, bounding(places));
  }
  for (const Index& perm : std::vector<Index>{{0}, {0, 0}, {0, 2}, {-1, 0}}) {
    CHECK_THROWS_AS(verify(single(OperatorType::transpose, TransposeAttributes{perm}, {{2, 2}}, {2, 2})), InputError);
  }
}

TEST_CASE("pad shifts every element and leaves room behind") {
  Random random;
  for (int trial = 0; trial < 50; ++trial) {
    const Shape x = random_shape(random);
    PadAttributes a;
    for (std::size_t axis = 0; axis < x.size(); ++axis) {
      a.begin.push_back(random(0, 2));
      a.end.push_back(random(0, 2));
    }
    std::vector<Index> places;
    for (Index index : indices(x)) {
      for (std::size_t axis = 0; axis < x.size(); ++axis) index[axis] += a.begin[axis] + a.end[axis];
      places.push_back(index);
    }
    check_shape(OperatorType::pad, a, {x}, bounding(places));
    check_moves_only(OperatorType::pad, a, {x}, bounding(places));
  }
  CHECK_THROWS_AS(verify(single(OperatorType::pad, PadAttributes{{1}, {-1}}, {{3}}, {3})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::pad, PadAttributes{{1, 0}, {0, 0}}, {{3}}, {4})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::pad, PadAttributes{{INT64_MAX}, {0}}, {{3}}, {4})), InputError);
}

TEST_CASE("concat places its inputs one behind the other") {
  Random random;
  for (int trial = 0; trial < 50; ++trial) {
    const Shape shape = random_shape(random);
    const std::int64_t axis = random(0, static_cast<std::int64_t>(shape.size()) - 1);
    const auto along = static_cast<std::size_t>(axis);
    std::vector<Shape> inputs;
    std::vector<Index> places;
    std::int64_t offset = 0;
    for (std::int64_t parts = random(1, 4); parts > 0; --parts) {
      inputs.push_back(shape);
      inputs.back()[along] = random(1, 4);
      for (Index index : indices(inputs.back())) {
        index[along] += offset;
        places.push_back(index);
      }
      offset += inputs.back()[along];
    }
    check_shape(OperatorType::concat, ConcatAttributes{axis}, inputs, bounding(places));
    check_moves_only(OperatorType::concat, ConcatAttributes{axis}, inputs, bounding(places));
  }
  const auto refused = [](std::int64_t axis, const Shape& b) {
    return refusal([&] { verify(single(OperatorType::concat, ConcatAttributes{axis}, {{2, 3}, b}, {4, 3})); });
  };
  CHECK_THAT(refused(0, {2, 4}), Catch::Contains("input 1 has shape [2, 4]"));
  CHECK_THAT(refused(0, {2}), Catch::Contains("expected 2 dimensions"));
  CHECK_THAT(refused(2, {2, 3}), Catch::Contains("axis 2"));
}

TEST_CASE("slice reads elements that exist") {
  Random random;
  for (int trial = 0; trial < 100; ++trial) {
    const Shape x = random_shape(random);
    SliceAttributes a;
    Shape y;
    bool exist = true;
    for (const std::int64_t extent : x) {
      a.starts.push_back(random(0, extent));
      a.steps.push_back(random(1, 2));
      y.push_back(random(1, 2));
    }
    for (const Index& to : indices(y)) {
      for (std::size_t axis = 0; axis < x.size(); ++axis) exist &= a.starts[axis] + to[axis] * a.steps[axis] < x[axis];
    }
    const Graph graph = single(OperatorType::slice, a, {x}, y);
    if (exist) {
      CHECK_NOTHROW(verify(graph));
      check_moves_only(OperatorType::slice, a, {x}, y);
    } else {
      CHECK_THROWS_AS(verify(graph), InputError);
    }
  }
  CHECK_THROWS_AS(verify(single(OperatorType::slice, SliceAttributes{{-1}, {1}}, {{3}}, {1})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::slice, SliceAttributes{{0}, {0}}, {{3}}, {1})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::slice, SliceAttributes{{0}, {1}}, {{3, 1}}, {1, 1})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::slice, SliceAttributes{{0}, {INT64_MAX}}, {{3}}, {3})), InputError);
}

TEST_CASE("reshape keeps the number of elements and is a view") {
  verify(single(OperatorType::reshape, NoAttributes{}, {{2, 3, 4}}, {6, 4}));
  verify(single(OperatorType::reshape, NoAttributes{}, {{1}}, {}));
  CHECK_THAT(refusal([] {
               verify(single(OperatorType::reshape, NoAttributes{}, {{2, 3, 4}}, {5, 4}));
             }),
             Catch::Contains("has 20 elements: expected the 24 of the input"));
  const Cost found = cost_of(OperatorType::reshape, NoAttributes{}, {{2, 3, 4}}, {6, 4});
  CHECK(found.view);
  CHECK(found.macs + found.other_ops + found.input_elements + found.output_elements == 0);
}

TEST_CASE("expand repeats extents of one only") {
  verify(single(OperatorType::expand, NoAttributes{}, {{1, 3}}, {4, 2, 3}));
  check_moves_only(OperatorType::expand, NoAttributes{}, {{1, 3}}, {4, 2, 3});
  CHECK_THROWS_AS(verify(single(OperatorType::expand, NoAttributes{}, {{2, 3}}, {4, 3})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::expand, NoAttributes{}, {{2, 3}}, {1, 3})), InputError);
  CHECK_THROWS_AS(verify(single(OperatorType::expand, NoAttributes{}, {{2, 3}}, {3})), InputError);
}

}  // namespace
}  // namespace cyclescope::workloads
