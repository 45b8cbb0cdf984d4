// Small networks for the contract: each exercises one thing a machine must get right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace cyclescope::contract {

/// [m, k] x [k, n] as a 1x1 convolution over a row of m pixels: `m * k * n` MACs.
workloads::Graph product(std::int64_t m, std::int64_t k, std::int64_t n);

workloads::Graph empty();
/// One 1x1 convolution of 6x6 pixels, 24 to 20 channels: partial blocks on every side.
workloads::Graph pointwise_convolution();
/// 3x3 convolution with batch norm and relu.
workloads::Graph window_convolution();
/// Two 3x3 convolutions, the shortcut a 1x1 convolution of stride 2, their sum and a relu.
workloads::Graph residual_block();
workloads::Graph max_pool();
/// Global pool, flatten, gemm: ends in a matrix product behind a view.
workloads::Graph classifier();
/// Six convolutions one after the other.
workloads::Graph chain();

/// A network by name.
struct Model {
  const char* name;
  workloads::Graph (*graph)();
};

/// All of the above but the empty one.
const std::vector<Model>& models();

/// The same network with other names for every operator and tensor, in another alphabetical order.
workloads::Graph renamed(workloads::Graph graph);

}  // namespace cyclescope::contract
