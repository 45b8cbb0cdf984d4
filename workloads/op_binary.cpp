// add to minimum: a, b -> y of their shapes broadcast as NumPy does, element by element.
#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) { return broadcast(op, op.input(0), op.input(1)); }

std::int64_t other_ops(const OperatorView& op) { return op.output_elements(); }

constexpr OperatorDefinition binary(OperatorType type, const char* name) {
  return {type,         name,    {2, 2, 2}, attribute_index<NoAttributes>(),
          output_shape, nothing, other_ops, OperatorKind::binary_pointwise};
}

}  // namespace

extern const OperatorDefinition kAdd = binary(OperatorType::add, "add");
extern const OperatorDefinition kSub = binary(OperatorType::sub, "sub");
extern const OperatorDefinition kMul = binary(OperatorType::mul, "mul");
extern const OperatorDefinition kDiv = binary(OperatorType::div, "div");
extern const OperatorDefinition kPow = binary(OperatorType::pow, "pow");
extern const OperatorDefinition kMaximum = binary(OperatorType::maximum, "maximum");
extern const OperatorDefinition kMinimum = binary(OperatorType::minimum, "minimum");

}  // namespace cyclescope::workloads
