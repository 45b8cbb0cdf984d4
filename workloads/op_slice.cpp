// slice: x -> y, every axis sampled from `starts` on at `steps`, for the extent of y.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const auto& a = op.attributes<SliceAttributes>();
  const Shape& x = op.input(0);
  const Shape& y = op.output();
  op.expect_rank(y, x.size(), "output");
  op.expect(a.starts.size() == x.size() && a.steps.size() == x.size(),
            fmt::format("{} starts and {} steps: expected {} of each", a.starts.size(), a.steps.size(), x.size()));
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    op.expect(a.starts[axis] >= 0, fmt::format("start {}: expected at least 0", a.starts[axis]));
    op.expect(a.steps[axis] >= 1, fmt::format("step {}: expected at least 1", a.steps[axis]));
    const std::int64_t last = op.sum(a.starts[axis], op.product({y[axis] - 1, a.steps[axis]}));
    op.expect(last < x[axis], fmt::format("axis {} is read up to element {}: expected below {}", axis, last, x[axis]));
  }
  return y;
}

}  // namespace

extern const OperatorDefinition kSlice = {OperatorType::slice, "slice", {1, 1, 1}, attribute_index<SliceAttributes>(),
                                          output_shape,        nothing, nothing};

}  // namespace cyclescope::workloads
