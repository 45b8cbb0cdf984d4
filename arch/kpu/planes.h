// Tensors as planes: rows (pixels or tokens) by channels, the form in which tiles hold activations. Slices, transposes,
// reshapes and concatenations are views of planes and cost nothing, as long as what is read is a rectangle. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "arch/kpu/program.h"
#include "workloads/graph.h"

namespace cyclescope::kpu {

/// One frame of an activation, made up of rectangles of what producers make.
struct Plane {
  std::int64_t pixels = 0, channels = 0;
  std::vector<Piece> pieces;
};

/// One axis of a tensor: how far an index step goes in the plane.
struct Axis {
  std::int64_t size = 1;
  std::int64_t pixel_step = 0, channel_step = 0;
};

/// A tensor as a walk over a plane.
struct TensorView {
  std::shared_ptr<const Plane> plane;
  std::int64_t pixel = 0, channel = 0;  ///< of its first element
  std::vector<Axis> axes;
  bool scattered = false;  ///< all of the plane in an order that no walk describes
};

using PlaneMap = std::map<workloads::TensorId, TensorView>;

/// The usual form of a tensor: NCHW is pixels (H, W) by C, anything else rows by its last axis.
TensorView plain_view(const workloads::Shape& shape, std::int32_t producer);

/// Result of an operator that works element by element on `like`.
TensorView same_view(const TensorView& like, std::int32_t producer);

std::optional<TensorView> reshape(const TensorView& view, const workloads::Shape& shape);
TensorView transpose(const TensorView& view, const std::vector<std::int64_t>& perm);
TensorView slice(const TensorView& view, const workloads::SliceAttributes& cut, const workloads::Shape& shape);
/// Nothing when the parts do not lie beside each other in pixels or channels.
std::optional<TensorView> concat(const std::vector<TensorView>& parts, std::size_t axis);

/// The rectangle that a view covers densely, of one frame; nothing when it has holes or repeats.
std::optional<Region> rectangle(const TensorView& view);

/// An edge that reads rectangle `region` of the view's plane.
InputEdge edge_of(const TensorView& view, const Region& region, EdgeRole role);

}  // namespace cyclescope::kpu
