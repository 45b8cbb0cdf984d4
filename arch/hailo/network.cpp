#include "arch/hailo/network.h"

#include <algorithm>
#include <map>

#include "arch/hailo/layer_shape.h"
#include "arch/hailo/row_access.h"
#include "sim/base/checked.h"
#include "workloads/cost.h"

namespace cyclescope::hailo {
namespace {

using workloads::FusedGroup;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorType;
using workloads::Tensor;
using workloads::TensorId;

bool is_view(OperatorType type) {
  return type == OperatorType::reshape || type == OperatorType::transpose || type == OperatorType::slice ||
         type == OperatorType::expand;
}

class Builder {
 public:
  Builder(const Graph& graph, const PrecisionUse& use, const HailoConfig& config)
      : graph_(graph), use_(use), config_(config) {}

  Network run() {
    for (const TensorId input : graph_.inputs) add_input(input);
    for (const FusedGroup& group : workloads::fuse(graph_, fusion_rules())) add(group);
    for (const TensorId output : graph_.outputs) add_output(output);
    return network_;
  }

 private:
  void add_input(TensorId id) {
    const Tensor& tensor = graph_.tensors[id];
    TensorRows rows;
    rows.graph_input = static_cast<int>(network_.inputs.size());
    rows.axes = usual_axes(tensor.shape);
    rows.rows = rows_of(rows.axes);
    rows.row_elements = tensor.elements() / rows.rows;
    rows.channels = tensor.shape.size() == 4 ? 1 : -1;
    tensors_[id] = rows;
    network_.inputs.push_back({tensor.name, rows.rows, bytes_of(rows), -1});
  }

  void add_output(TensorId id) {
    const TensorRows& rows = rows_of_tensor(id);
    network_.outputs.push_back({graph_.tensors[id].name, rows.rows, bytes_of(rows), rows.producer});
  }

  /// Of a row, what the view shows of it.
  [[nodiscard]] std::int64_t bytes_of(const TensorRows& rows) const {
    const std::int64_t bytes = checked_mul(rows.row_elements, use_.activation_bytes);
    return ceil_div(checked_mul(bytes, rows.portion.num), rows.portion.den);
  }

  const TensorRows& rows_of_tensor(TensorId id) {
    const Tensor& tensor = graph_.tensors[id];
    if (tensor.role != workloads::TensorRole::activation) {
      TensorRows& rows = tensors_[id];
      rows.constant = true;
      rows.elements = tensor.elements();
      rows.axes = axes_by_rows(tensor.shape, {});
    }
    return tensors_.at(id);
  }

  void add(const FusedGroup& group) {
    const Operator& primary = graph_.operators[group.members.front()];
    std::vector<TensorRows> operands;
    for (const TensorId input : primary.inputs) operands.push_back(rows_of_tensor(input));
    if (is_view(primary.type)) {
      network_.views.push_back({primary.name, workloads::name(primary.type), network_.layers.size()});
      tensors_[group.output] = view_of(primary, operands.front(), graph_.output(primary).shape);
      return;
    }
    ShapedLayer shaped = shape_layer(graph_, primary, operands, config_.features);
    Layer& layer = shaped.layer;
    layer.name = primary.name;
    layer.type = workloads::name(primary.type);
    for (const workloads::OperatorId member : group.members) {
      layer.members += (layer.members.empty() ? "" : " ") + graph_.operators[member].name;
      layer.macs = checked_add(layer.macs, workloads::cost(graph_, graph_.operators[member]).macs);
    }
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      layer.inputs[i].row_bytes = bytes_of(operands[shaped.operands[i]]);
    }
    layer.row_bytes = checked_mul(layer.row_elements, use_.activation_bytes);
    constexpr std::int64_t kBias = 4;   // 32-bit sum
    constexpr std::int64_t kScale = 4;  // 32-bit requantisation
    constexpr std::int64_t kBits = 8;
    layer.weight_bytes = ceil_div(checked_mul(shaped.weight_elements, use_.weight_bits), kBits) +
                         shaped.features * (kBias + kScale) + shaped.constant_elements * use_.activation_bytes;
    shaped.output.producer = static_cast<int>(network_.layers.size());
    tensors_[group.output] = shaped.output;
    network_.layers.push_back(std::move(layer));
  }

  const Graph& graph_;
  const PrecisionUse& use_;
  const HailoConfig& config_;
  Network network_;
  std::map<TensorId, TensorRows> tensors_;
};

}  // namespace

std::int64_t Layer::work_clocks(std::int64_t subclusters, const PrecisionUse& use, const HailoConfig& config) const {
  constexpr std::int64_t kQuarters = 4;
  return kind == LayerKind::mac ? ceil_div(kQuarters * row_slots, subclusters * config.macs * use.rate)
                                : ceil_div(row_passes, subclusters * config.vector_lanes);
}

std::int64_t Layer::output_clocks(const HailoConfig& config) const { return ceil_div(row_bytes, config.port_bytes); }

std::int64_t Layer::row_clocks(std::int64_t subclusters, const PrecisionUse& use, const HailoConfig& config) const {
  return std::max(work_clocks(subclusters, use, config), output_clocks(config)) + config.row_overhead;
}

workloads::FusionRules fusion_rules() { return {true, true, false}; }

Network network_of(const Graph& graph, const PrecisionUse& use, const HailoConfig& config) {
  return Builder(graph, use, config).run();
}

}  // namespace cyclescope::hailo
