#include "workloads/operator_definition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/base/error.h"

namespace cyclescope::workloads {

// Defined in the op_*.cpp files.
extern const OperatorDefinition kConv2d, kGemm, kMatmul, kBatchNorm, kLayerNorm, kSoftmax;
extern const OperatorDefinition kRelu, kGelu, kSigmoid, kTanh, kSilu, kHardSigmoid, kHardSwish, kErf, kExp, kSqrt, kNeg,
    kAbs, kClip;
extern const OperatorDefinition kAdd, kSub, kMul, kDiv, kPow, kMaximum, kMinimum;
extern const OperatorDefinition kMaxPool2d, kAvgPool2d, kGlobalAvgPool, kReduceMean;
extern const OperatorDefinition kConcat, kResize, kPad, kTranspose, kReshape, kSlice, kExpand;

namespace {

constexpr std::array kTable{
    &kConv2d,  &kGemm,      &kMatmul,    &kBatchNorm,   &kLayerNorm,     &kSoftmax,    &kRelu,   &kGelu,
    &kSigmoid, &kTanh,      &kSilu,      &kHardSigmoid, &kHardSwish,     &kErf,        &kExp,    &kSqrt,
    &kNeg,     &kAbs,       &kClip,      &kAdd,         &kSub,           &kMul,        &kDiv,    &kPow,
    &kMaximum, &kMinimum,   &kMaxPool2d, &kAvgPool2d,   &kGlobalAvgPool, &kReduceMean, &kConcat, &kResize,
    &kPad,     &kTranspose, &kReshape,   &kSlice,       &kExpand};

}  // namespace

const OperatorDefinition& definition(OperatorType type) {
  for (const OperatorDefinition* entry : kTable) {
    if (entry->type == type) return *entry;
  }
  throw NotModelled(fmt::format("operator type number {} has no definition", static_cast<int>(type)));
}

const char* name(OperatorType type) { return definition(type).name; }

OperatorType parse_operator_type(const std::string& text) {
  std::string names;
  for (const OperatorDefinition* entry : kTable) {
    if (text == entry->name) return entry->type;
    names += names.empty() ? entry->name : fmt::format(", {}", entry->name);
  }
  throw InputError(fmt::format("unknown operator type '{}': expected one of {}", text, names));
}

bool is_unary_pointwise(OperatorType type) { return definition(type).kind == OperatorKind::unary_pointwise; }

bool is_binary_pointwise(OperatorType type) { return definition(type).kind == OperatorKind::binary_pointwise; }

std::int64_t nothing(const OperatorView& /*op*/) { return 0; }

void check_form(const Graph& graph, const Operator& op) {
  const OperatorDefinition& form = definition(op.type);
  const OperatorView view(graph, op);
  if (op.inputs.size() < form.arity.min || op.inputs.size() > form.arity.max) {
    const std::string upper = form.arity.max == kAnyNumber ? "more" : std::to_string(form.arity.max);
    view.refuse(fmt::format("{} inputs: expected {} to {}", op.inputs.size(), form.arity.min, upper));
  }
  view.expect(op.outputs.size() == 1, fmt::format("{} outputs: expected 1", op.outputs.size()));
  view.expect(op.attributes.index() == form.attributes, "attributes belong to another type of operator");
}

std::int64_t OperatorView::sum(std::int64_t a, std::int64_t b) const {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) refuse(fmt::format("{} + {} does not fit 64 bits", a, b));
  return result;
}

std::int64_t OperatorView::product(std::initializer_list<std::int64_t> factors) const {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) {
      refuse(fmt::format("product {} does not fit 64 bits", fmt::join(factors, " * ")));
    }
  }
  return result;
}

void OperatorView::expect_rank(const Shape& shape, std::size_t rank, const char* which) const {
  if (shape.size() != rank) refuse(fmt::format("{} has shape {}: expected {} dimensions", which, to_text(shape), rank));
}

void OperatorView::expect_axis(std::int64_t axis, std::size_t rank) const {
  if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) {
    refuse(fmt::format("axis {}: expected 0 to {}", axis, static_cast<std::int64_t>(rank) - 1));
  }
}

void OperatorView::refuse(const std::string& what) const {
  throw InputError(fmt::format("model '{}': operator '{}' ({}): {}", graph_.model, op_.name, name(op_.type), what));
}

std::string to_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Shape broadcast(const OperatorView& op, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t back = 1; back <= result.size(); ++back) {
    const std::int64_t left = back <= a.size() ? a[a.size() - back] : 1;
    const std::int64_t right = back <= b.size() ? b[b.size() - back] : 1;
    if (left != right && left != 1 && right != 1) {
      op.refuse(fmt::format("shapes {} and {} do not broadcast", to_text(a), to_text(b)));
    }
    result[result.size() - back] = left == 1 ? right : left;
  }
  return result;
}

std::int64_t window_positions(const OperatorView& op, std::int64_t extent, const Window& window) {
  op.expect(window.kernel >= 1, fmt::format("kernel {}: expected at least 1", window.kernel));
  op.expect(window.stride >= 1, fmt::format("stride {}: expected at least 1", window.stride));
  op.expect(window.dilation >= 1, fmt::format("dilation {}: expected at least 1", window.dilation));
  op.expect(window.before >= 0 && window.after >= 0,
            fmt::format("padding {} and {}: expected at least 0", window.before, window.after));
  const std::int64_t padded = op.sum(op.sum(extent, window.before), window.after);
  const std::int64_t reach = op.sum(op.product({window.dilation, window.kernel - 1}), 1);
  op.expect(reach <= padded, fmt::format("window of {} does not fit the padded extent {}", reach, padded));
  const std::int64_t slack = padded - reach;
  std::int64_t positions = slack / window.stride + 1;
  if (window.ceil_mode && slack % window.stride != 0 &&
      op.product({positions, window.stride}) < extent + window.before) {
    ++positions;
  }
  return positions;
}

}  // namespace cyclescope::workloads
