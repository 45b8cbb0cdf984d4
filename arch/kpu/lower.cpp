#include <fmt/format.h>

#include <map>

#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

using workloads::FusedGroup;
using workloads::Graph;
using workloads::TensorId;

/// Which lowered operator makes a tensor, looking through views.
struct Source {
  std::int32_t producer = -1;
  bool reshaped = false;
};

}  // namespace

workloads::FusionRules fusion_rules() {
  workloads::FusionRules rules;
  rules.fold_batch_norm = true;
  rules.activation = true;
  rules.residual = true;
  return rules;
}

Program lower(const Graph& graph, const KpuConfig& config) {
  Program program;
  std::map<TensorId, Source> sources;
  for (const TensorId input : graph.inputs) sources[input] = {};
  for (const FusedGroup& group : workloads::fuse(graph, fusion_rules())) {
    LoweredOp op = map_group(graph, group, config);
    const auto index = static_cast<std::int32_t>(program.ops.size());
    if (op.kind == OpKind::view) {
      Source source = sources.at(group.inputs.front());
      source.reshaped = true;
      sources[group.output] = source;
    } else {
      sources[group.output] = {index, false};
      for (std::size_t i = 0; i < group.inputs.size(); ++i) {
        const Source& source = sources.at(group.inputs[i]);
        const bool residual = op.kind == OpKind::gemm && i > 0;
        if (source.reshaped && (op.m != 1 || residual || op.kind == OpKind::vector)) {
          throw NotModelled(fmt::format("{} '{}' of model '{}' is not modelled on KPU: it reads a reshaped tensor",
                                        op.type, op.name, graph.model));
        }
        op.inputs.push_back({source.producer, program.edge_tokens++, residual, source.reshaped});
      }
    }
    program.ops.push_back(std::move(op));
  }
  for (const TensorId output : graph.outputs) {
    const Source& source = sources.at(output);
    if (source.producer < 0) continue;  // an input of the graph: it is in external memory already
    program.ops[static_cast<std::size_t>(source.producer)].graph_output = true;
  }
  program.tokens = program.edge_tokens;
  for (LoweredOp& op : program.ops) {
    if (op.kind != OpKind::gemm) continue;
    op.first_weight_token = program.tokens;
    program.tokens += static_cast<std::int32_t>(op.grid_n * static_cast<std::int64_t>(op.slices.size()));
    op.first_credit = static_cast<std::int32_t>(program.credit_tiles.size());
    program.credit_tiles.resize(program.credit_tiles.size() + static_cast<std::size_t>(op.tiles_n * op.column_slices()),
                                static_cast<std::int32_t>(op.tiles_m));
  }
  plan_l3(program, config);
  plan_transfers(program, config);
  return program;
}

}  // namespace cyclescope::kpu
