// Reading a good file, and refusing every kind of bad one by name.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/error.h"
#include "tests/traces/trace_builder.h"
#include "traces/reader.h"

namespace cyclescope::traces {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Change = std::function<void(TraceContent&)>;

/// Message with which `path` is refused; it names the file and is one line.
std::string refusal(const std::string& path) {
  try {
    read(path);
  } catch (const InputError& error) {
    const std::string message = error.what();
    CHECK_THAT(message, Catch::StartsWith("trace file '" + path + "': "));
    CHECK(message.find('\n') == std::string::npos);
    return message;
  }
  FAIL("expected an InputError");
  return {};
}

/// Message for a file of changed content.
std::string changed(const Change& change) {
  TraceContent content;
  change(content);
  const TemporaryFile file;
  write(content, file.path());
  return refusal(file.path());
}

/// Message for a good file edited in place.
std::string edited(const std::function<void(hid_t)>& change) {
  const TemporaryFile file;
  write({}, file.path());
  edit(file.path(), change);
  return refusal(file.path());
}

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  return bytes.str();
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST_CASE("a good file is read field by field") {
  const TemporaryFile file;
  write({}, file.path());
  const Trace trace = read(file.path());
  CHECK(trace.schema_version == 1);
  CHECK(trace.total_macs == 216);
  CHECK(trace.total_parameters == 26);
  CHECK(trace.tool_versions == R"({"builder":"1"})");
  const workloads::Graph& graph = trace.graph;
  CHECK(graph.model == "small");
  CHECK(graph.source == "a test");
  REQUIRE(graph.tensors.size() == 5);
  CHECK(graph.tensors[1].name == "weight");
  CHECK(graph.tensors[1].role == workloads::TensorRole::parameter);
  CHECK(graph.tensors[1].shape == workloads::Shape{2, 3, 2, 2});
  CHECK(graph.tensors[2].shape == workloads::Shape{2});
  REQUIRE(graph.operators.size() == 2);
  CHECK(graph.operators[0].name == "conv");
  CHECK(graph.operators[0].type == workloads::OperatorType::conv2d);
  CHECK(graph.operators[0].inputs == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(graph.operators[1].type == workloads::OperatorType::relu);
  CHECK(graph.operators[1].outputs == std::vector<std::uint32_t>{4});
  CHECK(graph.inputs == std::vector<std::uint32_t>{0});
  CHECK(graph.outputs == std::vector<std::uint32_t>{4});
}

TEST_CASE("an empty trace is read") {
  TraceContent content;
  content.tensors.clear();
  content.operators.clear();
  content.inputs.clear();
  content.outputs.clear();
  content.total_macs = 0;
  content.total_parameters = 0;
  const TemporaryFile file;
  write(content, file.path());
  const Trace trace = read(file.path());
  CHECK(trace.graph.operators.empty());
  CHECK(trace.graph.tensors.empty());
}

TEST_CASE("attributes of variable length are read too") {
  const TemporaryFile file;
  write({}, file.path());
  edit(file.path(), [](hid_t opened) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const char* text = "small";
    replace_attribute(opened, "model", type, &text);
    H5Tclose(type);
  });
  CHECK(read(file.path()).graph.model == "small");
}

TEST_CASE("files that are no traces") {
  const TemporaryFile file;
  CHECK_THAT(refusal(file.path()), EndsWith("no such file"));
  CHECK_THAT(refusal(std::filesystem::temp_directory_path().string()), EndsWith("is no regular file"));
  write_bytes(file.path(), "not a trace");
  CHECK_THAT(refusal(file.path()), Contains("is no HDF5 file"));
  H5Fclose(H5Fcreate(file.path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  CHECK_THAT(refusal(file.path()), EndsWith("attribute 'format': missing"));
  CHECK_THAT(changed([](TraceContent& c) { c.format = "other"; }), Contains("attribute 'format'"));
  CHECK_THAT(changed([](TraceContent& c) { c.schema_version = 2; }), EndsWith("'schema_version': is 2: expected 1"));
}

TEST_CASE("HDF5 prints nothing of its own") {
  std::FILE* const capture = std::tmpfile();
  const auto print = [](hid_t stack, void* stream) { return H5Eprint2(stack, static_cast<std::FILE*>(stream)); };
  H5Eset_auto2(H5E_DEFAULT, print, capture);
  edited([](hid_t file) { H5Ldelete(file, "/tensors", H5P_DEFAULT); });
  CHECK(std::ftell(capture) == 0);
  H5Fopen("/nonexistent", H5F_ACC_RDONLY, H5P_DEFAULT);  // the previous handler is back
  CHECK(std::ftell(capture) > 0);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  std::fclose(capture);
}

TEST_CASE("a truncated file is refused at any length") {
  const TemporaryFile file;
  write({}, file.path());
  const std::string whole = bytes_of(file.path());
  for (std::size_t part = 0; part < 16; ++part) {
    write_bytes(file.path(), whole.substr(0, whole.size() * part / 16));
    refusal(file.path());
  }
}

TEST_CASE("a damaged chunk is refused, whichever dataset it is in") {
  for (const char* name : {"/tensors/name", "/tensors/dims", "/operators/attributes", "/graph/outputs"}) {
    const TemporaryFile file;
    write({}, file.path());
    const auto [offset, length] = first_chunk(file.path(), name);
    std::string bytes = bytes_of(file.path());
    bytes[offset + length / 2] = static_cast<char>(bytes[offset + length / 2] ^ 0x10);
    write_bytes(file.path(), bytes);
    CHECK_THAT(refusal(file.path()),
               EndsWith(std::string("dataset '") + name + "': cannot be read: damaged (a checksum or filter failed)"));
  }
}

TEST_CASE("a flipped byte anywhere is refused or changes nothing that is read") {
  const TemporaryFile file;
  write({}, file.path());
  const std::string whole = bytes_of(file.path());
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    write_bytes(file.path(), bytes);
    try {
      const Trace trace = read(file.path());
      CHECK(trace.graph.model == "small");
      CHECK(trace.graph.operators.size() == 2);
      CHECK(trace.total_macs == 216);
    } catch (const InputError&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("storage other than the schema's is refused") {
  const std::array<std::uint32_t, 3> begin{0, 3, 4};
  const auto stored = [&](const std::function<void(hid_t)>& choose, bool data = true) {
    return edited([&](hid_t file) {
      H5Ldelete(file, "/operators/inputs_begin", H5P_DEFAULT);
      const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
      choose(properties);
      const hsize_t extent = 3;
      const hid_t space = H5Screate_simple(1, &extent, nullptr);
      const hid_t dataset =
          H5Dcreate2(file, "/operators/inputs_begin", H5T_STD_U32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
      if (data) H5Dwrite(dataset, H5T_STD_U32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, begin.data());
      H5Dclose(dataset);
      H5Sclose(space);
      H5Pclose(properties);
    });
  };
  const hsize_t two = 2;
  CHECK_THAT(stored([](hid_t) {}), EndsWith("expected chunks with deflate and Fletcher-32"));
  CHECK_THAT(stored([&](hid_t properties) {
               H5Pset_chunk(properties, 1, &two);
               H5Pset_deflate(properties, 9);
             }),
             EndsWith("expected chunks with deflate and Fletcher-32"));
  const auto filtered = [&](hid_t properties) {
    H5Pset_chunk(properties, 1, &two);
    H5Pset_deflate(properties, 9);
    H5Pset_fletcher32(properties);
  };
  CHECK_THAT(stored(filtered, false), EndsWith("damaged: 0 chunks are stored, expected 2"));
}

TEST_CASE("missing objects are named") {
  for (const char* name :
       {"/tensors/name", "/tensors/dtype", "/tensors/role", "/tensors/rank", "/tensors/dims", "/operators/name",
        "/operators/type", "/operators/attributes", "/operators/inputs_begin", "/operators/inputs",
        "/operators/outputs_begin", "/operators/outputs", "/graph/inputs", "/graph/outputs"}) {
    CHECK_THAT(edited([&](hid_t file) { H5Ldelete(file, name, H5P_DEFAULT); }),
               EndsWith(std::string("dataset '") + name + "': missing"));
  }
  for (const char* name : {"format", "schema_version", "model", "source", "tool_versions", "total_macs",
                           "total_parameters", "content_crc32"}) {
    CHECK_THAT(edited([&](hid_t file) { H5Adelete(file, name); }),
               EndsWith(std::string("attribute '") + name + "': missing"));
  }
  CHECK_THAT(edited([](hid_t file) {
               H5Ldelete(file, "/graph/inputs", H5P_DEFAULT);
               H5Gclose(H5Gcreate2(file, "/graph/inputs", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
             }),
             EndsWith("'/graph/inputs': cannot be opened: damaged or no dataset"));
}

TEST_CASE("wrong types are named") {
  const std::array<std::int64_t, 8> zeros{};
  const auto replaced = [&](const char* name, hid_t type, const std::vector<hsize_t>& extents) {
    return edited([&](hid_t file) { replace_dataset(file, name, type, extents, zeros.data()); });
  };
  CHECK_THAT(replaced("/tensors/dtype", H5T_STD_I8LE, {5}), EndsWith("'/tensors/dtype': wrong type: expected uint8"));
  CHECK_THAT(replaced("/graph/inputs", H5T_STD_U32BE, {1}), EndsWith("expected little-endian uint32"));
  CHECK_THAT(replaced("/tensors/name", H5T_STD_U8LE, {5}), EndsWith("expected zero-padded fixed-length string"));
  CHECK_THAT(replaced("/tensors/name", H5T_C_S1, {5}), EndsWith("expected zero-padded fixed-length string"));
  CHECK_THAT(edited([&](hid_t file) { replace_attribute(file, "total_macs", H5T_STD_U64LE, zeros.data()); }),
             EndsWith("attribute 'total_macs': wrong type: expected little-endian int64"));
  CHECK_THAT(edited([&](hid_t file) { replace_attribute(file, "model", H5T_STD_I64LE, zeros.data()); }),
             EndsWith("attribute 'model': wrong type: expected a string"));
}

TEST_CASE("wrong extents are named, and absurd ones before anything is allocated") {
  const std::array<std::int64_t, 64> zeros{};
  const auto replaced = [&](const char* name, hid_t type, const std::vector<hsize_t>& extents, bool data = true) {
    return edited([&](hid_t file) { replace_dataset(file, name, type, extents, data ? zeros.data() : nullptr); });
  };
  CHECK_THAT(replaced("/tensors/role", H5T_STD_U8LE, {6}), EndsWith("has extents (6): expected (5)"));
  CHECK_THAT(replaced("/tensors/role", H5T_STD_U8LE, {5, 1}), EndsWith("has extents (5, 1): expected (5)"));
  CHECK_THAT(replaced("/tensors/dims", H5T_STD_I64LE, {5, 7}), EndsWith("has extents (5, 7): expected (5, 8)"));
  CHECK_THAT(replaced("/operators/inputs_begin", H5T_STD_U32LE, {2}), EndsWith("has extents (2): expected (3)"));
  CHECK_THAT(replaced("/graph/inputs", H5T_STD_U32LE, {}), EndsWith("has 0 dimensions: expected 1"));
  CHECK_THAT(replaced("/graph/inputs", H5T_STD_U32LE, {1000, 1000, 1000}, false), EndsWith("3 dimensions: expected 1"));
  CHECK_THAT(replaced("/tensors/name", H5T_STD_U8LE, {1000001}, false), EndsWith("expected at most 1000000"));
  CHECK_THAT(replaced("/operators/name", H5T_STD_U8LE, {1000001}, false), EndsWith("expected at most 1000000"));
  CHECK_THAT(replaced("/graph/inputs", H5T_STD_U32LE, {16000001}, false), EndsWith("expected at most 16000000"));
  const hid_t wide = H5Tcopy(H5T_C_S1);
  H5Tset_size(wide, std::size_t{1} << 28);
  H5Tset_strpad(wide, H5T_STR_NULLPAD);
  CHECK_THAT(edited([&](hid_t file) { replace_dataset(file, "/operators/type", wide, {2}, nullptr); }),
             Contains("'/operators/type': too large"));
  H5Tclose(wide);
}

TEST_CASE("a good file survives its own edit helper") {
  const TemporaryFile file;
  write({}, file.path());
  const std::uint32_t zero = 0;
  edit(file.path(), [&](hid_t opened) { replace_dataset(opened, "/graph/inputs", H5T_STD_U32LE, {1}, &zero); });
  CHECK(read(file.path()).graph.inputs == std::vector<std::uint32_t>{0});
}

}  // namespace
}  // namespace cyclescope::traces
