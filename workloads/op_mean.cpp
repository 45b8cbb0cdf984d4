// global_avg_pool: x [N, C, H, W] -> y [N, C, 1, 1].
// reduce_mean: x -> y with the extents of `axes` 1 (keepdims) or gone.
#include <fmt/format.h>

#include <algorithm>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape global_avg_pool_shape(const OperatorView& op) {
  const Shape& x = op.input(0);
  op.expect_rank(x, 4, "input");
  return {x[0], x[1], 1, 1};
}

Shape reduce_mean_shape(const OperatorView& op) {
  const auto& a = op.attributes<ReduceAttributes>();
  const Shape& x = op.input(0);
  for (std::size_t i = 0; i < a.axes.size(); ++i) {
    op.expect_axis(a.axes[i], x.size());
    op.expect(i == 0 || a.axes[i - 1] < a.axes[i],
              fmt::format("axes {}: expected in increasing order", to_text(a.axes)));
  }
  op.expect(!a.axes.empty(), "axes is empty: expected at least one");
  Shape result;
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    const bool reduced = std::binary_search(a.axes.begin(), a.axes.end(), static_cast<std::int64_t>(axis));
    if (!reduced) result.push_back(x[axis]);
    if (reduced && a.keepdims) result.push_back(1);
  }
  return result;
}

/// Per output element one add fewer than elements averaged, and one multiply.
std::int64_t other_ops(const OperatorView& op) { return op.input_elements(); }

}  // namespace

extern const OperatorDefinition kGlobalAvgPool = {
    OperatorType::global_avg_pool, "global_avg_pool", {1, 1, 1}, attribute_index<NoAttributes>(),
    global_avg_pool_shape,         nothing,           other_ops};
extern const OperatorDefinition kReduceMean = {
    OperatorType::reduce_mean, "reduce_mean", {1, 1, 1}, attribute_index<ReduceAttributes>(),
    reduce_mean_shape,         nothing,       other_ops};

}  // namespace cyclescope::workloads
