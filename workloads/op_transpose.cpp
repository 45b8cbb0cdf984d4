// transpose: x -> y, axis i of y being axis perm[i] of x.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const std::vector<std::int64_t>& perm = op.attributes<TransposeAttributes>().perm;
  const Shape& x = op.input(0);
  std::vector<bool> seen(x.size(), false);
  op.expect(perm.size() == x.size(), fmt::format("perm {}: expected {} axes", to_text(perm), x.size()));
  Shape result;
  for (const std::int64_t axis : perm) {
    op.expect_axis(axis, x.size());
    const auto from = static_cast<std::size_t>(axis);
    op.expect(!seen[from], fmt::format("perm {}: axis {} stands twice", to_text(perm), axis));
    seen[from] = true;
    result.push_back(x[from]);
  }
  return result;
}

}  // namespace

extern const OperatorDefinition kTranspose = {OperatorType::transpose,
                                              "transpose",
                                              {1, 1, 1},
                                              attribute_index<TransposeAttributes>(),
                                              output_shape,
                                              nothing,
                                              nothing};

}  // namespace cyclescope::workloads
