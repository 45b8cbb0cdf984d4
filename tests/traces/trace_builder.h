// Writes small trace files, right or wrong in any detail, with the HDF5 C API.
#pragma once

#include <hdf5.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cyclescope::traces {

/// A row of /tensors.
struct TensorRow {
  std::string name;
  std::uint8_t dtype = 0;
  std::uint8_t role = 0;
  std::uint8_t rank = 0;
  std::array<std::int64_t, 8> dims{};
};

/// A row of /operators.
struct OperatorRow {
  std::string name;
  std::string type;
  std::string attributes = "{}";
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> outputs;
};

/// What a trace file holds. Default: `image` [1,3,4,4] -> conv2d 2x2 with bias -> [1,2,3,3] -> relu -> `result`.
struct TraceContent {
  std::string format = "cyclescope-trace";
  std::int64_t schema_version = 1;
  std::string model = "small";
  std::string source = "a test";
  std::string tool_versions = R"({"builder":"1"})";
  std::int64_t total_macs = 216;       // 2 * 3 * 3 outputs of 3 * 2 * 2 MACs
  std::int64_t total_parameters = 26;  // 2 * 3 * 2 * 2 weights, 2 biases
  std::vector<TensorRow> tensors{{"image", 0, 0, 4, {1, 3, 4, 4}},
                                 {"weight", 0, 1, 4, {2, 3, 2, 2}},
                                 {"bias", 0, 1, 1, {2}},
                                 {"hidden", 0, 0, 4, {1, 2, 3, 3}},
                                 {"result", 0, 0, 4, {1, 2, 3, 3}}};
  std::vector<OperatorRow> operators{
      {"conv",
       "conv2d",
       R"({"dilation":[1,1],"groups":1,"kernel":[2,2],"padding":[0,0,0,0],"stride":[1,1]})",
       {0, 1, 2},
       {3}},
      {"activation", "relu", "{}", {3}, {4}}};
  std::vector<std::uint32_t> inputs{0};
  std::vector<std::uint32_t> outputs{4};
  std::optional<std::int64_t> content_crc32;  ///< absent: the right one
};

/// A file that is removed when the object goes.
class TemporaryFile {
 public:
  TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void write(const TraceContent& content, const std::string& path);

/// Opens the file for writing and passes it to `change`.
void edit(const std::string& path, const std::function<void(hid_t)>& change);

/// Removes a dataset and writes another of that name; `data` may be null (nothing is then stored).
void replace_dataset(hid_t file, const std::string& name, hid_t type, const std::vector<hsize_t>& extents,
                     const void* data);

/// Removes an attribute of the root group and writes another of that name.
void replace_attribute(hid_t file, const std::string& name, hid_t type, const void* data);

/// Where the first chunk of a dataset begins in the file, and its length.
std::pair<std::uint64_t, std::uint64_t> first_chunk(const std::string& path, const std::string& dataset);

}  // namespace cyclescope::traces
