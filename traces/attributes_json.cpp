#include "traces/attributes_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/error.h"

namespace cyclescope::traces {
namespace {

using nlohmann::json;
using workloads::OperatorType;

constexpr int kMaxDepth = 4;  // deep nesting would exhaust the stack when printed

/// Parses a JSON object; no key may stand twice in it.
json parse_object(const std::string& text) {
  std::set<std::string> keys;
  const auto once = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMaxDepth) throw InputError("nested too deeply: expected an object of numbers, strings and lists");
    if (event == json::parse_event_t::key && depth == 1 && !keys.insert(parsed.get<std::string>()).second) {
      throw InputError(fmt::format("key {} stands twice", parsed.dump()));
    }
    return true;
  };
  try {
    json object = json::parse(text, once);
    if (!object.is_object()) throw InputError("expected a JSON object");
    return object;
  } catch (const json::exception&) {
    throw InputError("is no valid JSON: expected an object");
  }
}

/// The keys of one object; every access claims a key, and `finish` refuses unclaimed ones.
class Keys {
 public:
  explicit Keys(const json& object) : object_(object) {}

  std::int64_t integer(const std::string& key) { return as_integer(key, at(key)); }

  bool flag(const std::string& key) {
    const json& value = at(key);
    if (!value.is_boolean()) refuse(key, value, "true or false");
    return value.get<bool>();
  }

  double number(const std::string& key) { return as_number(key, at(key)); }

  std::optional<double> number_or_null(const std::string& key) {
    const json& value = at(key);
    if (value.is_null()) return std::nullopt;
    return as_number(key, value);
  }

  std::string text(const std::string& key) {
    const json& value = at(key);
    if (!value.is_string()) refuse(key, value, "a string");
    return value.get<std::string>();
  }

  std::vector<std::int64_t> list(const std::string& key) {
    const json& value = at(key);
    if (!value.is_array()) refuse(key, value, "a list of integers");
    std::vector<std::int64_t> result;
    for (const json& entry : value) result.push_back(as_integer(key, entry));
    return result;
  }

  template <std::size_t n>
  std::array<std::int64_t, n> tuple(const std::string& key) {
    const std::vector<std::int64_t> values = list(key);
    if (values.size() != n) refuse(key, at(key), fmt::format("{} integers", n));
    std::array<std::int64_t, n> result{};
    std::copy(values.begin(), values.end(), result.begin());
    return result;
  }

  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (claimed_.count(key) == 0) throw InputError(fmt::format("unknown key {}", json(key).dump()));
    }
  }

 private:
  const json& at(const std::string& key) {
    const auto found = object_.find(key);
    if (found == object_.end()) throw InputError(fmt::format("key '{}' is missing", key));
    claimed_.insert(key);
    return *found;
  }

  static std::int64_t as_integer(const std::string& key, const json& value) {
    const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX : value.is_number_integer();
    if (!fits) refuse(key, value, "a 64-bit integer");
    return value.get<std::int64_t>();
  }

  static double as_number(const std::string& key, const json& value) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) refuse(key, value, "a number");
    return value.get<double>();
  }

  [[noreturn]] static void refuse(const std::string& key, const json& value, const std::string& expected) {
    throw InputError(fmt::format("key '{}' is {}: expected {}", key, value.dump(), expected));
  }

  const json& object_;
  std::set<std::string> claimed_;
};

workloads::ResizeMode resize_mode(const std::string& text) {
  if (text == "linear") return workloads::ResizeMode::linear;
  if (text == "nearest") return workloads::ResizeMode::nearest;
  throw InputError(fmt::format("key 'mode' is {}: expected linear or nearest", json(text).dump()));
}

workloads::PoolAttributes pool(Keys& keys) {
  workloads::PoolAttributes result;
  result.kernel = keys.tuple<2>("kernel");
  result.stride = keys.tuple<2>("stride");
  result.padding = keys.tuple<4>("padding");
  result.ceil_mode = keys.flag("ceil_mode");
  return result;
}

workloads::Attributes convert(OperatorType type, Keys& keys) {
  switch (type) {
    case OperatorType::conv2d:
      return workloads::ConvAttributes{keys.tuple<2>("kernel"), keys.tuple<2>("stride"), keys.tuple<4>("padding"),
                                       keys.tuple<2>("dilation"), keys.integer("groups")};
    case OperatorType::gemm:
      return workloads::GemmAttributes{keys.flag("transpose_b")};
    case OperatorType::matmul:
      return workloads::MatmulAttributes{keys.flag("transpose_a"), keys.flag("transpose_b"), keys.number("scale"),
                                         keys.integer("attention")};
    case OperatorType::batch_norm:
      return workloads::BatchNormAttributes{keys.number("epsilon")};
    case OperatorType::layer_norm:
      return workloads::LayerNormAttributes{keys.integer("axis"), keys.number("epsilon")};
    case OperatorType::softmax:
      return workloads::SoftmaxAttributes{keys.integer("axis"), keys.integer("attention")};
    case OperatorType::clip:
      return workloads::ClipAttributes{keys.number_or_null("min"), keys.number_or_null("max")};
    case OperatorType::max_pool2d: {
      workloads::PoolAttributes result = pool(keys);
      result.dilation = keys.tuple<2>("dilation");
      return result;
    }
    case OperatorType::avg_pool2d: {
      workloads::PoolAttributes result = pool(keys);
      result.count_include_pad = keys.flag("count_include_pad");
      return result;
    }
    case OperatorType::reduce_mean:
      return workloads::ReduceAttributes{keys.list("axes"), keys.flag("keepdims")};
    case OperatorType::concat:
      return workloads::ConcatAttributes{keys.integer("axis")};
    case OperatorType::resize:
      return workloads::ResizeAttributes{resize_mode(keys.text("mode")), keys.text("coordinates")};
    case OperatorType::pad:
      return workloads::PadAttributes{keys.list("begin"), keys.list("end")};
    case OperatorType::transpose:
      return workloads::TransposeAttributes{keys.list("perm")};
    case OperatorType::slice:
      return workloads::SliceAttributes{keys.list("starts"), keys.list("steps")};
    default:
      return workloads::NoAttributes{};
  }
}

}  // namespace

workloads::Attributes parse_attributes(OperatorType type, const std::string& text) {
  const json object = parse_object(text);
  Keys keys(object);
  workloads::Attributes result = convert(type, keys);
  keys.finish();
  return result;
}

void check_tool_versions(const std::string& text) {
  const json versions = parse_object(text);
  for (const auto& [tool, version] : versions.items()) {
    if (!version.is_string()) throw InputError(fmt::format("key {} is no string", json(tool).dump()));
  }
}

}  // namespace cyclescope::traces
