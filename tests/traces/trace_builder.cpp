#include "tests/traces/trace_builder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

/// The HDF5 library leaks when it gives up on a damaged file; LeakSanitizer asks here what to pass over.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }

namespace cyclescope::traces {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

hid_t string_type(std::size_t length) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, length);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

void create_dataset(hid_t file, const std::string& name, hid_t type, const std::vector<hsize_t>& extents,
                    const void* data) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(properties, false);
  const bool empty = std::count(extents.begin(), extents.end(), 0U) != 0;
  if (!empty && !extents.empty()) {
    H5Pset_chunk(properties, static_cast<int>(extents.size()), extents.data());
    H5Pset_deflate(properties, 9);
    H5Pset_fletcher32(properties);
  }
  const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
  const hid_t dataset = H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  require(dataset >= 0, "H5Dcreate2");
  if (data != nullptr && !empty) require(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, "H5Dwrite");
  H5Dclose(dataset);
  H5Sclose(space);
  H5Pclose(properties);
}

/// Writes datasets in the order of the schema and keeps the CRC-32 of their bytes, bit by bit.
class Writer {
 public:
  explicit Writer(hid_t file) : file_(file) {}

  template <class T>
  void numbers(const char* name, hid_t type, const std::vector<T>& values, std::vector<hsize_t> extents = {}) {
    if (extents.empty()) extents = {values.size()};
    create_dataset(file_, name, type, extents, values.data());
    sum(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }

  void strings(const char* name, const std::vector<std::string>& values) {
    std::size_t length = 1;
    for (const std::string& value : values) length = std::max(length, value.size());
    std::string bytes;
    for (const std::string& value : values) bytes += value + std::string(length - value.size(), '\0');
    const hid_t type = string_type(length);
    create_dataset(file_, name, type, {values.size()}, bytes.data());
    H5Tclose(type);
    sum(bytes.data(), bytes.size());
  }

  void sum(const char* bytes, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
      crc_ ^= static_cast<unsigned char>(bytes[i]);
      for (int bit = 0; bit < 8; ++bit) crc_ = (crc_ >> 1) ^ ((crc_ & 1) != 0 ? 0xEDB88320U : 0U);
    }
  }

  [[nodiscard]] std::int64_t crc() const { return static_cast<std::int64_t>(~crc_); }

 private:
  hid_t file_;
  std::uint32_t crc_ = 0xFFFFFFFFU;
};

template <class Row, class Member>
auto column(const std::vector<Row>& rows, Member member) {
  std::vector<std::decay_t<decltype(rows.front().*member)>> result;
  for (const Row& row : rows) result.push_back(row.*member);
  return result;
}

void write_lists(Writer& writer, const std::string& name, const std::vector<std::vector<std::uint32_t>>& lists) {
  std::vector<std::uint32_t> begin{0};
  std::vector<std::uint32_t> flat;
  for (const auto& list : lists) {
    flat.insert(flat.end(), list.begin(), list.end());
    begin.push_back(static_cast<std::uint32_t>(flat.size()));
  }
  writer.numbers((name + "_begin").c_str(), H5T_STD_U32LE, begin);
  writer.numbers(name.c_str(), H5T_STD_U32LE, flat);
}

void write_text(hid_t file, const char* name, const std::string& text) {
  const hid_t type = string_type(std::max<std::size_t>(1, text.size()));
  replace_attribute(file, name, type, text.data());
  H5Tclose(type);
}

void write_integer(hid_t file, const char* name, std::int64_t value) {
  replace_attribute(file, name, H5T_STD_I64LE, &value);
}

}  // namespace

TemporaryFile::TemporaryFile() {
  static int number = 0;
  const std::string name = "cyclescope-" + std::to_string(getpid()) + "-" + std::to_string(number++) + ".h5";
  path_ = (std::filesystem::temp_directory_path() / name).string();
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void write(const TraceContent& content, const std::string& path) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);  // every piece of metadata has a checksum
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  require(file >= 0, "H5Fcreate");
  for (const char* group : {"/tensors", "/operators", "/graph"}) {
    H5Gclose(H5Gcreate2(file, group, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  Writer writer(file);
  writer.strings("/tensors/name", column(content.tensors, &TensorRow::name));
  writer.numbers("/tensors/dtype", H5T_STD_U8LE, column(content.tensors, &TensorRow::dtype));
  writer.numbers("/tensors/role", H5T_STD_U8LE, column(content.tensors, &TensorRow::role));
  writer.numbers("/tensors/rank", H5T_STD_U8LE, column(content.tensors, &TensorRow::rank));
  std::vector<std::int64_t> dims;
  for (const TensorRow& row : content.tensors) dims.insert(dims.end(), row.dims.begin(), row.dims.end());
  writer.numbers("/tensors/dims", H5T_STD_I64LE, dims, {content.tensors.size(), 8});
  writer.strings("/operators/name", column(content.operators, &OperatorRow::name));
  writer.strings("/operators/type", column(content.operators, &OperatorRow::type));
  writer.strings("/operators/attributes", column(content.operators, &OperatorRow::attributes));
  write_lists(writer, "/operators/inputs", column(content.operators, &OperatorRow::inputs));
  write_lists(writer, "/operators/outputs", column(content.operators, &OperatorRow::outputs));
  writer.numbers("/graph/inputs", H5T_STD_U32LE, content.inputs);
  writer.numbers("/graph/outputs", H5T_STD_U32LE, content.outputs);
  for (const std::string* text : {&content.model, &content.source, &content.tool_versions}) {
    writer.sum(text->data(), text->size());
  }
  write_text(file, "format", content.format);
  write_text(file, "model", content.model);
  write_text(file, "source", content.source);
  write_text(file, "tool_versions", content.tool_versions);
  write_integer(file, "schema_version", content.schema_version);
  write_integer(file, "total_macs", content.total_macs);
  write_integer(file, "total_parameters", content.total_parameters);
  write_integer(file, "content_crc32", content.content_crc32.value_or(writer.crc()));
  H5Fclose(file);
}

void edit(const std::string& path, const std::function<void(hid_t)>& change) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  require(file >= 0, "H5Fopen");
  change(file);
  H5Fclose(file);
}

void replace_dataset(hid_t file, const std::string& name, hid_t type, const std::vector<hsize_t>& extents,
                     const void* data) {
  H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  create_dataset(file, name, type, extents, data);
}

void replace_attribute(hid_t file, const std::string& name, hid_t type, const void* data) {
  if (H5Aexists(file, name.c_str()) > 0) H5Adelete(file, name.c_str());
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(file, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
  require(H5Awrite(attribute, type, data) >= 0, "H5Awrite");
  H5Aclose(attribute);
  H5Sclose(space);
}

std::pair<std::uint64_t, std::uint64_t> first_chunk(const std::string& path, const std::string& dataset) {
  haddr_t address = 0;
  hsize_t size = 0;
  edit(path, [&](hid_t file) {
    const hid_t opened = H5Dopen2(file, dataset.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(opened);
    require(H5Dget_chunk_info(opened, space, 0, nullptr, nullptr, &address, &size) >= 0, "H5Dget_chunk_info");
    H5Sclose(space);
    H5Dclose(opened);
  });
  return {address, size};
}

}  // namespace cyclescope::traces
