// What an operator makes of a row, and which rows of its operands that takes.
//
// MAC slots of a row, with p(n) = n rounded up to hailo.features (8): a sub-cluster's MACs are a square of that side.
//   conv2d      W * groups * p(K / groups) * p(C / groups) * R * S
//   depthwise   W * p(K) * 8 * R * S: one input feature per output feature, an eighth of the square
//   gemm        p(N) * p(K)
//   matmul      heads * p(N) * p(K)
// Passes of the APUs over a row of vector work, channels rounded up as well (assumed, not published):
//   unary and binary operators, concat, pad, nearest resize      1 per element of the output
//   max_pool2d, avg_pool2d   one per tap of the window           linear resize  4
//   softmax     3: maximum, exponential and sum, scale           layer_norm, batch_norm  2: statistics or scale, shift
//   global_avg_pool, reduce_mean   1 per element of the input
#pragma once

#include <vector>

#include "arch/hailo/network.h"
#include "arch/hailo/row_access.h"

namespace cyclescope::hailo {

/// A layer without name, members and precision-dependent bytes, and its result.
struct ShapedLayer {
  Layer layer;
  TensorRows output;
  std::vector<std::size_t> operands;   ///< index of the operator's input, by input of the layer
  std::int64_t weight_elements = 0;    ///< stored in weight_bits
  std::int64_t constant_elements = 0;  ///< stored like activations
  std::int64_t features = 0;           ///< outputs with a bias and a scale
};

/// `operands` are the rows of the operator's inputs. Throws NotModelled naming model and operator.
ShapedLayer shape_layer(const workloads::Graph& graph, const workloads::Operator& op,
                        const std::vector<TensorRows>& operands, int features);

/// Throws NotModelled: model, type and name of the operator, and `why`.
[[noreturn]] void refuse(const workloads::Graph& graph, const workloads::Operator& op, const std::string& why);

}  // namespace cyclescope::hailo
