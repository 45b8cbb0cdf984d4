// Reshape, transpose, slice and expand of tensors as rows.
#include <algorithm>

#include "arch/hailo/row_access.h"
#include "sim/base/error.h"

namespace cyclescope::hailo {
namespace {

using workloads::Shape;

bool same_sizes(const std::vector<Axis>& axes, const Shape& shape) {
  return std::equal(axes.begin(), axes.end(), shape.begin(), shape.end(),
                    [](const Axis& axis, std::int64_t size) { return axis.size == size; });
}

/// Joins a slower axis and the one after it; false when no single step goes through both.
bool join(Axis& slower, const Axis& faster) {
  if (slower.step == faster.step * Ratio(faster.size)) {
    slower = {slower.size * faster.size, faster.step};
    return true;
  }
  if (faster.step.num != 0) return false;
  slower = {slower.size * faster.size, slower.step * Ratio(1, faster.size)};
  return true;
}

/// Cuts an axis into those of `sizes`, slowest first, and appends them.
void split(const Axis& axis, const std::vector<std::int64_t>& sizes, std::vector<Axis>& axes) {
  std::int64_t inner = axis.size;
  for (const std::int64_t size : sizes) {
    inner /= size;
    axes.push_back({size, axis.step * Ratio(inner)});
  }
}

/// Axes of `shape` over the same elements in the same order; false when their steps differ within one of them.
bool regroup(const std::vector<Axis>& from, const Shape& shape, std::vector<Axis>& axes) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < shape.size();) {
    std::vector<std::int64_t> sizes{shape[i]};
    std::int64_t wanted = shape[i++];
    Axis joined;
    while (joined.size != wanted) {
      if (joined.size < wanted) {
        const Axis& axis = from.at(next++);
        if (axis.size == 1) continue;
        if (joined.size == 1) {
          joined = axis;
        } else if (!join(joined, axis)) {
          return false;
        }
      } else {
        sizes.push_back(shape.at(i));
        wanted *= shape.at(i++);
      }
    }
    split(joined, sizes, axes);
  }
  return true;
}

TensorRows reshape(TensorRows view, const Shape& shape) {
  if (same_sizes(view.axes, shape)) return view;
  std::vector<Axis> axes;
  if (view.scattered || !regroup(view.axes, shape, axes)) {
    view.scattered = true;
    axes.clear();
    for (const std::int64_t size : shape) axes.push_back({size, {}});
  }
  view.axes = axes;
  view.channels = -1;
  return view;
}

TensorRows transpose(const TensorRows& operand, const std::vector<std::int64_t>& perm) {
  TensorRows view = operand;
  for (std::size_t i = 0; i < perm.size(); ++i) {
    view.axes[i] = operand.axes[static_cast<std::size_t>(perm[i])];
    if (perm[i] == operand.channels) view.channels = static_cast<int>(i);
  }
  return view;
}

TensorRows slice(TensorRows view, const workloads::SliceAttributes& cut, const Shape& shape) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    Axis& axis = view.axes[i];
    view.scattered = view.scattered || cut.steps[i] < 1;
    if (axis.step.num == 0) view.portion = view.portion * Ratio(shape[i], axis.size);
    view.base = view.base + axis.step * Ratio(cut.starts[i]);
    axis = {shape[i], axis.step * Ratio(cut.steps[i])};
  }
  return view;
}

TensorRows expand(const TensorRows& operand, const Shape& shape) {
  TensorRows view = operand;
  const std::size_t shift = shape.size() - operand.axes.size();
  view.axes.assign(shape.size(), {});
  for (std::size_t i = 0; i < shape.size(); ++i) {
    view.axes[i].size = shape[i];
    if (i >= shift && operand.axes[i - shift].size == shape[i]) view.axes[i] = operand.axes[i - shift];
  }
  if (operand.channels >= 0) view.channels = operand.channels + static_cast<int>(shift);
  return view;
}

}  // namespace

std::vector<Axis> axes_by_rows(const Shape& shape, const std::vector<std::size_t>& row_axes) {
  std::vector<Axis> axes;
  for (const std::int64_t size : shape) axes.push_back({size, {}});
  std::int64_t step = 1;
  for (auto axis = row_axes.rbegin(); axis != row_axes.rend(); ++axis) {
    axes[*axis].step = Ratio(step);
    step *= shape[*axis];
  }
  return axes;
}

std::vector<Axis> usual_axes(const Shape& shape) {
  constexpr std::size_t kImage = 4;
  constexpr std::size_t kHeight = 2;
  if (shape.size() == kImage) return axes_by_rows(shape, {kHeight});
  std::vector<std::size_t> leading;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) leading.push_back(i);
  return axes_by_rows(shape, leading);
}

std::int64_t rows_of(const std::vector<Axis>& axes) {
  std::int64_t rows = 1;
  for (const Axis& axis : axes) rows *= axis.step.num > 0 ? axis.size : 1;
  return rows;
}

bool is_plain(const TensorRows& tensor) {
  if (tensor.constant || tensor.scattered || tensor.base.num != 0) return false;
  std::vector<Axis> counting;
  for (const Axis& axis : tensor.axes) {
    if (axis.size > 1 && axis.step.num != 0) counting.push_back(axis);
  }
  std::sort(counting.begin(), counting.end(),
            [](const Axis& a, const Axis& b) { return a.step.num * b.step.den < b.step.num * a.step.den; });
  std::int64_t rows = 1;
  for (const Axis& axis : counting) {
    if (!(axis.step == Ratio(rows))) return false;
    rows *= axis.size;
  }
  return rows == tensor.rows;
}

TensorRows view_of(const workloads::Operator& op, const TensorRows& operand, const Shape& shape) {
  switch (op.type) {
    case workloads::OperatorType::reshape:
      return reshape(operand, shape);
    case workloads::OperatorType::transpose:
      return transpose(operand, std::get<workloads::TransposeAttributes>(op.attributes).perm);
    case workloads::OperatorType::slice:
      return slice(operand, std::get<workloads::SliceAttributes>(op.attributes), shape);
    case workloads::OperatorType::expand:
      return expand(operand, shape);
    default:
      throw InternalError("operator '" + op.name + "' is no view");
  }
}

}  // namespace cyclescope::hailo
