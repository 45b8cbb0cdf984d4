#include "arch/kpu/planes.h"

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::kpu {
namespace {

using workloads::Shape;

/// A plane that one producer makes.
std::shared_ptr<const Plane> plane_of(std::int64_t pixels, std::int64_t channels, std::int32_t producer) {
  Plane plane{pixels, channels, {}};
  plane.pieces.push_back({producer, {0, pixels, 0, channels}, pixels, 0, 0});
  return std::make_shared<const Plane>(std::move(plane));
}

bool continues(const Axis& outer, const Axis& base, std::int64_t elements) {
  return outer.pixel_step == elements * base.pixel_step && outer.channel_step == elements * base.channel_step;
}

/// Extent of the axes that step through pixels (or channels), when they cover 0 .. extent - 1 once each.
std::optional<std::int64_t> dense_extent(const TensorView& view, std::int64_t Axis::*step) {
  std::vector<std::pair<std::int64_t, std::int64_t>> walks;
  for (const Axis& axis : view.axes) {
    if (axis.size > 1 && axis.*step != 0) walks.emplace_back(axis.*step, axis.size);
  }
  std::sort(walks.begin(), walks.end());
  std::int64_t extent = 1;
  for (const auto& [distance, size] : walks) {
    if (distance != extent) return std::nullopt;
    extent *= size;
  }
  return extent;
}

}  // namespace

TensorView plain_view(const Shape& shape, std::int32_t producer) {
  TensorView view;
  view.axes.resize(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) view.axes[i].size = shape[i];
  const std::size_t channel_axis = shape.size() == 4 ? 1 : shape.size() - 1;
  std::int64_t pixels = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (i == channel_axis) continue;
    view.axes[i].pixel_step = pixels;
    pixels *= shape[i];
  }
  const std::int64_t channels = shape.empty() ? 1 : shape[channel_axis];
  if (!shape.empty()) view.axes[channel_axis].channel_step = 1;
  view.plane = plane_of(pixels, channels, producer);
  return view;
}

TensorView same_view(const TensorView& like, std::int32_t producer) {
  const std::optional<Region> region = rectangle(like);
  if (!region) throw InternalError("the result of an operator on a view with holes");
  TensorView view = like;
  view.plane = plane_of(region->pixel_end - region->pixel_begin, region->channel_end - region->channel_begin, producer);
  view.pixel = view.channel = 0;
  return view;
}

std::optional<TensorView> reshape(const TensorView& view, const Shape& shape) {
  if (view.scattered) return std::nullopt;
  TensorView result = view;
  result.axes.assign(shape.size(), {});
  for (std::size_t i = 0; i < shape.size(); ++i) result.axes[i].size = shape[i];
  std::vector<Axis> old;
  for (const Axis& axis : view.axes) {
    if (axis.size != 1) old.push_back(axis);
  }
  if (old.empty()) return result;
  auto next = static_cast<std::ptrdiff_t>(shape.size()) - 1;  // new axis to place, from the innermost on
  Axis base = old.back();
  std::int64_t walked = 1;
  std::int64_t placed = 1;
  for (std::size_t i = old.size(); i-- > 0;) {
    walked *= old[i].size;
    if (i > 0 && continues(old[i - 1], base, walked)) continue;
    while (next >= 0 && (placed < walked || shape[static_cast<std::size_t>(next)] == 1)) {
      Axis& axis = result.axes[static_cast<std::size_t>(next)];
      axis.pixel_step = placed * base.pixel_step;
      axis.channel_step = placed * base.channel_step;
      placed *= axis.size;
      --next;
    }
    if (placed != walked) return std::nullopt;
    if (i > 0) base = old[i - 1];
    walked = placed = 1;
  }
  return result;
}

TensorView transpose(const TensorView& view, const std::vector<std::int64_t>& perm) {
  TensorView result = view;
  for (std::size_t i = 0; i < perm.size(); ++i) result.axes[i] = view.axes[static_cast<std::size_t>(perm[i])];
  return result;
}

TensorView slice(const TensorView& view, const workloads::SliceAttributes& cut, const Shape& shape) {
  TensorView result = view;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    Axis& axis = result.axes[i];
    result.pixel += cut.starts[i] * axis.pixel_step;
    result.channel += cut.starts[i] * axis.channel_step;
    axis = {shape[i], axis.pixel_step * cut.steps[i], axis.channel_step * cut.steps[i]};
  }
  return result;
}

std::optional<Region> rectangle(const TensorView& view) {
  if (view.scattered) return std::nullopt;
  for (const Axis& axis : view.axes) {
    const bool both = axis.pixel_step != 0 && axis.channel_step != 0;
    const bool none = axis.pixel_step == 0 && axis.channel_step == 0;
    if (axis.size > 1 && (both || none)) return std::nullopt;
  }
  const auto pixels = dense_extent(view, &Axis::pixel_step);
  const auto channels = dense_extent(view, &Axis::channel_step);
  if (!pixels || !channels) return std::nullopt;
  return Region{view.pixel, view.pixel + *pixels, view.channel, view.channel + *channels};
}

std::optional<TensorView> concat(const std::vector<TensorView>& parts, std::size_t axis) {
  TensorView result = parts.front();
  Plane plane;
  std::int64_t along = 0;
  bool by_channel = false;
  for (const TensorView& part : parts) {
    const std::optional<Region> region = rectangle(part);
    if (!region) return std::nullopt;
    const std::int64_t pixels = region->pixel_end - region->pixel_begin;
    const std::int64_t channels = region->channel_end - region->channel_begin;
    if (&part == &parts.front()) {
      // The axis that grows must be the outermost walk of its kind; a part of extent one tells by the others.
      for (const TensorView& other : parts) {
        by_channel = by_channel || (other.axes[axis].size > 1 && other.axes[axis].channel_step != 0);
      }
    }
    const std::int64_t extent = by_channel ? channels : pixels;
    if (part.axes[axis].size != extent) return std::nullopt;
    if (plane.pixels != 0 && (by_channel ? plane.pixels != pixels : plane.channels != channels)) return std::nullopt;
    InputEdge placed = edge_of(part, *region, EdgeRole::input);
    for (Piece& piece : placed.pieces) {
      (by_channel ? piece.channel : piece.pixel) += along;
      plane.pieces.push_back(piece);
    }
    along += extent;
    plane.pixels = by_channel ? pixels : along;
    plane.channels = by_channel ? along : channels;
  }
  const TensorView& largest = *std::max_element(parts.begin(), parts.end(), [axis](const auto& a, const auto& b) {
    return a.axes[axis].size < b.axes[axis].size;
  });
  result = largest;
  result.pixel = result.channel = 0;
  result.axes[axis] = {along, by_channel ? 0 : 1, by_channel ? 1 : 0};
  result.plane = std::make_shared<const Plane>(std::move(plane));
  return result;
}

InputEdge edge_of(const TensorView& view, const Region& region, EdgeRole role) {
  InputEdge edge;
  edge.role = role;
  edge.pixels = region.pixel_end - region.pixel_begin;
  edge.channels = region.channel_end - region.channel_begin;
  for (const Piece& piece : view.plane->pieces) {
    const Region placed{piece.pixel, piece.pixel + piece.source.pixel_end - piece.source.pixel_begin, piece.channel,
                        piece.channel + piece.source.channel_end - piece.source.channel_begin};
    const Region common = intersect(placed, region);
    if (common.empty()) continue;
    Piece cut = piece;
    cut.source = {piece.source.pixel_begin + common.pixel_begin - placed.pixel_begin, 0,
                  piece.source.channel_begin + common.channel_begin - placed.channel_begin, 0};
    cut.source.pixel_end = cut.source.pixel_begin + common.pixel_end - common.pixel_begin;
    cut.source.channel_end = cut.source.channel_begin + common.channel_end - common.channel_begin;
    cut.pixel = common.pixel_begin - region.pixel_begin;
    cut.channel = common.channel_begin - region.channel_begin;
    edge.pieces.push_back(cut);
  }
  return edge;
}

}  // namespace cyclescope::kpu
