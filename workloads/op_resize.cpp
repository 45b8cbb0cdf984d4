// resize: x [N, C, H, W] -> y [N, C, OH, OW], sampled bilinearly or from the nearest element.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "workloads/operator_definition.h"

namespace cyclescope::workloads {
namespace {

constexpr std::array<std::string_view, 6> kCoordinates{"half_pixel",    "half_pixel_symmetric", "pytorch_half_pixel",
                                                       "align_corners", "asymmetric",           "tf_half_pixel_for_nn"};

Shape output_shape(const OperatorView& op) {
  const auto& a = op.attributes<ResizeAttributes>();
  op.expect(std::find(kCoordinates.begin(), kCoordinates.end(), a.coordinates) != kCoordinates.end(),
            fmt::format("coordinates '{}': expected one of {}", a.coordinates, fmt::join(kCoordinates, ", ")));
  op.expect_rank(op.input(0), 4, "input");
  op.expect_rank(op.output(), 4, "output");
  return {op.input(0)[0], op.input(0)[1], op.output()[2], op.output()[3]};
}

std::int64_t other_ops(const OperatorView& op) {
  return op.attributes<ResizeAttributes>().mode == ResizeMode::linear ? op.product({7, op.output_elements()}) : 0;
}

}  // namespace

extern const OperatorDefinition kResize = {
    OperatorType::resize, "resize", {1, 1, 1}, attribute_index<ResizeAttributes>(), output_shape, nothing, other_ops};

}  // namespace cyclescope::workloads
