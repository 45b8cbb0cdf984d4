#include <algorithm>

#include "sim/base/error.h"
#include "sim/results/hdf5.h"

namespace cyclescope::results::hdf5 {
namespace {

void check(herr_t status, const std::string& what) {
  if (status < 0) throw Fault(what);
}

Handle property_list(hid_t kind) { return {H5Pcreate(kind), H5Pclose, "cannot create a property list"}; }

Handle create_file() {
  constexpr std::size_t kGrowth = 1U << 20U;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are reported by Fault, not on stderr
  const Handle access = property_list(H5P_FILE_ACCESS);
  check(H5Pset_fapl_core(access.get(), kGrowth, false), "cannot select the memory driver");
  check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V110), "cannot fix the format version");
  const Handle creation = property_list(H5P_FILE_CREATE);
  check(H5Pset_userblock(creation.get(), kUserBlock), "cannot reserve the user block");
  return {H5Fcreate("result", H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose, "cannot create a file image"};
}

Handle string_type(std::size_t length) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "cannot create a string type");
  check(H5Tset_size(type.get(), std::max<std::size_t>(length, 1)), "cannot set a string length");
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "cannot set string padding");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "cannot set a character set");
  return type;
}

void check_text(const std::string& object, const std::string& text) {
  if (text.find('\0') != std::string::npos) throw Fault(object + ": a zero byte in a string; expected text");
}

void write_attribute(hid_t file, const std::string& name, hid_t stored, hid_t given, const void* data) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "cannot create a scalar");
  const Handle attribute(H5Acreate2(file, name.c_str(), stored, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "attribute " + name + ": cannot create");
  check(H5Awrite(attribute.get(), given, data), "attribute " + name + ": cannot write");
}

/// Tables are chunked, shuffled and deflated; a small one is contiguous, because a chunk index would outweigh it.
void write_dataset(hid_t file, const std::string& path, hid_t stored, hid_t given, const std::vector<hsize_t>& extent,
                   const void* data) {
  constexpr hsize_t kChunkRows = 16384;
  constexpr unsigned kDeflateLevel = 6;
  constexpr hsize_t kSmallBytes = 4096;
  const int rank = static_cast<int>(extent.size());
  hsize_t bytes = H5Tget_size(stored);
  for (const hsize_t dimension : extent) bytes *= dimension;
  const Handle creation = property_list(H5P_DATASET_CREATE);
  check(H5Pset_obj_track_times(creation.get(), false), path + ": cannot switch object times off");
  if (bytes > kSmallBytes) {
    std::vector<hsize_t> chunk = extent;
    chunk[0] = std::min(chunk[0], kChunkRows);
    check(H5Pset_chunk(creation.get(), rank, chunk.data()), path + ": cannot set the chunk");
    check(H5Pset_shuffle(creation.get()), path + ": cannot set the shuffle filter");
    check(H5Pset_deflate(creation.get(), kDeflateLevel), path + ": cannot set the deflate filter");
  }
  const Handle links = property_list(H5P_LINK_CREATE);
  check(H5Pset_create_intermediate_group(links.get(), 1), path + ": cannot create groups");
  const Handle space(H5Screate_simple(rank, extent.data(), nullptr), H5Sclose, path + ": cannot create the extent");
  const Handle dataset(H5Dcreate2(file, path.c_str(), stored, space.get(), links.get(), creation.get(), H5P_DEFAULT),
                       H5Dclose, path + ": cannot create");
  if (bytes > 0) check(H5Dwrite(dataset.get(), given, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path + ": cannot write");
}

}  // namespace

ImageWriter::ImageWriter() : file_(create_file()) {}

void ImageWriter::attribute(const std::string& name, std::int64_t value) {
  write_attribute(file_.get(), name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void ImageWriter::attribute(const std::string& name, const std::string& value) {
  check_text("attribute " + name, value);
  const Handle type = string_type(value.size());
  write_attribute(file_.get(), name, type.get(), type.get(), value.c_str());
}

void ImageWriter::integers(const std::string& path, const Matrix& matrix) {
  std::vector<hsize_t> extent{matrix.rows};
  if (matrix.columns != 1) extent.push_back(matrix.columns);
  if (matrix.values.size() != matrix.rows * matrix.columns) throw InternalError(path + ": extent and values differ");
  write_dataset(file_.get(), path, H5T_STD_I64LE, H5T_NATIVE_INT64, extent, matrix.values.data());
}

void ImageWriter::strings(const std::string& path, const std::vector<std::string>& values) {
  std::size_t length = 1;
  for (const std::string& value : values) {
    check_text(path, value);
    length = std::max(length, value.size());
  }
  std::string padded;
  padded.reserve(length * values.size());
  for (const std::string& value : values) {
    padded += value;
    padded.append(length - value.size(), '\0');
  }
  const Handle type = string_type(length);
  write_dataset(file_.get(), path, type.get(), type.get(), {values.size()}, padded.data());
}

std::string ImageWriter::image() const {
  check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "cannot flush the file image");
  const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
  if (size < 0) throw Fault("cannot measure the file image");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file_.get(), bytes.data(), bytes.size()) != size) throw Fault("cannot copy the file image");
  return bytes;
}

}  // namespace cyclescope::results::hdf5
