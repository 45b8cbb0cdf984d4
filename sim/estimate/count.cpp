#include "sim/estimate/count.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "sim/base/checked.h"
#include "workloads/cost.h"
#include "workloads/operator_definition.h"

namespace cyclescope::estimate {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::OperatorId;
using workloads::OperatorType;
using workloads::TensorId;

constexpr std::int64_t kBytesPerElement = 4;
constexpr std::int64_t kOpsPerMac = 2;
constexpr std::int64_t kOpsPerNormalised = 4;
constexpr std::int64_t kOpsPerScore = 5;

/// Name in the export that the estimator reads.
std::string exported_name(const Operator& op) {
  switch (op.type) {
    case OperatorType::gemm:
      return "linear";
    case OperatorType::concat:
      return "cat";
    case OperatorType::global_avg_pool:
      return "adaptive_avg_pool2d";
    case OperatorType::resize:
      return std::get<workloads::ResizeAttributes>(op.attributes).mode == workloads::ResizeMode::linear
                 ? "upsample_bilinear2d"
                 : "upsample_nearest2d";
    case OperatorType::reduce_mean:
      return "mean";
    default:
      return name(op.type);
  }
}

/// Operations per output element of what is no MAC.
std::int64_t ops_per_element(OperatorType type) {
  switch (type) {
    case OperatorType::batch_norm:
    case OperatorType::layer_norm:
      return kOpsPerNormalised;
    case OperatorType::add:
    case OperatorType::sub:
    case OperatorType::mul:
    case OperatorType::div:
    case OperatorType::relu:
    case OperatorType::gelu:
    case OperatorType::sigmoid:
    case OperatorType::tanh:
    case OperatorType::silu:
    case OperatorType::hard_sigmoid:
    case OperatorType::clip:
      return 1;
    default:
      return 0;
  }
}

std::int64_t macs_of(const Graph& graph, const Operator& op) {
  if (op.type == OperatorType::conv2d) {
    const auto& conv = std::get<workloads::ConvAttributes>(op.attributes);
    const workloads::Shape& input = graph.input(op, 0).shape;
    const workloads::Shape& output = graph.output(op).shape;
    if (conv.groups > 1 && conv.groups == input[1]) {  // output channels beyond the inputs are forgotten
      return workloads::OperatorView(graph, op).product(
          {input[0], input[1], output[2], output[3], conv.kernel[0], conv.kernel[1]});
    }
  }
  return workloads::cost(graph, op).macs;
}

std::int64_t bytes_of(const Graph& graph, const std::set<TensorId>& tensors) {
  std::int64_t elements = 0;
  for (const TensorId tensor : tensors) elements = checked_add(elements, graph.tensors[tensor].elements());
  return checked_mul(elements, kBytesPerElement);
}

std::set<TensorId> inputs_of(const Operator& op) { return {op.inputs.begin(), op.inputs.end()}; }

/// Bytes of those that are the same for every frame.
std::int64_t fixed_bytes_of(const Graph& graph, std::set<TensorId> tensors) {
  for (auto tensor = tensors.begin(); tensor != tensors.end();) {
    const bool fixed = graph.tensors[*tensor].role != workloads::TensorRole::activation;
    tensor = fixed ? std::next(tensor) : tensors.erase(tensor);
  }
  return bytes_of(graph, tensors);
}

OperatorCount count_one(const Graph& graph, OperatorId id) {
  const Operator& op = graph.operators[id];
  const std::int64_t macs = macs_of(graph, op);
  const std::int64_t elements = graph.output(op).elements();
  return {op.name,
          exported_name(op),
          macs,
          checked_add(checked_mul(kOpsPerMac, macs), checked_mul(ops_per_element(op.type), elements)),
          bytes_of(graph, inputs_of(op)),
          checked_mul(elements, kBytesPerElement),
          fixed_bytes_of(graph, inputs_of(op)),
          {id}};
}

std::int64_t attention_of(const Operator& op) {
  if (op.type == OperatorType::matmul) return std::get<workloads::MatmulAttributes>(op.attributes).attention;
  if (op.type == OperatorType::softmax) return std::get<workloads::SoftmaxAttributes>(op.attributes).attention;
  return -1;
}

/// A recognised attention block: the operators that are counted with their last one.
struct Attention {
  OperatorId scores = 0;
  OperatorId softmax = 0;
};

/// The blocks by their last operator. A block whose parts do not follow each other directly is none.
std::map<OperatorId, Attention> attentions(const Graph& graph) {
  const auto producer = workloads::producers(graph);
  const auto readers = workloads::consumers(graph);
  /// The producer of the first input, if it is of `type`, of the same block and read by nothing else; else -1.
  const auto before = [&](const Operator& op, OperatorType type) -> std::int64_t {
    const std::int64_t id = producer[op.inputs[0]];
    if (id < 0 || readers[op.inputs[0]].size() != 1) return -1;
    const Operator& found = graph.operators[static_cast<std::size_t>(id)];
    return found.type == type && attention_of(found) == attention_of(op) ? id : -1;
  };
  std::map<OperatorId, Attention> blocks;
  for (OperatorId last = 0; last < graph.operators.size(); ++last) {
    const Operator& op = graph.operators[last];
    if (op.type != OperatorType::matmul || attention_of(op) < 0) continue;
    const std::int64_t softmax = before(op, OperatorType::softmax);
    if (softmax < 0) continue;
    const std::int64_t scores = before(graph.operators[static_cast<std::size_t>(softmax)], OperatorType::matmul);
    if (scores < 0) continue;
    blocks[last] = {static_cast<OperatorId>(scores), static_cast<OperatorId>(softmax)};
  }
  return blocks;
}

OperatorCount count_attention(const Graph& graph, const Attention& block, OperatorId id) {
  const Operator& last = graph.operators[id];
  const Operator& scores = graph.operators[block.scores];
  const Operator& softmax = graph.operators[block.softmax];
  const std::int64_t macs = checked_add(macs_of(graph, scores), macs_of(graph, last));
  const std::int64_t score_ops = checked_mul(kOpsPerScore, graph.output(softmax).elements());
  std::set<TensorId> inputs = inputs_of(scores);
  for (const TensorId tensor : last.inputs) {
    if (tensor != softmax.outputs[0]) inputs.insert(tensor);
  }
  return {last.name,
          "scaled_dot_product_attention",
          macs,
          checked_add(checked_mul(kOpsPerMac, macs), score_ops),
          bytes_of(graph, inputs),
          checked_mul(graph.output(last).elements(), kBytesPerElement),
          fixed_bytes_of(graph, inputs),
          {block.scores, block.softmax, id}};
}

}  // namespace

BranesWorkload at_batch(BranesWorkload workload, std::int64_t frames) {
  for (OperatorCount& one : workload.operators) {
    one.macs = checked_mul(one.macs, frames);
    one.ops = checked_mul(one.ops, frames);
    one.input_bytes = checked_add(checked_mul(one.input_bytes - one.fixed_bytes, frames), one.fixed_bytes);
    one.output_bytes = checked_mul(one.output_bytes, frames);
  }
  workload.batch = checked_mul(workload.batch, frames);
  return workload;
}

BranesWorkload count_operators(const Graph& graph, std::int64_t batch) {
  BranesWorkload workload;
  workload.model = graph.model;
  workload.batch = batch;
  workload.parameters = workloads::total_cost(graph).parameters;
  const std::map<OperatorId, Attention> blocks = attentions(graph);
  std::set<OperatorId> absorbed;
  for (const auto& [last, block] : blocks) absorbed.insert({block.scores, block.softmax});
  for (OperatorId id = 0; id < graph.operators.size(); ++id) {
    if (absorbed.count(id) != 0) continue;
    const auto block = blocks.find(id);
    workload.operators.push_back(block == blocks.end() ? count_one(graph, id)
                                                       : count_attention(graph, block->second, id));
  }
  return workload;
}

}  // namespace cyclescope::estimate
