#include <fmt/format.h>

#include "arch/kpu/k_split.h"
#include "arch/kpu/lowering.h"
#include "workloads/cost.h"

namespace cyclescope::kpu {
namespace {

using workloads::FusedGroup;
using workloads::Graph;
using workloads::TensorId;

/// A view of what operator `index` makes.
TensorView made_by(TensorView view, std::int32_t index) {
  Plane plane = *view.plane;
  for (Piece& piece : plane.pieces) piece.producer = index;
  view.plane = std::make_shared<const Plane>(std::move(plane));
  return view;
}

/// Numbers the deliveries of every stream.
void number_streams(Program& program) {
  program.tokens = program.edge_tokens;
  const auto number = [&program](Stream& stream) {
    if (!stream.used) return;
    stream.first_token = program.tokens;
    program.tokens += static_cast<std::int32_t>(stream.lanes * stream.length);
  };
  for (LoweredOp& op : program.ops) {
    number(op.weights);
    for (InputEdge& edge : op.inputs) number(edge.stream);
  }
}

}  // namespace

PrecisionUse precision_use(Precision requested) {
  switch (requested) {
    case Precision::int8:
    case Precision::bf16:
      return {requested, "native"};
    case Precision::fp16:
      return {Precision::bf16, "substituted"};
    case Precision::fp32:
      return {Precision::fp32, "fallback"};
    default:
      throw NotModelled(
          fmt::format("precision {} is not modelled on KPU: expected int8, bf16, fp16 or fp32", name(requested)));
  }
}

workloads::FusionRules fusion_rules() {
  workloads::FusionRules rules;
  rules.fold_batch_norm = true;
  rules.activation = true;
  rules.residual = true;
  return rules;
}

Program lower(const Graph& graph, const KpuConfig& config, const LoweringOptions& options) {
  Program program;
  PlaneMap planes;
  const PrecisionUse use = precision_use(options.precision);
  program.precision = use.used;
  for (const TensorId input : graph.inputs) planes.emplace(input, plain_view(graph.tensors[input].shape, kGraphInput));
  for (const FusedGroup& group : workloads::fuse(graph, fusion_rules())) {
    Shaped shaped = shape_group(graph, group, planes, options);
    LoweredOp& op = shaped.op;
    if (op.kind == OpKind::view) {
      planes[group.output] = shaped.output;
      program.ops.push_back(std::move(op));
    } else {
      for (LoweredOp& one :
           map_whole_or_split(graph, graph.operators[group.members.front()], op, config, use.used, program.ops)) {
        for (InputEdge& edge : one.inputs) edge.token = program.edge_tokens++;
        program.ops.push_back(std::move(one));
      }
      planes[group.output] = made_by(shaped.output, static_cast<std::int32_t>(program.ops.size()) - 1);
    }
  }
  for (const TensorId output : graph.outputs) {
    const TensorView& view = planes.at(output);
    for (const Piece& piece : view.plane->pieces) {
      // An input of the graph is in external memory already.
      if (piece.producer >= 0) program.ops[static_cast<std::size_t>(piece.producer)].graph_output = true;
    }
  }
  if (config.ideal_operands) {
    program.external_bytes = workloads::compulsory_bytes(graph, program.precision, options.batch);
    program.loads.resize(static_cast<std::size_t>(config.dma_engines));
    program.store_expected.assign(program.ops.size(), 0);
    return program;
  }
  plan_l3(program, config);
  number_streams(program);
  plan_transfers(program, config);
  return program;
}

}  // namespace cyclescope::kpu
