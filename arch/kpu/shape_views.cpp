#include "arch/kpu/shape_views.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace cyclescope::kpu {

using workloads::Graph;
using workloads::Operator;
using workloads::OperatorType;

void refuse(const Graph& graph, const Operator& op, const std::string& why) {
  throw NotModelled(fmt::format("{} '{}' of model '{}' is not modelled on KPU: {}", workloads::name(op.type), op.name,
                                graph.model, why));
}

const TensorView& operand_view(const Graph& graph, const Operator& op, std::size_t input, PlaneMap& planes) {
  const workloads::TensorId id = op.inputs[input];
  const auto found = planes.find(id);
  if (found != planes.end()) return found->second;
  return planes.emplace(id, plain_view(graph.tensors[id].shape, kConstant)).first->second;
}

bool same_walk(const TensorView& a, const TensorView& b) {
  if (a.axes.size() != b.axes.size()) return false;
  for (std::size_t i = 0; i < a.axes.size(); ++i) {
    if (a.axes[i].size != b.axes[i].size) return false;
    if (a.axes[i].size == 1) continue;
    if (a.axes[i].pixel_step != b.axes[i].pixel_step || a.axes[i].channel_step != b.axes[i].channel_step) return false;
  }
  return true;
}

std::optional<TensorView> view_of(const Graph& graph, const Operator& op, PlaneMap& planes) {
  const workloads::Shape& shape = graph.output(op).shape;
  switch (op.type) {
    case OperatorType::reshape: {
      const TensorView& in = operand_view(graph, op, 0, planes);
      if (std::optional<TensorView> view = reshape(in, shape)) return view;
      if (!rectangle(in) || rectangle(in)->elements() != in.plane->pixels * in.plane->channels) {
        refuse(graph, op, "it rearranges part of a plane");
      }
      TensorView scattered = in;
      scattered.scattered = true;
      scattered.axes.assign(shape.size(), {});
      for (std::size_t i = 0; i < shape.size(); ++i) scattered.axes[i].size = shape[i];
      return scattered;
    }
    case OperatorType::transpose:
      return transpose(operand_view(graph, op, 0, planes),
                       std::get<workloads::TransposeAttributes>(op.attributes).perm);
    case OperatorType::slice:
      return slice(operand_view(graph, op, 0, planes), std::get<workloads::SliceAttributes>(op.attributes), shape);
    case OperatorType::expand: {
      const TensorView& in = operand_view(graph, op, 0, planes);
      if (graph.input(op, 0).elements() != graph.output(op).elements()) refuse(graph, op, "it repeats elements");
      std::optional<TensorView> view = reshape(in, shape);
      if (!view) refuse(graph, op, "it rearranges a plane");
      return view;
    }
    case OperatorType::concat: {
      std::vector<TensorView> parts;
      for (std::size_t i = 0; i < op.inputs.size(); ++i) parts.push_back(operand_view(graph, op, i, planes));
      const auto axis = static_cast<std::size_t>(std::get<workloads::ConcatAttributes>(op.attributes).axis);
      std::optional<TensorView> view = concat(parts, axis);
      if (!view) refuse(graph, op, "only operands beside each other in pixels or channels are known");
      return view;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace cyclescope::kpu
