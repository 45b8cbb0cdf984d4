// expand: x -> y, its extents of 1 repeated.
#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) { return broadcast(op, op.input(0), op.output()); }

}  // namespace

extern const OperatorDefinition kExpand = {OperatorType::expand, "expand", {1, 1, 1}, attribute_index<NoAttributes>(),
                                           output_shape,         nothing,  nothing};

}  // namespace cyclescope::workloads
