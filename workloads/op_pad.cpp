// pad: x -> y, every axis longer by begin and end.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  const auto& a = op.attributes<PadAttributes>();
  Shape result = op.input(0);
  op.expect(a.begin.size() == result.size() && a.end.size() == result.size(),
            fmt::format("{} begins and {} ends: expected {} of each", a.begin.size(), a.end.size(), result.size()));
  for (std::size_t axis = 0; axis < result.size(); ++axis) {
    op.expect(a.begin[axis] >= 0 && a.end[axis] >= 0,
              fmt::format("padding {} and {}: expected at least 0", a.begin[axis], a.end[axis]));
    result[axis] = op.sum(op.sum(result[axis], a.begin[axis]), a.end[axis]);
  }
  return result;
}

}  // namespace

extern const OperatorDefinition kPad = {OperatorType::pad, "pad",   {1, 1, 1}, attribute_index<PadAttributes>(),
                                        output_shape,      nothing, nothing};

}  // namespace cyclescope::workloads
