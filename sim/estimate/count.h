// The counting rules of the public estimator (branes.h), applied to a graph of ours. Nothing is fused, everything is
// FP32:
//   conv2d              N Cout H W (Cin/groups) kh kw MACs; depthwise (groups = Cin > 1) N Cin H W kh kw
//   gemm, matmul        output elements times K MACs; two operations per MAC, bias and scale are ignored
//   attention           a recognised block (matmul, softmax, matmul) is one scaled_dot_product_attention: MACs of both
//                       products, two operations each, and 5 per element of the scores (the estimator takes the
//                       scores to be square, which in self-attention they are)
//   batch_norm, layer_norm   4 operations per output element
//   add sub mul div relu gelu sigmoid tanh silu hard_sigmoid clip   1 per output element (clip as ReLU6, exported hardtanh)
//   all else            0: pools, resize, concat, softmax alone, pow, exp, erf, sqrt, neg, abs, hard_swish, maximum,
//                       minimum, reduce_mean, pad, and what only moves data
//   bytes               4 per element; inputs are all distinct tensors read (parameters, statistics and constants too),
//                       outputs those written. Layout operators read and write everything, reshapes too
// The estimator matches names of the PyTorch export; types carry those names here (`linear` of a gemm).
//
// Source: branes-ai/graphs at 92d2279, src/graphs/transform/partitioning/fusion_partitioner.py.
//
// Against the estimator's own lists (operator_lists.h) the traces of the library have the same MACs, operations and
// parameters; operators and bytes differ, because the conversion to ONNX leaves some out:
//   resnet50            nothing
//   deeplabv3_resnet50  1 dropout less: 802,816 bytes less read and as many less written
//   fcn_resnet50        1 dropout less: 1,605,632 bytes less read and as many less written
//   vit_b_16            133 operators less: 175,500,288 bytes less read and as many less written (of 1,228,018,496 moved,
//                       28.6 %); 37 dropouts are 44,178,432 each way of them, 96 layout operators (172 instead of 268)
//                       131,321,856
#pragma once

#include "sim/estimate/branes.h"
#include "workloads/graph.h"

namespace cyclescope::estimate {

/// The operators of a graph as the estimator counts them, in graph order; an attention block stands at its last
/// operator. `batch` is the number of frames that the graph's shapes hold. Throws NotModelled for a type without a
/// definition, InputError on overflow.
BranesWorkload count_operators(const workloads::Graph& graph, std::int64_t batch = 1);

/// `frames` times as many frames: parameters and constants are read once, all else grows. Throws InputError on overflow.
BranesWorkload at_batch(BranesWorkload workload, std::int64_t frames);

}  // namespace cyclescope::estimate
