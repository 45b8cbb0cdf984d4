#include "sim/run/trace_info.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/base/checked.h"
#include "sim/base/error.h"
#include "sim/run/format.h"
#include "workloads/cost.h"

namespace cyclescope::run {
namespace {

constexpr std::array<Precision, 5> kPrecisions{Precision::int4, Precision::int8, Precision::bf16, Precision::fp16,
                                               Precision::fp32};

struct TypeSum {
  std::int64_t operators = 0;
  std::int64_t macs = 0;
  std::int64_t other_ops = 0;
};

std::map<std::string, TypeSum> by_type(const workloads::Graph& graph) {
  std::map<std::string, TypeSum> sums;
  for (const workloads::Operator& op : graph.operators) {
    const workloads::Cost cost = workloads::cost(graph, op);
    TypeSum& sum = sums[workloads::name(op.type)];
    ++sum.operators;
    sum.macs = checked_add(sum.macs, cost.macs);
    sum.other_ops = checked_add(sum.other_ops, cost.other_ops);
  }
  return sums;
}

/// `input [1, 3, 224, 224]`
std::string tensors(const workloads::Graph& graph, const std::vector<workloads::TensorId>& ids) {
  std::vector<std::string> texts;
  texts.reserve(ids.size());
  for (const workloads::TensorId id : ids) {
    texts.push_back(fmt::format("{} [{}]", graph.tensors[id].name, fmt::join(graph.tensors[id].shape, ", ")));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string info_table(const traces::Trace& trace) {
  const workloads::Graph& graph = trace.graph;
  const workloads::Cost total = workloads::total_cost(graph);
  TextTable facts("<<");
  facts.row({"model", graph.model});
  facts.row({"source", graph.source});
  facts.row({"inputs", tensors(graph, graph.inputs)});
  facts.row({"outputs", tensors(graph, graph.outputs)});
  facts.row({"operators", grouped(static_cast<std::int64_t>(graph.operators.size()))});
  facts.row({"MACs", grouped(total.macs)});
  facts.row({"other operations", grouped(total.other_ops)});
  facts.row({"parameters", grouped(total.parameters)});
  TextTable types("<>>>");
  types.row({"type", "operators", "MACs", "other operations"});
  for (const auto& [type, sum] : by_type(graph)) {
    types.row({type, grouped(sum.operators), grouped(sum.macs), grouped(sum.other_ops)});
  }
  TextTable bytes("<<");
  for (const Precision precision : kPrecisions) {
    bytes.row({name(precision), byte_count(workloads::compulsory_bytes(graph, precision))});
  }
  return facts.text("") + "\nOperators by type\n" + types.text("  ") +
         "\nCompulsory bytes: parameters, inputs and outputs once\n" + bytes.text("  ");
}

nlohmann::ordered_json tensor_json(const workloads::Graph& graph, const std::vector<workloads::TensorId>& ids) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const workloads::TensorId id : ids) {
    rows.push_back(nlohmann::ordered_json{{"name", graph.tensors[id].name}, {"shape", graph.tensors[id].shape}});
  }
  return rows;
}

std::string info_json(const traces::Trace& trace) {
  using Json = nlohmann::ordered_json;
  const workloads::Graph& graph = trace.graph;
  const workloads::Cost total = workloads::total_cost(graph);
  Json json;
  json["schema"] = "cyclescope-trace-info-1";
  json["model"] = graph.model;
  json["source"] = graph.source;
  json["inputs"] = tensor_json(graph, graph.inputs);
  json["outputs"] = tensor_json(graph, graph.outputs);
  json["operators"] = graph.operators.size();
  json["macs"] = total.macs;
  json["other_ops"] = total.other_ops;
  json["parameters"] = total.parameters;
  json["by_type"] = Json::object();
  for (const auto& [type, sum] : by_type(graph)) {
    json["by_type"][type] = Json{{"operators", sum.operators}, {"macs", sum.macs}, {"other_ops", sum.other_ops}};
  }
  json["compulsory_bytes"] = Json::object();
  for (const Precision precision : kPrecisions) {
    json["compulsory_bytes"][name(precision)] = workloads::compulsory_bytes(graph, precision);
  }
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string trace_info(const traces::Trace& trace, Format format) {
  if (format == Format::csv) throw InputError("trace info has no csv form: expected table or json");
  return format == Format::json ? info_json(trace) : info_table(trace);
}

}  // namespace cyclescope::run
