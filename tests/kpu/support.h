// Chips, graphs and lowered programs that the tests of the KPU family share.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arch/kpu/commands.h"
#include "arch/kpu/config.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/program.h"
#include "sim/config/settings.h"
#include "tests/workloads/graph_builder.h"

namespace cyclescope::kpu::test {

using workloads::Graph;
using workloads::Padding;
using workloads::Pair;
using workloads::Random;
using workloads::TensorId;

/// KPU-T64 with overrides in the syntax of --set.
config::Settings settings(const std::vector<std::string>& overrides = {});
KpuConfig chip(const std::vector<std::string>& overrides = {});

/// Four tiles of 8x8 PEs with buffers so small that every L2 and L3 policy is met; `more` overrides them again.
config::Settings small_settings(const std::vector<std::string>& more = {});
KpuConfig small_chip(const std::vector<std::string>& more = {});

/// A model of traces/library.
Graph library(const std::string& model);

/// Builder with the operators that a KPU executes; every output shape follows from the attributes.
class Net : public workloads::GraphBuilder {
 public:
  struct Layer {
    std::int64_t channels = 0;
    Pair kernel{1, 1};
    Pair stride{1, 1};
    Padding padding{0, 0, 0, 0};
    Pair dilation{1, 1};
    std::int64_t groups = 1;
  };

  TensorId convolution(TensorId x, const Layer& layer);
  TensorId max_pool(TensorId x, const Layer& layer);
  TensorId global_pool(TensorId x);
  TensorId flatten(TensorId x);
  TensorId linear(TensorId x, std::int64_t features);
  TensorId sum(TensorId a, TensorId b);

  /// The graph with `output` as its result, verified.
  Graph finish(TensorId output);

  [[nodiscard]] std::int64_t extent(TensorId x, std::size_t axis) const { return graph.tensors[x].shape[axis]; }
};

/// Kernel, stride, padding and dilation, drawn so that the output of a `height` x `width` plane is not empty.
Net::Layer random_layer(Random& random, std::int64_t height, std::int64_t width, std::int64_t channels);

/// A chain of convolutions, pools and residual blocks with a classifier, all extents drawn.
Graph random_net(Random& random);

/// A network lowered on a chip.
struct Case {
  std::string name;
  KpuConfig config;
  Graph graph;
  LoweringOptions options;
  Program program;
};
Case lowered(const std::string& name, const KpuConfig& config, Graph graph, const LoweringOptions& options = {});

/// Both ResNets on KPU-T64, one of them also on a chip of nine tiles of 48x16 PEs, and random networks on small chips,
/// with output-stationary tiles, with matrix tiles whose weights stay, and with reductions split over tiles.
const std::vector<Case>& cases();

/// Whether a block, a tile and an operator that computes meet: indices of operators with work of their own.
std::vector<std::size_t> working_operators(const Program& program);

bool has_residual(const LoweredOp& op);
std::int32_t site_of(const LoweredOp& op, std::int64_t tile);
/// Input channels that column block nb reduces: those of its group, or of its part of a split reduction.
std::int64_t channels_reduced(const LoweredOp& op, std::int64_t nb);
/// K steps of column block nb: all taps of these channels.
std::int64_t reduction_of(const LoweredOp& op, std::int64_t nb);
/// Bytes of slice s of column block nb as the array wants them: a value per step and channel, and with the first slice
/// the parameters of every channel.
std::int64_t weight_slice_bytes(const LoweredOp& op, std::int64_t nb, std::size_t s);

/// Input pixels that the windows of output pixels [begin, end) read, tap by tap, in all frames.
std::set<std::int64_t> touched_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end);

/// The sites that receive a segment of the output of `site`: those of its route, and itself if it is local.
std::set<std::int32_t> receivers(const Program& program, const Segment& segment, std::int32_t site);

}  // namespace cyclescope::kpu::test
