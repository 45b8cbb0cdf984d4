// Views of planes, against an array of labels that is sliced, transposed, reshaped and joined element by element.
#include "arch/kpu/planes.h"

#include <map>
#include <tuple>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;
using workloads::Shape;

/// Where an element comes from: producer, pixel and channel of its plane.
using Label = std::tuple<std::int32_t, std::int64_t, std::int64_t>;

/// A tensor that is really there.
struct Array {
  Shape shape;
  std::vector<Label> labels;  ///< row-major
};

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

Shape index_of(const Shape& shape, std::int64_t number) {
  Shape index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0; number /= shape[i]) index[i] = number % shape[i];
  return index;
}

std::int64_t number_of(const Shape& shape, const Shape& index) {
  std::int64_t number = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) number = number * shape[i] + index[i];
  return number;
}

/// An array of `shape` whose element at `index` is that of `from` at source(index).
template <class Source>
Array gather(const Shape& shape, const Array& from, Source&& source) {
  Array result{shape, {}};
  for (std::int64_t i = 0; i < elements(shape); ++i) {
    const std::int64_t at = number_of(from.shape, source(index_of(shape, i)));
    result.labels.push_back(from.labels.at(static_cast<std::size_t>(at)));
  }
  return result;
}

/// NCHW: pixels are (H, W), channels C; anything else rows by the last axis.
Array fresh(const Shape& shape, std::int32_t producer) {
  Array result{shape, {}};
  for (std::int64_t i = 0; i < elements(shape); ++i) {
    const Shape at = index_of(shape, i);
    if (shape.size() == 4) {
      result.labels.emplace_back(producer, (at[0] * shape[2] + at[2]) * shape[3] + at[3], at[1]);
    } else {
      result.labels.emplace_back(producer, i / shape.back(), i % shape.back());
    }
  }
  return result;
}

/// The label that a view gives to an element, through the pieces of its plane.
Label label_of(const TensorView& view, const Shape& index) {
  std::int64_t pixel = view.pixel;
  std::int64_t channel = view.channel;
  for (std::size_t i = 0; i < index.size(); ++i) {
    pixel += index[i] * view.axes[i].pixel_step;
    channel += index[i] * view.axes[i].channel_step;
  }
  REQUIRE(0 <= pixel);
  REQUIRE(pixel < view.plane->pixels);
  REQUIRE(0 <= channel);
  REQUIRE(channel < view.plane->channels);
  std::vector<Label> found;
  for (const Piece& piece : view.plane->pieces) {
    const std::int64_t p = pixel - piece.pixel + piece.source.pixel_begin;
    const std::int64_t c = channel - piece.channel + piece.source.channel_begin;
    const bool inside = piece.source.pixel_begin <= p && p < piece.source.pixel_end &&
                        piece.source.channel_begin <= c && c < piece.source.channel_end;
    if (inside) found.emplace_back(piece.producer, p, c);
  }
  REQUIRE(found.size() == 1);  // pieces make up the plane without overlap
  return found.front();
}

void check_same(const TensorView& view, const Array& array) {
  REQUIRE(view.axes.size() == array.shape.size());
  std::set<Label> all;
  for (std::int64_t i = 0; i < elements(array.shape); ++i) {
    const Shape at = index_of(array.shape, i);
    for (std::size_t axis = 0; axis < at.size(); ++axis) REQUIRE(view.axes[axis].size == array.shape[axis]);
    REQUIRE(label_of(view, at) == array.labels[static_cast<std::size_t>(i)]);
    all.insert(array.labels[static_cast<std::size_t>(i)]);
  }
  const std::optional<Region> dense = rectangle(view);
  if (!dense) return;
  // The rectangle holds as many elements as the view, and they are those of the view.
  REQUIRE(dense->elements() == elements(array.shape));
  const InputEdge edge = edge_of(view, *dense, EdgeRole::input);
  std::set<Label> read;
  std::int64_t area = 0;
  for (const Piece& piece : edge.pieces) {
    area += piece.source.elements();
    for (std::int64_t p = piece.source.pixel_begin; p < piece.source.pixel_end; ++p) {
      for (std::int64_t c = piece.source.channel_begin; c < piece.source.channel_end; ++c) {
        read.emplace(piece.producer, p, c);
      }
    }
  }
  REQUIRE(edge.pixels * edge.channels == area);
  REQUIRE(read == all);
}

/// A random way to write `total` as `axes` extents.
Shape random_shape(Random& random, std::int64_t total, std::size_t axes) {
  Shape shape(axes, 1);
  for (std::int64_t factor = 2; total > 1; ++factor) {
    for (; total % factor == 0; total /= factor) {
      shape[static_cast<std::size_t>(random(0, static_cast<std::int64_t>(axes) - 1))] *= factor;
    }
  }
  return shape;
}

Shape random_plane(Random& random) {
  const std::int64_t sizes[]{1, 2, 3, 4, 6, 8};
  const auto one = [&] { return sizes[random(0, 5)]; };
  if (random(0, 1) == 0) return {1, one(), one(), one()};
  return random(0, 1) == 0 ? Shape{1, one(), one()} : Shape{one(), one()};
}

/// One random view operation on both; counts the reshapes that a walk does and does not describe.
void change(Random& random, TensorView& view, Array& array, int& walked, int& refused) {
  const std::size_t rank = array.shape.size();
  switch (random(0, 2)) {
    case 0: {
      const Shape shape = random_shape(random, elements(array.shape), static_cast<std::size_t>(random(1, 5)));
      const std::optional<TensorView> reshaped = reshape(view, shape);
      ++(reshaped ? walked : refused);
      if (!reshaped) return;
      view = *reshaped;
      array.shape = shape;
      return;
    }
    case 1: {
      std::vector<std::int64_t> perm(rank);
      for (std::size_t i = 0; i < rank; ++i) {
        const auto other = static_cast<std::size_t>(random(0, static_cast<std::int64_t>(i)));
        perm[i] = perm[other];
        perm[other] = static_cast<std::int64_t>(i);
      }
      Shape shape;
      for (const std::int64_t axis : perm) shape.push_back(array.shape[static_cast<std::size_t>(axis)]);
      array = gather(shape, array, [&](const Shape& at) {
        Shape source(rank);
        for (std::size_t i = 0; i < rank; ++i) source[static_cast<std::size_t>(perm[i])] = at[i];
        return source;
      });
      view = transpose(view, perm);
      return;
    }
    default: {
      workloads::SliceAttributes cut;
      Shape shape;
      for (const std::int64_t extent : array.shape) {
        cut.starts.push_back(random(0, 3) == 0 ? random(0, extent - 1) : 0);
        cut.steps.push_back(random(0, 7) == 0 ? 2 : 1);
        shape.push_back((extent - cut.starts.back() + cut.steps.back() - 1) / cut.steps.back());
      }
      array = gather(shape, array, [&](const Shape& at) {
        Shape source;
        for (std::size_t i = 0; i < at.size(); ++i) source.push_back(cut.starts[i] + at[i] * cut.steps[i]);
        return source;
      });
      view = slice(view, cut, shape);
    }
  }
}

}  // namespace

TEST_CASE("slices, transposes and reshapes in any order see the elements that they should") {
  Random random;
  int walked = 0;
  int refused = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    const Shape shape = random_plane(random);
    TensorView view = plain_view(shape, 7);
    Array array = fresh(shape, 7);
    check_same(view, array);
    for (std::int64_t step = random(1, 5); step > 0; --step) {
      change(random, view, array, walked, refused);
      check_same(view, array);
    }
  }
  CHECK(walked > 500);
  CHECK(refused > 50);
}

TEST_CASE("a reshape that a walk describes is found, one that none describes is not") {
  const TensorView tokens = plain_view({1, 6, 8}, 0);
  CHECK(reshape(tokens, {6, 2, 4}));
  CHECK(reshape(tokens, {1, 2, 3, 8}));
  CHECK_FALSE(reshape(tokens, {1, 48}));  // a row of pixels and channels both
  CHECK_FALSE(reshape(tokens, {4, 12}));
  const TensorView plane = plain_view({1, 4, 3, 5}, 0);
  CHECK(reshape(plane, {1, 4, 15}));
  CHECK_FALSE(reshape(plane, {1, 60}));
  CHECK(reshape(plain_view({1, 60, 1, 1}, 0), {1, 60}));
}

TEST_CASE("what has holes or repeats is no rectangle") {
  const TensorView plane = plain_view({1, 4, 6, 5}, 0);
  CHECK(rectangle(plane)->elements() == 120);
  CHECK(rectangle(slice(plane, {{0, 1, 2, 0}, {1, 1, 1, 1}}, {1, 3, 4, 5}))->elements() == 60);  // whole rows
  CHECK_FALSE(rectangle(slice(plane, {{0, 0, 0, 0}, {1, 1, 1, 1}}, {1, 4, 6, 4})));              // part of each row
  CHECK_FALSE(rectangle(slice(plane, {{0, 0, 0, 0}, {1, 2, 1, 1}}, {1, 2, 6, 5})));              // every second channel
  CHECK_FALSE(rectangle(slice(plane, {{0, 0, 0, 0}, {1, 1, 2, 1}}, {1, 4, 3, 5})));              // every second row
}

TEST_CASE("parts beside each other in pixels or channels join into one plane") {
  Random random;
  int joined = 0;
  int cut = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const bool tokens = random(0, 1) == 0;
    const Shape base =
        tokens ? Shape{1, random(1, 4), random(1, 5)} : Shape{1, random(1, 5), random(1, 3), random(1, 3)};
    const std::size_t axis = static_cast<std::size_t>(random(1, 2));
    std::vector<TensorView> parts;
    Array whole{base, {}};
    whole.shape[axis] = 0;
    std::vector<Array> arrays;
    for (std::int32_t producer = 0; producer < 3; ++producer) {
      Shape shape = base;
      shape[axis] = random(1, 4);
      parts.push_back(plain_view(shape, producer));
      arrays.push_back(fresh(shape, producer));
      whole.shape[axis] += shape[axis];
    }
    for (std::int64_t i = 0; i < elements(whole.shape); ++i) {
      Shape at = index_of(whole.shape, i);
      std::size_t part = 0;
      while (at[axis] >= arrays[part].shape[axis]) at[axis] -= arrays[part++].shape[axis];
      whole.labels.push_back(arrays[part].labels[static_cast<std::size_t>(number_of(arrays[part].shape, at))]);
    }
    const std::optional<TensorView> view = concat(parts, axis);
    if (!view) {  // rows of a plane are not one walk through its pixels; extents of one do not tell which way they lie
      const bool ones = whole.shape[axis] == static_cast<std::int64_t>(parts.size());
      REQUIRE((ones || (!tokens && axis == 2)));
      continue;
    }
    ++joined;
    check_same(*view, whole);
    // A slice along the joined axis takes parts of some of them.
    workloads::SliceAttributes attributes{{0, 0, 0, 0}, {1, 1, 1, 1}};
    attributes.starts.resize(base.size());
    attributes.steps.resize(base.size());
    attributes.starts[axis] = random(0, whole.shape[axis] - 1);
    Shape shape = whole.shape;
    shape[axis] -= attributes.starts[axis];
    const Array part = gather(shape, whole, [&](Shape at) {
      at[axis] += attributes.starts[axis];
      return at;
    });
    check_same(slice(*view, attributes, shape), part);
    ++cut;
  }
  CHECK(joined > 500);
  CHECK(cut == joined);
}
