// concat: x1, x2, .. alike but along `axis` -> y with their extents there added up.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const std::int64_t axis = op.attributes<ConcatAttributes>().axis;
  Shape result = op.input(0);
  op.expect_axis(axis, result.size());
  const auto along = static_cast<std::size_t>(axis);
  for (std::size_t i = 1; i < op.inputs(); ++i) {
    Shape alike = op.input(i);
    op.expect(alike.size() == result.size(),
              fmt::format("input {} has shape {}: expected {} dimensions", i, to_text(alike), result.size()));
    result[along] = op.sum(result[along], alike[along]);
    alike[along] = result[along];
    op.expect(alike == result, fmt::format("input {} has shape {}: expected that of input 0 except along axis {}", i,
                                           to_text(op.input(i)), axis));
  }
  return result;
}

}  // namespace

extern const OperatorDefinition kConcat = {OperatorType::concat,
                                           "concat",
                                           {1, kAnyNumber, kAnyNumber},
                                           attribute_index<ConcatAttributes>(),
                                           output_shape,
                                           nothing,
                                           nothing};

}  // namespace cyclescope::workloads
