// The estimator's counting rules, by hand per type of operator, and on the networks of the library against its own lists.
#include "sim/estimate/count.h"

#include <algorithm>
#include <set>

#include "tests/estimate/estimator_data.h"
#include "tests/workloads/graph_builder.h"
#include "traces/reader.h"

namespace cyclescope::estimate {
namespace {

using namespace cyclescope::workloads;

/// What the only operator of a graph counts as.
OperatorCount only(const Graph& graph) {
  const BranesWorkload workload = count_operators(graph);
  REQUIRE(workload.operators.size() == 1);
  return workload.operators[0];
}

OperatorCount count(OperatorType type, const Attributes& attributes, const std::vector<Shape>& inputs,
                    const Shape& output) {
  return only(single(type, attributes, inputs, output));
}

void check(const OperatorCount& found, const std::string& type, std::int64_t macs, std::int64_t ops,
           std::int64_t input_elements, std::int64_t output_elements) {
  INFO(type);
  CHECK(found.type == type);
  CHECK(found.macs == macs);
  CHECK(found.ops == ops);
  CHECK(found.input_bytes == 4 * input_elements);
  CHECK(found.output_bytes == 4 * output_elements);
}

/// Sums over operators that `counts` says yes to.
struct Sum {
  std::int64_t operators = 0;
  std::int64_t macs = 0;
  std::int64_t ops = 0;
  std::int64_t input_bytes = 0;
  std::int64_t output_bytes = 0;
};

template <class Counts>
Sum sum(const BranesWorkload& workload, Counts&& counts) {
  Sum sum;
  for (const OperatorCount& op : workload.operators) {
    if (!counts(op.type)) continue;
    ++sum.operators;
    sum.macs += op.macs;
    sum.ops += op.ops;
    sum.input_bytes += op.input_bytes;
    sum.output_bytes += op.output_bytes;
  }
  return sum;
}

bool everything(const std::string&) { return true; }

bool is_dropout(const std::string& type) { return type == "dropout"; }

/// Types that compute and move nothing but layout, by their names in either list.
bool is_layout(const std::string& type) {
  static const std::set<std::string> types{
      "contiguous", "flatten_using_ints", "permute",   "reshape",   "select", "slice",
      "squeeze",    "transpose",          "unflatten", "unsqueeze", "view"};
  return types.count(type) != 0;
}

BranesWorkload ours(const std::string& model) {
  return count_operators(traces::read(std::string(CYCLESCOPE_SOURCE_DIR) + "/traces/library/" + model + ".h5").graph);
}

/// Both lists without dropout and layout operators agree operator by operator, in order.
void check_the_rest(const BranesWorkload& list, const BranesWorkload& counted) {
  const auto rest = [](const BranesWorkload& workload) {
    std::vector<OperatorCount> operators;
    for (const OperatorCount& op : workload.operators) {
      if (!is_dropout(op.type) && !is_layout(op.type)) operators.push_back(op);
    }
    return operators;
  };
  const std::vector<OperatorCount> expected = rest(list);
  const std::vector<OperatorCount> found = rest(counted);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(i << " " << found[i].name);
    check(found[i], expected[i].type, expected[i].macs, expected[i].ops, expected[i].input_bytes / 4,
          expected[i].output_bytes / 4);
  }
}

/// What the list has and ours has not.
Sum missing(const Sum& list, const Sum& counted) {
  return {list.operators - counted.operators, list.macs - counted.macs, list.ops - counted.ops,
          list.input_bytes - counted.input_bytes, list.output_bytes - counted.output_bytes};
}

void check_missing(const Sum& gap, std::int64_t operators, std::int64_t bytes_each_way) {
  CHECK(gap.operators == operators);
  CHECK(gap.macs == 0);
  CHECK(gap.ops == 0);
  CHECK(gap.input_bytes == bytes_each_way);
  CHECK(gap.output_bytes == bytes_each_way);
}

}  // namespace

TEST_CASE("convolutions: two operations per MAC, no bias, parameters are read") {
  ConvAttributes conv;
  conv.kernel = {3, 3};
  conv.padding = {1, 1, 1, 1};
  // [2, 4, 5, 6] to 8 channels: 2 x 8 x 5 x 6 outputs of 4 x 9 MACs; 240 + 288 + 8 elements in.
  check(count(OperatorType::conv2d, conv, {{2, 4, 5, 6}, {8, 4, 3, 3}, {8}}, {2, 8, 5, 6}), "conv2d", 17280, 34560,
        240 + 288 + 8, 480);
  conv.groups = 2;  // half of the inputs each
  check(count(OperatorType::conv2d, conv, {{2, 4, 5, 6}, {8, 2, 3, 3}}, {2, 8, 5, 6}), "conv2d", 8640, 17280, 240 + 144,
        480);
  conv.groups = 4;  // depthwise: 2 x 4 x 5 x 6 x 9
  check(count(OperatorType::conv2d, conv, {{2, 4, 5, 6}, {4, 1, 3, 3}}, {2, 4, 5, 6}), "conv2d", 2160, 4320, 240 + 36,
        240);
  // Depthwise with two outputs per channel: the second half is forgotten.
  check(count(OperatorType::conv2d, conv, {{2, 4, 5, 6}, {8, 1, 3, 3}}, {2, 8, 5, 6}), "conv2d", 2160, 4320, 240 + 72,
        480);
}

TEST_CASE("a convolution of one input channel is no depthwise one") {
  // 8 outputs of 2 x 2, one MAC each
  check(count(OperatorType::conv2d, ConvAttributes{}, {{1, 1, 2, 2}, {8, 1, 1, 1}}, {1, 8, 2, 2}), "conv2d", 32, 64,
        4 + 8, 32);
}

TEST_CASE("products: two operations per MAC, neither bias nor scale") {
  // 2 x 3 rows, K = 5, N = 7
  check(count(OperatorType::gemm, GemmAttributes{true}, {{2, 3, 5}, {7, 5}, {7}}, {2, 3, 7}), "linear", 210, 420,
        30 + 35 + 7, 42);
  MatmulAttributes scaled;
  scaled.scale = 0.125;
  scaled.transpose_b = true;
  check(count(OperatorType::matmul, scaled, {{2, 3, 5}, {2, 7, 5}}, {2, 3, 7}), "matmul", 210, 420, 30 + 70, 42);
}

TEST_CASE("normalisation: 4 operations per element and statistics are read") {
  GraphBuilder builder;
  builder.batch_norm(builder.input({2, 3, 4, 5}));
  check(only(builder.graph), "batch_norm", 0, 4 * 120, 120 + 4 * 3, 120);
  check(count(OperatorType::layer_norm, LayerNormAttributes{2, 1e-6}, {{2, 3, 5}, {5}, {5}}, {2, 3, 5}), "layer_norm",
        0, 4 * 30, 30 + 10, 30);
}

TEST_CASE("pointwise operators: 1 per output element, or none") {
  for (const OperatorType type : {OperatorType::relu, OperatorType::gelu, OperatorType::sigmoid, OperatorType::tanh,
                                  OperatorType::silu, OperatorType::hard_sigmoid}) {
    check(count(type, NoAttributes{}, {{2, 3}}, {2, 3}), name(type), 0, 6, 6, 6);
  }
  check(count(OperatorType::clip, ClipAttributes{0, 6}, {{2, 3}}, {2, 3}), "clip", 0, 6, 6, 6);
  for (const OperatorType type : {OperatorType::hard_swish, OperatorType::erf, OperatorType::exp, OperatorType::sqrt,
                                  OperatorType::neg, OperatorType::abs}) {
    check(count(type, NoAttributes{}, {{2, 3}}, {2, 3}), name(type), 0, 0, 6, 6);
  }
  for (const OperatorType type : {OperatorType::add, OperatorType::sub, OperatorType::mul, OperatorType::div}) {
    check(count(type, NoAttributes{}, {{2, 3}, {3}}, {2, 3}), name(type), 0, 6, 6 + 3, 6);  // broadcast
  }
  for (const OperatorType type : {OperatorType::pow, OperatorType::maximum, OperatorType::minimum}) {
    check(count(type, NoAttributes{}, {{2, 3}, {2, 3}}, {2, 3}), name(type), 0, 0, 12, 6);
  }
}

TEST_CASE("a tensor that is read twice counts once") {
  GraphBuilder builder;
  const TensorId x = builder.input({2, 3});
  builder.pointwise(OperatorType::add, {x, x});
  check(only(builder.graph), "add", 0, 6, 6, 6);
}

TEST_CASE("pools, resize, concat, softmax and what moves data: no operations, full reads and writes") {
  PoolAttributes pool;
  pool.kernel = pool.stride = {2, 2};
  check(count(OperatorType::max_pool2d, pool, {{1, 2, 4, 4}}, {1, 2, 2, 2}), "max_pool2d", 0, 0, 32, 8);
  check(count(OperatorType::avg_pool2d, pool, {{1, 2, 4, 4}}, {1, 2, 2, 2}), "avg_pool2d", 0, 0, 32, 8);
  check(count(OperatorType::global_avg_pool, NoAttributes{}, {{1, 2, 4, 4}}, {1, 2, 1, 1}), "adaptive_avg_pool2d", 0, 0,
        32, 2);
  check(count(OperatorType::reduce_mean, ReduceAttributes{{1}, false}, {{2, 3}}, {2}), "mean", 0, 0, 6, 2);
  check(count(OperatorType::resize, ResizeAttributes{}, {{1, 2, 2, 2}}, {1, 2, 4, 4}), "upsample_bilinear2d", 0, 0, 8,
        32);
  check(count(OperatorType::resize, ResizeAttributes{ResizeMode::nearest, ""}, {{1, 2, 2, 2}}, {1, 2, 4, 4}),
        "upsample_nearest2d", 0, 0, 8, 32);
  check(count(OperatorType::concat, ConcatAttributes{1}, {{1, 2}, {1, 3}}, {1, 5}), "cat", 0, 0, 5, 5);
  check(count(OperatorType::softmax, SoftmaxAttributes{1, -1}, {{2, 3}}, {2, 3}), "softmax", 0, 0, 6, 6);
  check(count(OperatorType::pad, PadAttributes{{0, 1}, {0, 1}}, {{2, 3}}, {2, 5}), "pad", 0, 0, 6, 10);
  check(count(OperatorType::transpose, TransposeAttributes{{1, 0}}, {{2, 3}}, {3, 2}), "transpose", 0, 0, 6, 6);
  check(count(OperatorType::reshape, NoAttributes{}, {{2, 3}}, {6}), "reshape", 0, 0, 6, 6);
  check(count(OperatorType::slice, SliceAttributes{{0, 1}, {1, 1}}, {{2, 3}}, {2, 2}), "slice", 0, 0, 6, 4);
  check(count(OperatorType::expand, NoAttributes{}, {{1, 3}}, {2, 3}), "expand", 0, 0, 3, 6);
}

namespace {

/// q, k, v of 2 heads, 3 rows, depth 5.
struct AttentionCase {
  bool between = false;     ///< a relu between scores and softmax
  bool read_twice = false;  ///< a relu reads the scores, too
  std::int64_t last = 0;    ///< block of the last product; the others are of block 0
};

Graph attention(const AttentionCase& c) {
  GraphBuilder builder;
  const TensorId q = builder.input({2, 3, 5});
  const TensorId k = builder.input({2, 3, 5});
  const TensorId v = builder.input({2, 3, 5});
  MatmulAttributes scores;
  scores.transpose_b = true;
  scores.attention = 0;
  MatmulAttributes values;
  values.attention = c.last;
  TensorId s = builder.add(OperatorType::matmul, scores, {q, k}, {2, 3, 3});
  if (c.read_twice) builder.relu(s);
  if (c.between) s = builder.relu(s);
  const TensorId p = builder.add(OperatorType::softmax, SoftmaxAttributes{2, 0}, {s}, {2, 3, 3});
  builder.add(OperatorType::matmul, values, {p, v}, {2, 3, 5});
  return builder.graph;
}

}  // namespace

TEST_CASE("an attention block is one operator: both products, and 5 operations per score") {
  // 2 heads x 3 x 3 scores of depth 5: 90 MACs each product; 18 scores; q, k and v in, 30 elements each.
  check(only(attention({})), "scaled_dot_product_attention", 180, 360 + 5 * 18, 90, 30);
}

TEST_CASE("a block whose parts do not follow each other alone is counted operator by operator") {
  const auto parts = [](const AttentionCase& c) {
    const BranesWorkload workload = count_operators(attention(c));
    std::map<std::string, OperatorCount> last;  // by type
    for (const OperatorCount& op : workload.operators) last[op.type] = op;
    CHECK(workload.operators.front().type == "matmul");
    check(workload.operators.front(), "matmul", 90, 180, 60, 18);
    check(last["softmax"], "softmax", 0, 0, 18, 18);
    check(last["matmul"], "matmul", 90, 180, 18 + 30, 30);
    return workload.operators.size();
  };
  CHECK(parts({true, false, 0}) == 4);
  CHECK(parts({false, true, 0}) == 4);
  CHECK(parts({false, false, 1}) == 3);
}

TEST_CASE("model, parameters and batch go with the operators and statistics are no parameters") {
  GraphBuilder builder;
  builder.batch_norm(builder.conv(builder.input({3, 4, 2, 2}), 5, true));
  const BranesWorkload workload = count_operators(builder.graph, 3);
  CHECK(workload.model == "test");
  CHECK(workload.batch == 3);
  CHECK(workload.parameters == 4 * 5 + 5 + 2 * 5);
}

TEST_CASE("resnet50 of the library has the estimator's own list, operator by operator") {
  const BranesWorkload list = read_operator_lists(data_directory()).at("resnet50");
  const BranesWorkload counted = ours("resnet50");
  CHECK(counted.parameters == list.parameters);
  check_missing(missing(sum(list, everything), sum(counted, everything)), 0, 0);
  check_the_rest(list, counted);
}

TEST_CASE("deeplabv3 and fcn of the library lack one dropout each") {
  const struct {
    const char* model;
    std::int64_t bytes;  ///< of an activation of 28 x 28: 256 and 512 channels
  } models[]{{"deeplabv3_resnet50", 4 * 256 * 28 * 28}, {"fcn_resnet50", 4 * 512 * 28 * 28}};
  for (const auto& m : models) {
    INFO(m.model);
    const BranesWorkload list = read_operator_lists(data_directory()).at(m.model);
    const BranesWorkload counted = ours(m.model);
    CHECK(counted.parameters == list.parameters);
    check_missing(missing(sum(list, everything), sum(counted, everything)), 1, m.bytes);
    check_missing(missing(sum(list, is_dropout), sum(counted, is_dropout)), 1, m.bytes);
    check_the_rest(list, counted);
  }
}

TEST_CASE("vit_b_16 of the library lacks dropouts and some layout operators, nothing else") {
  const BranesWorkload list = read_operator_lists(data_directory()).at("vit_b_16");
  const BranesWorkload counted = ours("vit_b_16");
  CHECK(counted.parameters == list.parameters);
  CHECK(counted.operators.size() == 298);
  check_missing(missing(sum(list, everything), sum(counted, everything)), 133, 175'500'288);
  // 25 dropouts of 197 x 768 and 12 of 197 x 3072 elements
  check_missing(missing(sum(list, is_dropout), sum(counted, is_dropout)), 37, 4 * 197 * (25 * 768 + 12 * 3072));
  check_missing(missing(sum(list, is_layout), sum(counted, is_layout)), 268 - 172, 131'321'856);
  check_the_rest(list, counted);
}

TEST_CASE("what the missing operators make of published latencies") {
  // KPU-T64 has no overhead and no operator of ours differs but in bytes: T falls by the missing bytes over 64 GB/s.
  const auto lists = read_operator_lists(data_directory());
  const BranesPlatform t64 = load_estimator_constants(data_directory(), "kpu-t64");
  const std::map<std::string, std::int64_t> missing_bytes{{"resnet50", 0},
                                                          {"deeplabv3_resnet50", 2 * 802'816},
                                                          {"fcn_resnet50", 2 * 1'605'632},
                                                          {"vit_b_16", 2 * 175'500'288}};
  for (const auto& [model, bytes] : missing_bytes) {
    INFO(model);
    const double published = branes(lists.at(model), t64, Precision::int8).latency();
    const double counted = branes(ours(model), t64, Precision::int8).latency();
    CHECK(published - counted == Approx(static_cast<double>(bytes) / 64e9).margin(1e-12));
  }
}

}  // namespace cyclescope::estimate
