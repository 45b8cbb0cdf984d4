// Well-formed files whose content contradicts itself.
#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "tests/traces/trace_builder.h"
#include "traces/attributes_json.h"
#include "traces/reader.h"

namespace cyclescope::traces {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using workloads::OperatorType;

/// Message for a file of changed content.
std::string changed(const std::function<void(TraceContent&)>& change) {
  TraceContent content;
  change(content);
  const TemporaryFile file;
  write(content, file.path());
  try {
    read(file.path());
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("expected an InputError");
  return {};
}

TEST_CASE("checksum and totals are recounted") {
  CHECK_THAT(changed([](TraceContent& c) { c.content_crc32 = 1; }), Contains("'content_crc32': is 1: expected "));
  CHECK_THAT(changed([](TraceContent& c) { c.total_macs = 217; }),
             EndsWith("attribute 'total_macs': is 217: expected 216, as recounted"));
  CHECK_THAT(changed([](TraceContent& c) { c.total_parameters = 25; }),
             EndsWith("attribute 'total_parameters': is 25: expected 26, as recounted"));
}

TEST_CASE("the checksum covers the texts of the root") {
  const auto altered = [](const char* name) {
    const TemporaryFile file;
    write({}, file.path());
    edit(file.path(), [&](hid_t opened) {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, 2);
      replace_attribute(opened, name, type, "{}");
      H5Tclose(type);
    });
    CHECK_THROWS_WITH(read(file.path()), Contains("attribute 'content_crc32'"));
  };
  altered("model");
  altered("source");
  altered("tool_versions");
}

TEST_CASE("text is UTF-8 of one line") {
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[1].name = "w\xff"; }),
             EndsWith("/tensors/name[1]: is no valid UTF-8"));
  CHECK_THAT(changed([](TraceContent& c) { c.model = "\xc0\xaf"; }), EndsWith("attribute 'model': is no valid UTF-8"));
  CHECK_THAT(changed([](TraceContent& c) { c.operators[0].name = "\xed\xa0\x80"; }), EndsWith("is no valid UTF-8"));
  CHECK_THAT(changed([](TraceContent& c) { c.operators[0].name = "a\nb"; }), Contains("control characters"));
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[1].name = std::string("a\0b", 3); }),
             Contains("control characters"));
  CHECK_THAT(changed([](TraceContent& c) { c.tool_versions = "[]"; }),
             EndsWith("'tool_versions': expected a JSON object"));
  CHECK_THAT(changed([](TraceContent& c) { c.tool_versions = R"({"a":1})"; }), EndsWith(R"(key "a" is no string)"));
}

TEST_CASE("codes of tensors are in range") {
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[1].dtype = 8; }),
             EndsWith("/tensors/dtype[1]: is 8: expected 0 to 7"));
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[2].role = 4; }),
             EndsWith("/tensors/role[2]: is 4: expected 0 to 3"));
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[2].rank = 9; }),
             EndsWith("/tensors/rank[2]: is 9: expected 0 to 8"));
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[2].dims[4] = 1; }), Contains("/tensors/dims[2]: expected zeros"));
  CHECK_THAT(changed([](TraceContent& c) { c.tensors[2].dims[0] = 0; }), Contains("tensor 'bias' has shape [0]"));
}

TEST_CASE("indices and offsets are in range") {
  CHECK_THAT(changed([](TraceContent& c) { c.operators[1].inputs[0] = 5; }), Contains("refers to tensor 5"));
  CHECK_THAT(changed([](TraceContent& c) { c.outputs[0] = 5; }), Contains("graph output 5"));
  const auto offsets = [](const std::vector<std::uint32_t>& begin) {
    const TemporaryFile file;
    write({}, file.path());
    edit(file.path(), [&](hid_t opened) {
      replace_dataset(opened, "/operators/inputs_begin", H5T_STD_U32LE, {begin.size()}, begin.data());
    });
    try {
      read(file.path());
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(offsets({0, 3, 4}).empty());
  CHECK_THAT(offsets({1, 3, 4}), EndsWith("/operators/inputs_begin[0]: is 1: expected 0"));
  CHECK_THAT(offsets({0, 3, 5}), EndsWith("inputs_begin[2]: is 5: expected 4, the length of /operators/inputs"));
  CHECK_THAT(offsets({0, 9, 4}), EndsWith("inputs_begin[1]: is 9: expected 0 to 4"));
}

TEST_CASE("order and ownership are checked") {
  CHECK_THAT(changed([](TraceContent& c) { std::swap(c.operators[0], c.operators[1]); }),
             Contains("'activation' reads 'hidden' before 'conv' writes it"));
  CHECK_THAT(changed([](TraceContent& c) { c.operators[0].inputs[0] = 4; }),
             Contains("cycle: conv -> activation -> conv"));
  CHECK_THAT(changed([](TraceContent& c) { c.operators[0].inputs.pop_back(); }),
             EndsWith("parameter 'bias': is read by 0 operators: expected 1"));
}

TEST_CASE("operator types and attributes are checked, with the operator") {
  CHECK_THAT(changed([](TraceContent& c) { c.operators[1].type = "rely"; }),
             Contains("operator 'activation' (number 1, rely): unknown operator type 'rely'"));
  CHECK_THAT(changed([](TraceContent& c) { c.operators[1].attributes = R"({"x":1})"; }),
             EndsWith(R"(operator 'activation' (number 1, relu): unknown key "x")"));
  CHECK_THAT(changed([](TraceContent& c) {
               c.operators[0].attributes =
                   R"({"dilation":[1,1],"groups":1,"kernel":[2,2],"padding":[1,0,0,0],"stride":[1,1]})";
             }),
             Contains("operator 'conv' (conv2d): output 'hidden' has shape [1, 2, 3, 3]: expected [1, 2, 4, 3]"));
}

std::string refused(OperatorType type, const std::string& text) {
  try {
    parse_attributes(type, text);
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("expected an InputError");
  return {};
}

TEST_CASE("attributes that are no object of the right keys") {
  CHECK_THAT(refused(OperatorType::relu, ""), Contains("no valid JSON"));
  CHECK_THAT(refused(OperatorType::relu, "{"), Contains("no valid JSON"));
  CHECK_THAT(refused(OperatorType::relu, "{} x"), Contains("no valid JSON"));
  CHECK_THAT(refused(OperatorType::relu, "[]"), Contains("expected a JSON object"));
  CHECK_THAT(refused(OperatorType::relu, R"({"a":)" + std::string(50000, '[')), Contains("nested too deeply"));
  CHECK_THAT(refused(OperatorType::concat, "{}"), Contains("key 'axis' is missing"));
  CHECK_THAT(refused(OperatorType::concat, R"({"axis":1,"axis":2})"), Contains(R"(key "axis" stands twice)"));
  CHECK_THAT(refused(OperatorType::concat, R"({"axis":1,"other":2})"), Contains(R"(unknown key "other")"));
  CHECK_THAT(refused(OperatorType::concat, R"({"axis":1.0})"),
             Contains("key 'axis' is 1.0: expected a 64-bit integer"));
  CHECK_THAT(refused(OperatorType::concat, R"({"axis":9223372036854775808})"), Contains("64-bit integer"));
  CHECK_THAT(refused(OperatorType::concat, R"({"axis":true})"), Contains("64-bit integer"));
  CHECK_THAT(refused(OperatorType::gemm, R"({"transpose_b":1})"), Contains("is 1: expected true or false"));
  CHECK_THAT(refused(OperatorType::batch_norm, R"({"epsilon":"x"})"), Contains("expected a number"));
  CHECK_THAT(refused(OperatorType::batch_norm, R"({"epsilon":1e999})"), Contains("no valid JSON"));
  CHECK_THAT(refused(OperatorType::clip, R"({"max":"6","min":null})"), Contains("key 'max' is \"6\""));
  CHECK_THAT(refused(OperatorType::pad, R"({"begin":3,"end":[0]})"), Contains("'begin' is 3: expected a list"));
  CHECK_THAT(refused(OperatorType::resize, R"({"coordinates":"asymmetric","mode":"cubic"})"),
             Contains("linear or nearest"));
  CHECK_THAT(refused(OperatorType::resize, R"({"coordinates":1,"mode":"linear"})"), Contains("expected a string"));
  CHECK_THAT(refused(OperatorType::max_pool2d,
                     R"({"ceil_mode":false,"dilation":[1,1],"kernel":[2],"padding":[0,0,0,0],"stride":[1,1]})"),
             Contains("key 'kernel' is [2]: expected 2 integers"));
}

template <class T>
T parsed(OperatorType type, const char* text) {
  return std::get<T>(parse_attributes(type, text));
}

TEST_CASE("every key of every operator reaches its field") {
  using namespace workloads;
  const auto conv = parsed<ConvAttributes>(
      OperatorType::conv2d, R"({"dilation":[7,8],"groups":9,"kernel":[1,2],"padding":[3,4,5,6],"stride":[10,11]})");
  CHECK(conv.kernel == Pair{1, 2});
  CHECK(conv.stride == Pair{10, 11});
  CHECK(conv.padding == Padding{3, 4, 5, 6});
  CHECK(conv.dilation == Pair{7, 8});
  CHECK(conv.groups == 9);
  CHECK_FALSE(parsed<GemmAttributes>(OperatorType::gemm, R"({"transpose_b":false})").transpose_b);
  const auto matmul = parsed<MatmulAttributes>(
      OperatorType::matmul, R"({"attention":3,"scale":0.125,"transpose_a":false,"transpose_b":true})");
  CHECK_FALSE(matmul.transpose_a);
  CHECK(matmul.transpose_b);
  CHECK(matmul.scale == 0.125);
  CHECK(matmul.attention == 3);
  CHECK(parsed<BatchNormAttributes>(OperatorType::batch_norm, R"({"epsilon":1e-3})").epsilon == 1e-3);
  const auto norm = parsed<LayerNormAttributes>(OperatorType::layer_norm, R"({"axis":2,"epsilon":1e-6})");
  CHECK(norm.axis == 2);
  CHECK(norm.epsilon == 1e-6);
  const auto softmax = parsed<SoftmaxAttributes>(OperatorType::softmax, R"({"attention":-1,"axis":3})");
  CHECK(softmax.axis == 3);
  CHECK(softmax.attention == -1);
  const auto clip = parsed<ClipAttributes>(OperatorType::clip, R"({"max":6,"min":null})");
  CHECK(clip.max == 6.0);
  CHECK_FALSE(clip.min.has_value());
  const auto max_pool = parsed<PoolAttributes>(
      OperatorType::max_pool2d,
      R"({"ceil_mode":true,"dilation":[9,10],"kernel":[1,2],"padding":[5,6,7,8],"stride":[3,4]})");
  CHECK(max_pool.kernel == Pair{1, 2});
  CHECK(max_pool.stride == Pair{3, 4});
  CHECK(max_pool.padding == Padding{5, 6, 7, 8});
  CHECK(max_pool.dilation == Pair{9, 10});
  CHECK(max_pool.ceil_mode);
  CHECK_FALSE(max_pool.count_include_pad);
  const auto avg_pool = parsed<PoolAttributes>(
      OperatorType::avg_pool2d,
      R"({"ceil_mode":false,"count_include_pad":true,"kernel":[1,2],"padding":[0,0,0,0],"stride":[3,4]})");
  CHECK(avg_pool.count_include_pad);
  CHECK(avg_pool.dilation == Pair{1, 1});
  const auto mean = parsed<ReduceAttributes>(OperatorType::reduce_mean, R"({"axes":[1,2],"keepdims":false})");
  CHECK(mean.axes == std::vector<std::int64_t>{1, 2});
  CHECK_FALSE(mean.keepdims);
  const auto resize =
      parsed<ResizeAttributes>(OperatorType::resize, R"({"coordinates":"asymmetric","mode":"nearest"})");
  CHECK(resize.mode == ResizeMode::nearest);
  CHECK(resize.coordinates == "asymmetric");
  const auto pad = parsed<PadAttributes>(OperatorType::pad, R"({"begin":[0,1],"end":[2,3]})");
  CHECK(pad.begin == std::vector<std::int64_t>{0, 1});
  CHECK(pad.end == std::vector<std::int64_t>{2, 3});
  CHECK(parsed<TransposeAttributes>(OperatorType::transpose, R"({"perm":[1,0]})").perm ==
        std::vector<std::int64_t>{1, 0});
  const auto slice = parsed<SliceAttributes>(OperatorType::slice, R"({"starts":[4],"steps":[2]})");
  CHECK(slice.starts == std::vector<std::int64_t>{4});
  CHECK(slice.steps == std::vector<std::int64_t>{2});
  CHECK(parsed<ConcatAttributes>(OperatorType::concat, R"({"axis":-9223372036854775808})").axis == INT64_MIN);
}

}  // namespace
}  // namespace cyclescope::traces
