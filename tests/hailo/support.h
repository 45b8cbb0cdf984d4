// Chips and graphs that the tests of the Hailo family share.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/hailo/plan.h"
#include "sim/config/settings.h"
#include "tests/workloads/graph_builder.h"

namespace cyclescope::hailo::test {

using workloads::Graph;
using workloads::Shape;
using workloads::TensorId;

/// A platform of configs/platforms with overrides in the syntax of --set.
config::Settings settings(const std::string& platform, const std::vector<std::string>& overrides = {});
HailoConfig chip(const std::string& platform, const std::vector<std::string>& overrides = {});

/// A model of traces/library.
Graph library(const std::string& model);

/// Builder with convolutions and what stands around them.
class Net : public workloads::GraphBuilder {
 public:
  /// Square kernel, padded so that a stride of 1 keeps the plane.
  TensorId convolution(TensorId x, std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1,
                       std::int64_t groups = 1, std::int64_t dilation = 1);
  TensorId linear(TensorId x, std::int64_t features);
  TensorId sum(TensorId a, TensorId b) { return pointwise(workloads::OperatorType::add, {a, b}); }
  Graph finish(TensorId output);
};

/// x + a 1x1, a 3x3 and a 1x1 convolution of it: 16 channels, 8 within.
Graph residual_block();

Network network(const Graph& graph, const HailoConfig& config, Precision precision = Precision::int8);
Plan plan(const Graph& graph, const HailoConfig& config, Precision precision = Precision::int8);

}  // namespace cyclescope::hailo::test
