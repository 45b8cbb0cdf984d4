#include "sim/results/hdf5.h"

namespace cyclescope::results::hdf5 {
namespace {

Handle open_image(std::string& image) {
  constexpr std::size_t kGrowth = 1U << 16U;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are reported by Fault, not on stderr
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot create a property list");
  if (H5Pset_fapl_core(access.get(), kGrowth, false) < 0 ||
      H5Pset_file_image(access.get(), image.data(), image.size()) < 0) {
    throw Fault("cannot select the memory driver");
  }
  return {H5Fopen("result", H5F_ACC_RDONLY, access.get()), H5Fclose, "cannot open; expected an HDF5 file"};
}

/// Length of a fixed-length string type.
std::size_t string_length(const Handle& type, const std::string& object) {
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0) {
    throw Fault(object + ": wrong type; expected fixed-length strings");
  }
  return H5Tget_size(type.get());
}

void expect_int64(const Handle& type, const std::string& object) {
  if (H5Tequal(type.get(), H5T_STD_I64LE) <= 0) throw Fault(object + ": wrong type; expected 64-bit integers");
}

std::vector<hsize_t> extent_of(hid_t space, const std::string& object, int max_rank) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > max_rank || (max_rank > 0 && rank == 0)) {
    throw Fault(object + ": wrong number of dimensions; expected at most " + std::to_string(max_rank));
  }
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  if (H5Sget_simple_extent_dims(space, extent.data(), nullptr) < 0) throw Fault(object + ": cannot read the extent");
  return extent;
}

void expect_scalar(const Handle& attribute, const std::string& object) {
  const Handle space(H5Aget_space(attribute.get()), H5Sclose, object + ": no extent");
  extent_of(space.get(), object, 0);
}

/// The text before the padding.
std::string unpad(const char* text, std::size_t length) {
  const std::string padded(text, length);
  return padded.substr(0, padded.find('\0'));
}

}  // namespace

ImageReader::ImageReader(std::string image) : file_(open_image(image)) {}

Handle ImageReader::open_attribute(const std::string& name) const {
  return {H5Aopen(file_.get(), name.c_str(), H5P_DEFAULT), H5Aclose,
          "attribute " + name + ": missing; expected it on the root group"};
}

Handle ImageReader::open_dataset(const std::string& path) const {
  return {H5Dopen2(file_.get(), path.c_str(), H5P_DEFAULT), H5Dclose, path + ": missing; expected a dataset"};
}

std::int64_t ImageReader::integer_attribute(const std::string& name) const {
  const std::string object = "attribute " + name;
  const Handle attribute = open_attribute(name);
  expect_int64(Handle(H5Aget_type(attribute.get()), H5Tclose, object + ": no type"), object);
  expect_scalar(attribute, object);
  std::int64_t value = 0;
  if (H5Aread(attribute.get(), H5T_NATIVE_INT64, &value) < 0) throw Fault(object + ": cannot read");
  return value;
}

std::string ImageReader::string_attribute(const std::string& name) const {
  const std::string object = "attribute " + name;
  const Handle attribute = open_attribute(name);
  const Handle type(H5Aget_type(attribute.get()), H5Tclose, object + ": no type");
  std::string buffer(string_length(type, object), '\0');
  expect_scalar(attribute, object);
  if (H5Aread(attribute.get(), type.get(), buffer.data()) < 0) throw Fault(object + ": cannot read");
  return unpad(buffer.data(), buffer.size());
}

Matrix ImageReader::integers(const std::string& path) const {
  const Handle dataset = open_dataset(path);
  expect_int64(Handle(H5Dget_type(dataset.get()), H5Tclose, path + ": no type"), path);
  const Handle space(H5Dget_space(dataset.get()), H5Sclose, path + ": no extent");
  const std::vector<hsize_t> extent = extent_of(space.get(), path, 2);
  Matrix matrix;
  matrix.rows = extent[0];
  matrix.columns = extent.size() == 2 ? extent[1] : 1;
  matrix.values.resize(matrix.rows * matrix.columns);
  if (!matrix.values.empty() &&
      H5Dread(dataset.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, matrix.values.data()) < 0) {
    throw Fault(path + ": cannot read");
  }
  return matrix;
}

std::vector<std::string> ImageReader::strings(const std::string& path) const {
  const Handle dataset = open_dataset(path);
  const Handle type(H5Dget_type(dataset.get()), H5Tclose, path + ": no type");
  const std::size_t length = string_length(type, path);
  const Handle space(H5Dget_space(dataset.get()), H5Sclose, path + ": no extent");
  const std::size_t rows = extent_of(space.get(), path, 1)[0];
  std::string buffer(rows * length, '\0');
  if (rows != 0 && H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer.data()) < 0) {
    throw Fault(path + ": cannot read");
  }
  std::vector<std::string> values;
  values.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) values.push_back(unpad(buffer.data() + row * length, length));
  return values;
}

}  // namespace cyclescope::results::hdf5
