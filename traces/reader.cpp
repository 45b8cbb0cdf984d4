#include "traces/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "traces/attributes_json.h"
#include "traces/hdf5_file.h"
#include "workloads/cost.h"

namespace cyclescope::traces {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "datasets are used as the little-endian bytes they are");

constexpr std::int64_t kVersion = 1;
constexpr std::uint64_t kMaxRows = 1000000;      // tensors, operators
constexpr std::uint64_t kMaxIndices = 16000000;  // tensor indices in one dataset
constexpr std::size_t kMaxRank = 8;

[[noreturn]] void refuse(const std::string& object, const std::string& what) {
  throw InputError(fmt::format("{}: {}", object, what));
}

std::string at(const char* dataset, std::size_t row) { return fmt::format("{}[{}]", dataset, row); }

/// Throws unless `text` is UTF-8 without control characters, so that messages stay one line.
void check_text(const std::string& object, const std::string& text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) refuse(object, "holds control characters: expected plain text");
  try {
    (void)nlohmann::json(text).dump();  // validates
  } catch (const nlohmann::json::exception&) {
    refuse(object, "is no valid UTF-8");
  }
}

/// Reads datasets in the order of the schema and sums up their bytes.
class Content {
 public:
  explicit Content(const Hdf5File& file) : file_(file) {}

  std::vector<std::string> strings(const char* name, std::uint64_t count) {
    const Dataset dataset = take(name, ElementType::string, {count});
    std::vector<std::string> result;
    for (std::size_t row = 0; row < count; ++row) {
      std::string text(dataset.bytes.data() + row * dataset.element_size, dataset.element_size);
      text.resize(text.find_last_not_of('\0') + 1);
      check_text(at(name, row), text);
      result.push_back(std::move(text));
    }
    return result;
  }

  template <class T>
  std::vector<T> numbers(const char* name, ElementType type, const Extents& extents) {
    const Dataset dataset = take(name, type, extents);
    std::vector<T> result(dataset.bytes.size() / sizeof(T));
    if (!result.empty()) std::memcpy(result.data(), dataset.bytes.data(), dataset.bytes.size());
    return result;
  }

  std::vector<std::uint32_t> indices(const char* name) {
    return numbers<std::uint32_t>(name, ElementType::uint32, {length(name, kMaxIndices)});
  }

  /// Length of a one-dimensional dataset; at most `limit`.
  std::uint64_t length(const char* name, std::uint64_t limit) const {
    const std::uint64_t result = file_.extents(name, 1)[0];
    if (result > limit)
      refuse(fmt::format("dataset '{}'", name), fmt::format("{} rows: expected at most {}", result, limit));
    return result;
  }

  void add(const std::string& text) { crc_.process_bytes(text.data(), text.size()); }

  [[nodiscard]] std::int64_t crc32() const { return crc_.checksum(); }

 private:
  Dataset take(const char* name, ElementType type, const Extents& extents) {
    Dataset dataset = file_.dataset(name, type, extents);
    crc_.process_bytes(dataset.bytes.data(), dataset.bytes.size());
    return dataset;
  }

  const Hdf5File& file_;
  boost::crc_32_type crc_;
};

std::vector<workloads::Tensor> read_tensors(Content& content) {
  const std::uint64_t count = content.length("/tensors/name", kMaxRows);
  const auto names = content.strings("/tensors/name", count);
  const auto dtypes = content.numbers<std::uint8_t>("/tensors/dtype", ElementType::uint8, {count});
  const auto roles = content.numbers<std::uint8_t>("/tensors/role", ElementType::uint8, {count});
  const auto ranks = content.numbers<std::uint8_t>("/tensors/rank", ElementType::uint8, {count});
  const auto dims = content.numbers<std::int64_t>("/tensors/dims", ElementType::int64, {count, kMaxRank});
  std::vector<workloads::Tensor> tensors(count);
  for (std::size_t i = 0; i < count; ++i) {
    constexpr auto kLastType = static_cast<std::uint8_t>(workloads::DataType::boolean);
    constexpr auto kLastRole = static_cast<std::uint8_t>(workloads::TensorRole::constant);
    if (dtypes[i] > kLastType)
      refuse(at("/tensors/dtype", i), fmt::format("is {}: expected 0 to {}", dtypes[i], kLastType));
    if (roles[i] > kLastRole)
      refuse(at("/tensors/role", i), fmt::format("is {}: expected 0 to {}", roles[i], kLastRole));
    if (ranks[i] > kMaxRank) refuse(at("/tensors/rank", i), fmt::format("is {}: expected 0 to {}", ranks[i], kMaxRank));
    const auto row = dims.begin() + static_cast<std::ptrdiff_t>(i * kMaxRank);
    if (std::any_of(row + ranks[i], row + kMaxRank, [](std::int64_t dimension) { return dimension != 0; })) {
      refuse(at("/tensors/dims", i), fmt::format("expected zeros after the {} dimensions", ranks[i]));
    }
    tensors[i] = {names[i], static_cast<workloads::DataType>(dtypes[i]), static_cast<workloads::TensorRole>(roles[i]),
                  workloads::Shape(row, row + ranks[i])};
  }
  return tensors;
}

/// Tensor indices of every operator from prefix offsets and the flat list.
std::vector<std::vector<workloads::TensorId>> read_lists(Content& content, const char* begin_name, const char* name,
                                                         std::uint64_t count) {
  const auto begin = content.numbers<std::uint32_t>(begin_name, ElementType::uint32, {count + 1});
  const auto flat = content.indices(name);
  if (begin.front() != 0) refuse(at(begin_name, 0), fmt::format("is {}: expected 0", begin.front()));
  if (begin.back() != flat.size()) {
    refuse(at(begin_name, count), fmt::format("is {}: expected {}, the length of {}", begin.back(), flat.size(), name));
  }
  std::vector<std::vector<workloads::TensorId>> lists(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (begin[i] > begin[i + 1] || begin[i + 1] > flat.size()) {
      refuse(at(begin_name, i + 1), fmt::format("is {}: expected {} to {}", begin[i + 1], begin[i], flat.size()));
    }
    lists[i].assign(flat.begin() + begin[i], flat.begin() + begin[i + 1]);
  }
  return lists;
}

std::vector<workloads::Operator> read_operators(Content& content) {
  const std::uint64_t count = content.length("/operators/name", kMaxRows);
  const auto names = content.strings("/operators/name", count);
  const auto types = content.strings("/operators/type", count);
  const auto attributes = content.strings("/operators/attributes", count);
  auto inputs = read_lists(content, "/operators/inputs_begin", "/operators/inputs", count);
  auto outputs = read_lists(content, "/operators/outputs_begin", "/operators/outputs", count);
  std::vector<workloads::Operator> operators(count);
  for (std::size_t i = 0; i < count; ++i) {
    workloads::Operator& op = operators[i];
    try {
      op.type = workloads::parse_operator_type(types[i]);
      op.attributes = parse_attributes(op.type, attributes[i]);
    } catch (const InputError& error) {
      throw InputError(fmt::format("operator '{}' (number {}, {}): {}", names[i], i, types[i], error.what()));
    }
    op.name = names[i];
    op.inputs = std::move(inputs[i]);
    op.outputs = std::move(outputs[i]);
  }
  return operators;
}

/// The schema gives every consumer of a parameter its own tensor.
void check_parameters(const workloads::Graph& graph) {
  const auto readers = workloads::consumers(graph);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (graph.tensors[i].role == workloads::TensorRole::parameter && readers[i].size() != 1) {
      refuse(fmt::format("parameter '{}'", graph.tensors[i].name),
             fmt::format("is read by {} operators: expected 1", readers[i].size()));
    }
  }
}

void check_total(const char* attribute, std::int64_t stated, std::int64_t counted) {
  if (stated != counted) {
    refuse(fmt::format("attribute '{}'", attribute), fmt::format("is {}: expected {}, as recounted", stated, counted));
  }
}

Trace read_verified(const std::string& path) {
  const Hdf5File file(path);
  if (const std::string format = file.text_attribute("format"); format != "cyclescope-trace") {
    refuse("attribute 'format'", "is no 'cyclescope-trace': a foreign HDF5 file");
  }
  Trace trace;
  trace.schema_version = file.integer_attribute("schema_version");
  if (trace.schema_version != kVersion) {
    refuse("attribute 'schema_version'", fmt::format("is {}: expected {}", trace.schema_version, kVersion));
  }
  workloads::Graph& graph = trace.graph;
  graph.model = file.text_attribute("model");
  graph.source = file.text_attribute("source");
  trace.tool_versions = file.text_attribute("tool_versions");
  check_text("attribute 'model'", graph.model);
  check_text("attribute 'source'", graph.source);
  check_text("attribute 'tool_versions'", trace.tool_versions);
  try {
    check_tool_versions(trace.tool_versions);
  } catch (const InputError& error) {
    refuse("attribute 'tool_versions'", error.what());
  }
  trace.total_macs = file.integer_attribute("total_macs");
  trace.total_parameters = file.integer_attribute("total_parameters");
  trace.content_crc32 = file.integer_attribute("content_crc32");

  Content content(file);
  graph.tensors = read_tensors(content);
  graph.operators = read_operators(content);
  graph.inputs = content.indices("/graph/inputs");
  graph.outputs = content.indices("/graph/outputs");
  for (const std::string* text : {&graph.model, &graph.source, &trace.tool_versions}) content.add(*text);
  if (content.crc32() != trace.content_crc32) {
    refuse("attribute 'content_crc32'",
           fmt::format("is {}: expected {}, as recomputed from the content", trace.content_crc32, content.crc32()));
  }
  workloads::verify(graph);
  check_parameters(graph);
  const workloads::Cost total = workloads::total_cost(graph);
  check_total("total_macs", trace.total_macs, total.macs);
  check_total("total_parameters", trace.total_parameters, total.parameters);
  return trace;
}

}  // namespace

Trace read(const std::string& path) {
  const SilentHdf5 silent;
  try {
    return read_verified(path);
  } catch (const InputError& error) {
    throw InputError(fmt::format("trace file '{}': {}", path, error.what()));
  }
}

}  // namespace cyclescope::traces
