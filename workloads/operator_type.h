// The kinds of operators a graph may hold, by the names of traces/SCHEMA.md.
#pragma once

#include <cstdint>
#include <string>

namespace cyclescope::workloads {

enum class OperatorType : std::uint8_t {
  conv2d,
  gemm,
  matmul,
  batch_norm,
  layer_norm,
  softmax,
  relu,
  gelu,
  sigmoid,
  tanh,
  silu,
  hard_sigmoid,
  hard_swish,
  erf,
  exp,
  sqrt,
  neg,
  abs,
  clip,
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  max_pool2d,
  avg_pool2d,
  global_avg_pool,
  reduce_mean,
  concat,
  resize,
  pad,
  transpose,
  reshape,
  slice,
  expand
};

/// Name as the trace file spells it (`conv2d`). Throws NotModelled for a type without a definition.
const char* name(OperatorType type);

/// Parses a name; throws InputError listing the valid names.
OperatorType parse_operator_type(const std::string& text);

/// One input, one result per element: relu to abs, and clip.
bool is_unary_pointwise(OperatorType type);

/// Two inputs broadcast as NumPy, one result per output element: add to minimum.
bool is_binary_pointwise(OperatorType type);

}  // namespace cyclescope::workloads
