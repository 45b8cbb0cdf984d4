// Hand-built pipelines of a few layers, and what they did.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "arch/hailo/machine.h"
#include "sim/machine/report.h"

namespace cyclescope::hailo::test {

constexpr Femtoseconds kClock = 1'000'000;  ///< 1 GHz

/// Two clusters of eight sub-clusters at 1 GHz; a row has one clock of set-up, leaves two clocks after its last MAC and
/// takes one hop of one clock to its reader; three clocks between frames; one clock back for a credit; ports of 64 B, so
/// that they hold nothing up.
HailoConfig small_config();

/// Rows of a convolution along the height: `kernel` taps, `dilation` apart.
RowMap window(std::int64_t rows, std::int64_t kernel, std::int64_t stride, std::int64_t before,
              std::int64_t dilation = 1);

/// Layers and stages that are put together by hand; all in one context unless told otherwise.
struct Pipeline {
  HailoConfig config = small_config();
  Network network;
  Plan plan;
  PrecisionUse use;

  /// An input of the graph of `rows` rows of 64 B. Returns its index.
  int input(std::int64_t rows);
  /// A layer of `rows` rows of `clocks` clocks each, set-up and work, more where its output port is slower; on one
  /// sub-cluster of cluster 0, 64 B a row. Its MACs are half of what its sub-cluster can do in the time of its work.
  int layer(std::int64_t rows, std::int64_t clocks, LayerKind kind = LayerKind::mac);
  /// Layer `reader` reads layer `producer` (below 0: graph input -1 - producer) through a buffer of `capacity` rows.
  void reads(int reader, int producer, RowMap map, std::int64_t capacity);
  void output(int producer);
  void stands_in(int layer, std::vector<Share> shares);
  /// Contexts that end at these layers, with the bytes of their configurations.
  void contexts(const std::vector<int>& ends, const std::vector<std::int64_t>& config_bytes);

  [[nodiscard]] Layer& at(int layer) { return network.layers[static_cast<std::size_t>(layer)]; }
};

/// One frame of a pipeline in ideal surroundings.
struct Run {
  explicit Run(const Pipeline& pipeline, std::int64_t batch = 1, bool resident = true,
               const machine::Faults& faults = {});

  /// Latency in clocks.
  [[nodiscard]] std::int64_t clocks() const;
  /// First start and last end of a layer, in clocks of the frame.
  [[nodiscard]] std::int64_t start(int layer) const;
  [[nodiscard]] std::int64_t end(int layer) const;
  /// Checks the books of the frame; returns its result.
  results::RunResult check();

  const Pipeline& pipeline;
  ledger::Ledger ledger;
  std::unique_ptr<Chip> chip;
  std::int64_t batch;
};

/// Clocks that a lane spent in a leaf.
std::int64_t spent(const Run& run, const std::string& lane, ledger::Leaf leaf);

/// Every law that can be checked on one run holds.
void all_laws_hold(Run& run);

}  // namespace cyclescope::hailo::test
