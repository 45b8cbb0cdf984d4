#include "arch/hailo/buffers.h"

#include <algorithm>

namespace cyclescope::hailo {
namespace {

/// Rows counted from the beginning of a frame, by layer.
using Counts = std::vector<std::int64_t>;

class Rows {
 public:
  Rows(const Network& network, std::int64_t slack) : layers_(network.layers), slack_(slack) {
    for (const Layer& layer : layers_) {
      std::vector<std::int64_t> row;
      for (const LayerInput& input : layer.inputs) row.push_back(window_rows(input, layer.rows, slack));
      capacities_.push_back(std::move(row));
    }
  }

  std::vector<std::vector<std::int64_t>> run() {
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      const auto inner = [](const LayerInput& input) { return input.producer >= 0; };
      if (std::count_if(layers_[layer].inputs.begin(), layers_[layer].inputs.end(), inner) > 1) meet(layer);
    }
    return capacities_;
  }

 private:
  /// Every row of a layer where branches meet.
  void meet(std::size_t layer) {
    Counts made(layers_.size(), 0);
    for (std::int64_t row = 0; row < layers_[layer].rows; ++row) {
      const Counts asked = ask(layer, row);
      for (std::size_t l = 0; l < layers_.size(); ++l) {
        if (l == layer) {
          made[l] = row;
        } else {
          made[l] = std::max(made[l], asked[l]);
          advance(l, made);
        }
        hold(l, made);
      }
    }
  }

  /// Rows that each layer must have made before `layer` can work on `row`, and those ahead.
  [[nodiscard]] Counts ask(std::size_t layer, std::int64_t row) const {
    Counts asked(layers_.size(), 0);
    asked[layer] = row + 1;
    for (std::size_t l = layer + 1; l-- > 0;) {
      if (asked[l] == 0) continue;
      for (const LayerInput& input : layers_[l].inputs) {
        if (input.producer < 0) continue;
        const auto producer = static_cast<std::size_t>(input.producer);
        const std::int64_t needed = std::min(input.map.rows, input.map.last(asked[l] - 1) + 1 + slack_);
        asked[producer] = std::max(asked[producer], needed);
      }
    }
    return asked;
  }

  /// A layer makes all rows that what it is given allows; one that reads memory alone makes what it is asked for.
  void advance(std::size_t l, Counts& made) const {
    const Layer& layer = layers_[l];
    const auto ready = [&](std::int64_t row) {
      bool inner = false;
      for (const LayerInput& input : layer.inputs) {
        if (input.producer < 0) continue;
        inner = true;
        if (input.map.last(row) >= made[static_cast<std::size_t>(input.producer)]) return false;
      }
      return inner;
    };
    while (made[l] < layer.rows && ready(made[l])) ++made[l];
  }

  /// What lies in the buffers of a layer that has made so many rows.
  void hold(std::size_t l, const Counts& made) {
    const Layer& layer = layers_[l];
    if (made[l] >= layer.rows) return;  // the frame has left
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const LayerInput& input = layer.inputs[i];
      if (input.producer < 0) continue;
      const std::int64_t rows = made[static_cast<std::size_t>(input.producer)] - input.map.first(made[l]);
      capacities_[l][i] = std::max(capacities_[l][i], rows);
    }
  }

  const std::vector<Layer>& layers_;
  std::int64_t slack_;
  std::vector<std::vector<std::int64_t>> capacities_;
};

}  // namespace

std::int64_t window_rows(const LayerInput& input, std::int64_t readers_rows, std::int64_t slack_rows) {
  if (input.map.whole) return 2 * input.map.rows;
  std::int64_t most = 1;
  for (std::int64_t row = 0; row < readers_rows; ++row) {
    most = std::max(most, input.map.last(row) - input.map.first(row) + 1);
  }
  return most + slack_rows;
}

std::vector<std::vector<std::int64_t>> buffer_rows(const Network& network, std::int64_t slack_rows) {
  return Rows(network, slack_rows).run();
}

}  // namespace cyclescope::hailo
