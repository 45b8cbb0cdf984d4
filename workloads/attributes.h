// Attributes of operators, by the keys of traces/SCHEMA.md. Spatial pairs are {height, width}.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace cyclescope::workloads {

using Pair = std::array<std::int64_t, 2>;     ///< height, width
using Padding = std::array<std::int64_t, 4>;  ///< top, left, bottom, right

/// Unary and binary pointwise, global_avg_pool, reshape, expand.
struct NoAttributes {};

/// conv2d. The kernel repeats the last two dimensions of the weight.
struct ConvAttributes {
  Pair kernel{1, 1};
  Pair stride{1, 1};
  Padding padding{0, 0, 0, 0};
  Pair dilation{1, 1};
  std::int64_t groups = 1;
};

/// gemm.
struct GemmAttributes {
  bool transpose_b = true;  ///< weight is [N, K] (true) or [K, N]
};

/// matmul.
struct MatmulAttributes {
  bool transpose_a = false;
  bool transpose_b = false;
  double scale = 1.0;           ///< the product is multiplied by it
  std::int64_t attention = -1;  ///< number of the recognised attention block, or -1
};

/// batch_norm.
struct BatchNormAttributes {
  double epsilon = 1e-5;
};

/// layer_norm.
struct LayerNormAttributes {
  std::int64_t axis = 0;  ///< first normalised axis, >= 0
  double epsilon = 1e-5;
};

/// softmax.
struct SoftmaxAttributes {
  std::int64_t axis = 0;        ///< >= 0
  std::int64_t attention = -1;  ///< as in MatmulAttributes
};

/// clip. An absent bound does not limit.
struct ClipAttributes {
  std::optional<double> min;
  std::optional<double> max;
};

/// max_pool2d (count_include_pad stays false) and avg_pool2d (dilation stays 1).
struct PoolAttributes {
  Pair kernel{1, 1};
  Pair stride{1, 1};
  Padding padding{0, 0, 0, 0};
  Pair dilation{1, 1};
  bool ceil_mode = false;
  bool count_include_pad = false;
};

/// reduce_mean.
struct ReduceAttributes {
  std::vector<std::int64_t> axes;  ///< strictly increasing, >= 0
  bool keepdims = true;
};

/// concat.
struct ConcatAttributes {
  std::int64_t axis = 0;  ///< >= 0
};

enum class ResizeMode : std::uint8_t { nearest, linear };

/// resize.
struct ResizeAttributes {
  ResizeMode mode = ResizeMode::linear;
  std::string coordinates;  ///< ONNX name of the coordinate transformation, e.g. `pytorch_half_pixel`
};

/// pad. One entry per axis.
struct PadAttributes {
  std::vector<std::int64_t> begin;
  std::vector<std::int64_t> end;
};

/// transpose. Axis i of the output is axis perm[i] of the input.
struct TransposeAttributes {
  std::vector<std::int64_t> perm;
};

/// slice. One entry per axis; the extents are those of the output.
struct SliceAttributes {
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> steps;
};

using Attributes =
    std::variant<NoAttributes, ConvAttributes, GemmAttributes, MatmulAttributes, BatchNormAttributes,
                 LayerNormAttributes, SoftmaxAttributes, ClipAttributes, PoolAttributes, ReduceAttributes,
                 ConcatAttributes, ResizeAttributes, PadAttributes, TransposeAttributes, SliceAttributes>;

/// Position of the struct T in Attributes.
template <class T, std::size_t I = 0>
constexpr std::size_t attribute_index() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, Attributes>, T>) {
    return I;
  } else {
    return attribute_index<T, I + 1>();
  }
}

}  // namespace cyclescope::workloads
