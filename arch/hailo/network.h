// A network as the layers of a dataflow pipeline: what each makes of a row, and which rows of its inputs that takes. Pure.
//
// A row is the token of the pipeline. Of an image (NCHW) it is one line of all channels, W x C elements; of anything else
// the elements of the last dimension, so that a sequence [1, T, C] has T rows and [1, C] one. A product of activations has
// a row of all heads per token, and what follows it element by element, too.
//
// A mean over the image takes a line of it at a time: it has as many rows as its input, and hands on an even part of its
// result with each; its readers wait for all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/hailo/config.h"
#include "workloads/fusion.h"
#include "workloads/graph.h"

namespace cyclescope::hailo {

/// Which rows of an input a row of the output takes: [r * stride - before, r * stride - before + extent), cut to what is
/// there; `whole`: all of them (pooling over the image, attention, rows in another order).
struct RowMap {
  bool whole = false;
  std::int64_t numerator = 1;  ///< stride = numerator / denominator
  std::int64_t denominator = 1;
  std::int64_t before = 0;
  std::int64_t extent = 1;
  std::int64_t rows = 0;  ///< of the input

  /// First row that output row r or a later one takes, and last row that output row r takes; both in [0, rows - 1].
  [[nodiscard]] std::int64_t first(std::int64_t r) const;
  [[nodiscard]] std::int64_t last(std::int64_t r) const;
};

struct LayerInput {
  int producer = -1;     ///< layer, earlier in the order; -1: an input of the graph
  int graph_input = -1;  ///< index into Network::inputs when there is no producer
  RowMap map;
  std::int64_t row_bytes = 0;  ///< that the reader takes of a row of the producer, and keeps until it has used it
};

enum class LayerKind : std::uint8_t { mac, vector };

struct Layer {
  std::string name;  ///< of the primary operator
  std::string type;
  std::string members;  ///< operators executed with it, space separated
  LayerKind kind = LayerKind::mac;
  std::int64_t rows = 0;          ///< of the output, per frame
  std::int64_t row_bytes = 0;     ///< of the output
  std::int64_t row_elements = 0;  ///< of the output
  std::int64_t macs = 0;          ///< per frame, as in the trace
  std::int64_t row_slots = 0;     ///< MAC slots of a row, features padded; macs <= rows * row_slots
  std::int64_t row_passes = 0;    ///< vector kind: elements times passes of a row, channels padded
  std::int64_t weight_bytes = 0;  ///< resident: weights, biases and scales of 4 B each per output feature, constants
  std::int64_t parallelism = 0;   ///< most sub-clusters that can share a row: pixels times groups of output features
  std::vector<LayerInput> inputs;

  /// Clocks that the work of a row takes on `subclusters` >= 1 at a rate in quarter-MACs: ceil(slots or passes over what
  /// they do per clock).
  [[nodiscard]] std::int64_t work_clocks(std::int64_t subclusters, const PrecisionUse& use,
                                         const HailoConfig& config) const;
  /// Clocks in which a row leaves by the layer's output port: ceil(row_bytes / layer.port).
  [[nodiscard]] std::int64_t output_clocks(const HailoConfig& config) const;
  /// From the start of a row to the next one's: row overhead, then the longer of the two.
  [[nodiscard]] std::int64_t row_clocks(std::int64_t subclusters, const PrecisionUse& use,
                                        const HailoConfig& config) const;
};

/// A tensor that crosses the host link.
struct Boundary {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;
  int layer = -1;  ///< of an output: the layer that makes it
};

/// An operator that only shows rows otherwise: readers follow it to the rows, and it takes no time.
struct View {
  std::string name;
  std::string type;
  std::size_t layers_before = 0;  ///< of the layers, how many stand before it in the order
};

/// Layers in an executable order, and the views between them.
struct Network {
  std::vector<Layer> layers;
  std::vector<View> views;
  std::vector<Boundary> inputs, outputs;
};

/// What the post-processing of a layer absorbs.
workloads::FusionRules fusion_rules();

/// Throws NotModelled naming model, operator and what is not modelled of it.
Network network_of(const workloads::Graph& graph, const PrecisionUse& use, const HailoConfig& config);

}  // namespace cyclescope::hailo
