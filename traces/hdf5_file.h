// Reading HDF5: one wrapper per need that checks and throws. Private to traces/.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cyclescope::traces {

/// Owns an HDF5 identifier; closes it with the function it came with.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = H5I_INVALID_HID; }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (valid()) close_(id_);
  }

  [[nodiscard]] bool valid() const { return id_ >= 0; }
  [[nodiscard]] hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// While it lives, HDF5 does not print its own error stack.
class SilentHdf5 {
 public:
  SilentHdf5();
  SilentHdf5(const SilentHdf5&) = delete;
  SilentHdf5& operator=(const SilentHdf5&) = delete;
  ~SilentHdf5();

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

using Extents = std::vector<std::uint64_t>;

/// What the elements of a dataset have to be. Strings are of fixed length, padded with zeros.
enum class ElementType : std::uint8_t { string, uint8, uint32, int64 };

/// A dataset as it stands in the file: little-endian, C-contiguous.
struct Dataset {
  Extents extents;
  std::size_t element_size = 0;  ///< bytes
  std::vector<char> bytes;
};

/// A file open for reading. Everything throws InputError naming the object and what was expected (not the file).
class Hdf5File {
 public:
  explicit Hdf5File(const std::string& path);

  /// Attributes of the root group.
  [[nodiscard]] std::int64_t integer_attribute(const std::string& name) const;
  [[nodiscard]] std::string text_attribute(const std::string& name) const;

  /// Extents of a dataset of `rank` dimensions, without reading it.
  [[nodiscard]] Extents extents(const std::string& name, std::size_t rank) const;

  /// A whole dataset, of exactly this type and these extents.
  [[nodiscard]] Dataset dataset(const std::string& name, ElementType type, const Extents& expected) const;

 private:
  [[nodiscard]] Handle open_attribute(const std::string& name) const;
  [[nodiscard]] Handle open_dataset(const std::string& name) const;

  Handle file_;
};

}  // namespace cyclescope::traces
