// reshape: x -> y of as many elements; a view.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) {
  op.expect(op.input_elements() == op.output_elements(),
            fmt::format("output {} has {} elements: expected the {} of the input", to_text(op.output()),
                        op.output_elements(), op.input_elements()));
  return op.output();
}

}  // namespace

extern const OperatorDefinition kReshape = {
    OperatorType::reshape, "reshape", {1, 1, 1}, attribute_index<NoAttributes>(), output_shape, nothing, nothing,
    OperatorKind::other,   true};

}  // namespace cyclescope::workloads
