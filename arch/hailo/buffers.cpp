#include "arch/hailo/buffers.h"

#include <algorithm>

namespace cyclescope::hailo {
namespace {

/// Rows counted from the beginning of a frame, by layer; beyond its end they are the next one's.
using Counts = std::vector<std::int64_t>;

constexpr int kOutside = -1;

class Rows {
 public:
  Rows(const Network& network, std::int64_t slack) : layers_(network.layers), slack_(slack) {
    for (const Layer& layer : layers_) {
      std::vector<std::int64_t> row;
      for (const LayerInput& input : layer.inputs) row.push_back(window_rows(input, layer.rows, slack));
      capacities_.push_back(std::move(row));
      partings_.push_back(parting(layer));
    }
  }

  std::vector<std::vector<std::int64_t>> run() {
    for (int layer = 0; layer < static_cast<int>(layers_.size()); ++layer) {
      if (at(layers_, layer).inputs.size() > 1) meet(layer);
    }
    return capacities_;
  }

 private:
  template <class T>
  static T& at(std::vector<T>& list, int layer) {
    return list[static_cast<std::size_t>(layer)];
  }
  template <class T>
  static const T& at(const std::vector<T>& list, int layer) {
    return list[static_cast<std::size_t>(layer)];
  }

  /// The last layer that all rows on their way to this one go through (its immediate dominator), or kOutside.
  [[nodiscard]] int parting(const Layer& layer) const {
    int common = layer.inputs.front().producer;
    for (const LayerInput& input : layer.inputs) {
      int other = input.producer;
      while (common != other) {  // the later of the two goes back
        int& later = common > other ? common : other;
        later = at(partings_, later);
      }
    }
    return common;
  }

  /// Every row of a layer where branches meet.
  void meet(int layer) {
    const int first = std::max(0, at(partings_, layer));
    for (std::int64_t row = 0; row < at(layers_, layer).rows; ++row) {
      Counts made = ask(layer, row, first);
      made.back() = row;
      for (int l = first; l <= layer; ++l) {
        if (made[static_cast<std::size_t>(l - first)] == 0 && l != layer) continue;  // not before the layer
        if (l != first && l != layer) make_room(l, first, made);
        hold(l, first, made);
      }
    }
  }

  /// Rows that the layers from `first` on must have made before `layer` can work on `row`, and those ahead; 0: none.
  [[nodiscard]] Counts ask(int layer, std::int64_t row, int first) const {
    Counts asked(static_cast<std::size_t>(layer - first) + 1, 0);
    asked.back() = row + 1;
    for (int l = layer; l > first; --l) {
      const std::int64_t wanted = asked[static_cast<std::size_t>(l - first)];
      if (wanted == 0) continue;
      const std::int64_t within = std::min(wanted, at(layers_, l).rows);
      for (const LayerInput& input : at(layers_, l).inputs) {
        if (input.producer < first) continue;
        const std::int64_t next_frame = input.map.whole ? 0 : wanted - within;
        std::int64_t& producer = asked[static_cast<std::size_t>(input.producer - first)];
        producer = std::max(producer, input.map.last(within - 1) + 1 + slack_ + next_frame);
      }
    }
    return asked;
  }

  /// Rows in the buffer of an input of a layer.
  [[nodiscard]] static std::int64_t held(const LayerInput& input, int first, std::int64_t row, const Counts& made) {
    if (input.producer < first) return 0;
    return made[static_cast<std::size_t>(input.producer - first)] - input.map.first(row);
  }

  /// Lets a layer work while more lies before it than its buffers hold, and its inputs allow it.
  void make_room(int l, int first, Counts& made) const {
    const Layer& layer = at(layers_, l);
    std::int64_t& row = made[static_cast<std::size_t>(l - first)];
    for (; row < layer.rows; ++row) {
      bool ready = true;
      bool full = false;
      for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
        const LayerInput& input = layer.inputs[i];
        if (input.producer < first) continue;
        ready = ready && input.map.last(row) < made[static_cast<std::size_t>(input.producer - first)];
        full = full || held(input, first, row, made) > at(capacities_, l)[i];
      }
      if (!ready || !full) return;
    }
  }

  void hold(int l, int first, const Counts& made) {
    const Layer& layer = at(layers_, l);
    const std::int64_t row = made[static_cast<std::size_t>(l - first)];
    if (row >= layer.rows) return;  // the frame has left
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      std::int64_t& capacity = at(capacities_, l)[i];
      capacity = std::max(capacity, held(layer.inputs[i], first, row, made));
    }
  }

  const std::vector<Layer>& layers_;
  std::int64_t slack_;
  std::vector<std::vector<std::int64_t>> capacities_;  ///< [layer][input], as far as known: earlier layers' are final
  std::vector<int> partings_;
};

}  // namespace

std::int64_t window_rows(const LayerInput& input, std::int64_t readers_rows, std::int64_t slack_rows) {
  if (input.map.whole) return 2 * input.map.rows;
  std::int64_t most = 1;
  for (std::int64_t row = 0; row < readers_rows; ++row) {
    most = std::max(most, input.map.last(row) - input.map.first(row) + 1);
  }
  const std::int64_t step = ceil_div(input.map.numerator, input.map.denominator);
  return most + slack_rows * std::max<std::int64_t>(1, step);
}

std::vector<std::vector<std::int64_t>> buffer_rows(const Network& network, std::int64_t slack_rows) {
  return Rows(network, slack_rows).run();
}

}  // namespace cyclescope::hailo
