#include "traces/hdf5_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "sim/base/error.h"

namespace cyclescope::traces {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 28;  // of one dataset
constexpr std::uint64_t kMaxStringBytes = std::uint64_t{1} << 16;
constexpr std::uint64_t kMaxInflation = 1032;  // bytes deflate can make of one
constexpr int kMaxRank = 8;

[[noreturn]] void refuse(const std::string& object, const std::string& what) {
  throw InputError(fmt::format("{}: {}", object, what));
}

std::string attribute_label(const std::string& name) { return fmt::format("attribute '{}'", name); }

std::string dataset_label(const std::string& name) { return fmt::format("dataset '{}'", name); }

Handle open_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) throw InputError("no such file");
  if (!std::filesystem::is_regular_file(path, error)) throw InputError("is no regular file");
  const htri_t signature = H5Fis_hdf5(path.c_str());
  if (signature < 0) throw InputError("cannot be opened");
  if (signature == 0) throw InputError("is no HDF5 file: expected a trace file");
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.valid()) throw InputError("cannot be opened as HDF5: truncated or damaged");
  return file;
}

/// Whether `type` is a fixed-length string padded with zeros.
bool is_padded_string(const Handle& type) {
  return H5Tget_class(type.get()) == H5T_STRING && H5Tis_variable_str(type.get()) == 0 &&
         H5Tget_strpad(type.get()) == H5T_STR_NULLPAD;
}

bool matches(const Handle& type, ElementType expected) {
  switch (expected) {
    case ElementType::string:
      return is_padded_string(type);
    case ElementType::uint8:
      return H5Tequal(type.get(), H5T_STD_U8LE) > 0;
    case ElementType::uint32:
      return H5Tequal(type.get(), H5T_STD_U32LE) > 0;
    case ElementType::int64:
      return H5Tequal(type.get(), H5T_STD_I64LE) > 0;
  }
  return false;
}

const char* type_name(ElementType type) {
  switch (type) {
    case ElementType::string:
      return "zero-padded fixed-length string";
    case ElementType::uint8:
      return "uint8";
    case ElementType::uint32:
      return "little-endian uint32";
    case ElementType::int64:
      return "little-endian int64";
  }
  return "?";
}

/// Whether filter number `position` is `filter`.
bool has_filter(const Handle& properties, unsigned position, H5Z_filter_t filter) {
  unsigned flags = 0;
  unsigned config = 0;
  std::size_t values = 0;
  return H5Pget_filter2(properties.get(), position, &flags, &values, nullptr, 0, nullptr, &config) == filter;
}

Extents extents_of(const Handle& dataset, const std::string& name) {
  const Handle space(H5Dget_space(dataset.get()), H5Sclose);
  const int rank = space.valid() ? H5Sget_simple_extent_ndims(space.get()) : -1;
  if (rank < 0 || rank > kMaxRank) refuse(dataset_label(name), "has no readable extents");
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  return {dims.begin(), dims.end()};
}

/// Refuses storage other than the schema's. The HDF5 library trusts what a file says of its chunks and reads past the
/// end of one that decodes to less, so extents, chunks and filters of a damaged file are held against each other first.
void check_storage(const Handle& dataset, const std::string& name, const Dataset& expected) {
  const std::string label = dataset_label(name);
  const Handle properties(H5Dget_create_plist(dataset.get()), H5Pclose);
  const Handle space(H5Dget_space(dataset.get()), H5Sclose);
  const std::size_t rank = expected.extents.size();
  std::array<hsize_t, kMaxRank> chunk{};
  const bool conforms = properties.valid() && space.valid() && H5Pget_layout(properties.get()) == H5D_CHUNKED &&
                        H5Pget_nfilters(properties.get()) == 2 && has_filter(properties, 0, H5Z_FILTER_DEFLATE) &&
                        has_filter(properties, 1, H5Z_FILTER_FLETCHER32) &&
                        H5Pget_chunk(properties.get(), kMaxRank, chunk.data()) == static_cast<int>(rank);
  if (!conforms) refuse(label, "wrong storage: expected chunks with deflate and Fletcher-32");
  std::uint64_t chunks = 1;
  std::uint64_t chunk_bytes = expected.element_size;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (chunk[axis] == 0 || chunk[axis] > expected.extents[axis]) refuse(label, "damaged: a chunk exceeds the extents");
    chunks *= (expected.extents[axis] + chunk[axis] - 1) / chunk[axis];
    chunk_bytes *= chunk[axis];
  }
  hsize_t stored = 0;
  if (H5Dget_num_chunks(dataset.get(), space.get(), &stored) < 0 || stored != chunks) {
    refuse(label, fmt::format("damaged: {} chunks are stored, expected {}", stored, chunks));
  }
  for (hsize_t i = 0; i < stored; ++i) {
    unsigned skipped = 0;
    hsize_t bytes = 0;
    const herr_t status = H5Dget_chunk_info(dataset.get(), space.get(), i, nullptr, &skipped, nullptr, &bytes);
    if (status < 0 || skipped != 0 || bytes * kMaxInflation < chunk_bytes)
      refuse(label, "damaged: a chunk is too short");
  }
}

}  // namespace

SilentHdf5::SilentHdf5() {
  H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

SilentHdf5::~SilentHdf5() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

Hdf5File::Hdf5File(const std::string& path) : file_(open_file(path)) {}

Handle Hdf5File::open_attribute(const std::string& name) const {
  const std::string label = attribute_label(name);
  if (H5Aexists(file_.get(), name.c_str()) <= 0) refuse(label, "missing");
  Handle attribute(H5Aopen(file_.get(), name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute.valid()) refuse(label, "cannot be opened: damaged");
  const Handle space(H5Aget_space(attribute.get()), H5Sclose);
  if (!space.valid() || H5Sget_simple_extent_npoints(space.get()) != 1) refuse(label, "expected a single value");
  return attribute;
}

std::int64_t Hdf5File::integer_attribute(const std::string& name) const {
  const Handle attribute = open_attribute(name);
  const Handle type(H5Aget_type(attribute.get()), H5Tclose);
  if (!type.valid() || !matches(type, ElementType::int64)) {
    refuse(attribute_label(name), fmt::format("wrong type: expected {}", type_name(ElementType::int64)));
  }
  std::int64_t value = 0;
  if (H5Aread(attribute.get(), H5T_NATIVE_INT64, &value) < 0) refuse(attribute_label(name), "cannot be read: damaged");
  return value;
}

std::string Hdf5File::text_attribute(const std::string& name) const {
  const std::string label = attribute_label(name);
  const Handle attribute = open_attribute(name);
  const Handle type(H5Aget_type(attribute.get()), H5Tclose);
  if (!type.valid() || H5Tget_class(type.get()) != H5T_STRING) refuse(label, "wrong type: expected a string");
  if (H5Tis_variable_str(type.get()) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute.get(), type.get(), &text) < 0 || text == nullptr) refuse(label, "cannot be read: damaged");
    std::string result(text);
    H5free_memory(text);
    return result;
  }
  std::string result(H5Tget_size(type.get()), '\0');
  if (H5Aread(attribute.get(), type.get(), result.data()) < 0) refuse(label, "cannot be read: damaged");
  result.resize(result.find_last_not_of('\0') + 1);
  return result;
}

Handle Hdf5File::open_dataset(const std::string& name) const {
  if (H5Lexists(file_.get(), name.c_str(), H5P_DEFAULT) <= 0) refuse(dataset_label(name), "missing");
  Handle dataset(H5Dopen2(file_.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) refuse(dataset_label(name), "cannot be opened: damaged or no dataset");
  return dataset;
}

Extents Hdf5File::extents(const std::string& name, std::size_t rank) const {
  const Extents result = extents_of(open_dataset(name), name);
  if (result.size() != rank) {
    refuse(dataset_label(name), fmt::format("has {} dimensions: expected {}", result.size(), rank));
  }
  return result;
}

Dataset Hdf5File::dataset(const std::string& name, ElementType type, const Extents& expected) const {
  const std::string label = dataset_label(name);
  const Handle dataset = open_dataset(name);
  const Handle stored(H5Dget_type(dataset.get()), H5Tclose);
  if (!stored.valid() || !matches(stored, type)) {
    refuse(label, fmt::format("wrong type: expected {}", type_name(type)));
  }
  Dataset result{extents_of(dataset, name), H5Tget_size(stored.get()), {}};
  if (result.extents != expected) {
    refuse(label,
           fmt::format("has extents ({}): expected ({})", fmt::join(result.extents, ", "), fmt::join(expected, ", ")));
  }
  std::uint64_t bytes = result.element_size;
  for (const std::uint64_t extent : expected) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) bytes = kMaxBytes + 1;
  }
  if (bytes > kMaxBytes) refuse(label, fmt::format("too large: expected at most {} bytes", kMaxBytes));
  if (result.element_size > kMaxStringBytes) {
    refuse(label, fmt::format("strings of {} bytes: expected at most {}", result.element_size, kMaxStringBytes));
  }
  if (bytes == 0) return result;
  check_storage(dataset, name, result);
  result.bytes.resize(bytes);
  if (H5Dread(dataset.get(), stored.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, result.bytes.data()) < 0) {
    refuse(label, "cannot be read: damaged (a checksum or filter failed)");
  }
  return result;
}

}  // namespace cyclescope::traces
