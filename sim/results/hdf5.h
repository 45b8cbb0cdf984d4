// The HDF5 C API as this folder uses it: a file image in memory with scalar attributes on the root group, tables of
// 64-bit integers and tables of strings. Nothing here touches a disk, so bytes depend on the content alone.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cyclescope::results::hdf5 {

/// What went wrong, at which object, what was expected. The caller adds the file.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Owns one HDF5 identifier.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  /// Throws Fault with `what` when the call that made `id` failed.
  Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw Fault(what);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }

  [[nodiscard]] hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// Bytes in front of the HDF5 data that HDF5 leaves to the program.
constexpr std::size_t kUserBlock = 512;

/// Rows times columns of integers, row by row.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 1;
  std::vector<std::int64_t> values;
};

/// Builds a file image.
class ImageWriter {
 public:
  ImageWriter();

  void attribute(const std::string& name, std::int64_t value);
  void attribute(const std::string& name, const std::string& value);
  /// `path` names the groups on the way, which are created.
  void integers(const std::string& path, const Matrix& matrix);
  void strings(const std::string& path, const std::vector<std::string>& values);

  /// Everything that follows the user block.
  [[nodiscard]] std::string image() const;

 private:
  Handle file_;
};

/// Reads a file image (user block included) whose integrity the caller has checked. Every object is held against the
/// type that ImageWriter gives it.
class ImageReader {
 public:
  explicit ImageReader(std::string image);

  [[nodiscard]] std::int64_t integer_attribute(const std::string& name) const;
  [[nodiscard]] std::string string_attribute(const std::string& name) const;
  [[nodiscard]] Matrix integers(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> strings(const std::string& path) const;

 private:
  [[nodiscard]] Handle open_attribute(const std::string& name) const;
  [[nodiscard]] Handle open_dataset(const std::string& path) const;

  Handle file_;
};

}  // namespace cyclescope::results::hdf5
