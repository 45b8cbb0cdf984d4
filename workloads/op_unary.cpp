// relu to abs, and clip: x -> y of the same shape, element by element.
#include <fmt/format.h>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

Shape output_shape(const OperatorView& op) { return op.input(0); }

/// `steps` operations per element.
template <std::int64_t steps>
std::int64_t per_element(const OperatorView& op) {
  return op.product({steps, op.output_elements()});
}

template <std::int64_t steps>
constexpr OperatorDefinition unary(OperatorType type, const char* name) {
  return {type,         name,    {1, 1, 1},          attribute_index<NoAttributes>(),
          output_shape, nothing, per_element<steps>, OperatorKind::unary_pointwise};
}

Shape clip_shape(const OperatorView& op) {
  const auto& a = op.attributes<ClipAttributes>();
  if (a.min && a.max) op.expect(*a.min <= *a.max, fmt::format("min {} exceeds max {}", *a.min, *a.max));
  return op.input(0);
}

std::int64_t clip_ops(const OperatorView& op) {
  const auto& a = op.attributes<ClipAttributes>();
  return op.product({a.min && a.max ? 2 : 1, op.output_elements()});
}

}  // namespace

extern const OperatorDefinition kRelu = unary<1>(OperatorType::relu, "relu");
extern const OperatorDefinition kGelu = unary<5>(OperatorType::gelu, "gelu");
extern const OperatorDefinition kSigmoid = unary<4>(OperatorType::sigmoid, "sigmoid");
extern const OperatorDefinition kTanh = unary<1>(OperatorType::tanh, "tanh");
extern const OperatorDefinition kSilu = unary<5>(OperatorType::silu, "silu");
extern const OperatorDefinition kHardSigmoid = unary<4>(OperatorType::hard_sigmoid, "hard_sigmoid");
extern const OperatorDefinition kHardSwish = unary<5>(OperatorType::hard_swish, "hard_swish");
extern const OperatorDefinition kErf = unary<1>(OperatorType::erf, "erf");
extern const OperatorDefinition kExp = unary<1>(OperatorType::exp, "exp");
extern const OperatorDefinition kSqrt = unary<1>(OperatorType::sqrt, "sqrt");
extern const OperatorDefinition kNeg = unary<1>(OperatorType::neg, "neg");
extern const OperatorDefinition kAbs = unary<1>(OperatorType::abs, "abs");
extern const OperatorDefinition kClip = {OperatorType::clip, "clip",  {1, 1, 1}, attribute_index<ClipAttributes>(),
                                         clip_shape,         nothing, clip_ops,  OperatorKind::unary_pointwise};

}  // namespace cyclescope::workloads
