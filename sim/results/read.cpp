#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string_view>
#include <type_traits>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/results/hdf5.h"
#include "sim/results/layout.h"
#include "sim/results/result.h"

namespace cyclescope::results {
namespace {

using hdf5::Fault;

template <class Integer>
void assign(Integer& field, std::int64_t value, const std::string& object) {
  const bool in_range = value >= static_cast<std::int64_t>(std::numeric_limits<Integer>::min()) &&
                        value <= static_cast<std::int64_t>(std::numeric_limits<Integer>::max());
  if (!in_range) throw Fault(fmt::format("{}: {} is out of range", object, value));
  field = static_cast<Integer>(value);
}

hdf5::Matrix read_column(const hdf5::ImageReader& image, const std::string& path) {
  hdf5::Matrix values = image.integers(path);
  if (values.columns != 1) throw Fault(path + ": two dimensions; expected one");
  return values;
}

const std::string& decode(const std::vector<std::string>& names, std::int64_t code, const std::string& path) {
  if (code < 0 || static_cast<std::size_t>(code) >= names.size()) {
    throw Fault(fmt::format("{}: {}; expected an index below {}", path, code, names.size()));
  }
  return names[static_cast<std::size_t>(code)];
}

/// Fills the fields of each row of one table from its columns; the first column says how many rows there are.
template <class Row>
class TableReader {
 public:
  TableReader(const hdf5::ImageReader& image, std::string group, std::vector<Row>& rows)
      : image_(image), group_(std::move(group)), rows_(rows) {}

  template <class Field>
  void column(const std::string& name, Field Row::*field) {
    const std::string path = group_ + "/" + name;
    if constexpr (std::is_same_v<Field, std::string>) {
      std::vector<std::string> values = image_.strings(path);
      expect_rows(values.size(), path);
      for (std::size_t i = 0; i < values.size(); ++i) rows_[i].*field = std::move(values[i]);
    } else {
      const hdf5::Matrix values = read_column(image_, path);
      expect_rows(values.rows, path);
      for (std::size_t i = 0; i < values.rows; ++i) assign(rows_[i].*field, values.values[i], path);
    }
  }

  void coded(const std::string& name, std::string Row::*field) {
    const std::string path = group_ + "/" + name;
    const std::vector<std::string> names = image_.strings(path + "_names");
    const hdf5::Matrix codes = read_column(image_, path);
    expect_rows(codes.rows, path);
    for (std::size_t i = 0; i < codes.rows; ++i) rows_[i].*field = decode(names, codes.values[i], path);
  }

  void maps(const std::string& name, const std::string& key, const std::string& value,
            std::map<std::string, std::int64_t> Row::*field) {
    const std::string path = group_ + "/" + name;
    const std::vector<std::string> names = image_.strings(path + "_" + key + "_names");
    const hdf5::Matrix begin = read_column(image_, path + "_begin");
    const hdf5::Matrix keys = read_column(image_, path + "_" + key);
    const hdf5::Matrix values = read_column(image_, path + "_" + value);
    expect_rows(begin.rows - 1, path + "_begin");
    const bool ordered = std::is_sorted(begin.values.begin(), begin.values.end()) && begin.values.front() == 0 &&
                         begin.values.back() == static_cast<std::int64_t>(keys.rows);
    if (!ordered || values.rows != keys.rows) {
      throw Fault(path + "_begin: offsets do not match; expected them rising from 0 to the number of entries");
    }
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      for (std::int64_t i = begin.values[row]; i < begin.values[row + 1]; ++i) {
        const auto entry = static_cast<std::size_t>(i);
        (rows_[row].*field)[decode(names, keys.values[entry], path + "_" + key)] = values.values[entry];
      }
    }
  }

  void leaves(const std::string& name, ledger::LeafSums Row::*field) {
    const std::string path = group_ + "/" + name;
    const hdf5::Matrix values = image_.integers(path);
    expect_rows(values.rows, path);
    if (values.columns != ledger::kLeafCount) {
      throw Fault(fmt::format("{}: {} columns; expected {}", path, values.columns, ledger::kLeafCount));
    }
    for (std::size_t row = 0; row < values.rows; ++row) {
      for (std::size_t leaf = 0; leaf < values.columns; ++leaf) {
        (rows_[row].*field)[leaf] = values.values[row * values.columns + leaf];
      }
    }
  }

 private:
  void expect_rows(std::size_t count, const std::string& path) {
    if (!sized_) rows_.resize(count);
    sized_ = true;
    if (count != rows_.size()) throw Fault(fmt::format("{}: {} rows; expected {}", path, count, rows_.size()));
  }

  const hdf5::ImageReader& image_;
  std::string group_;
  std::vector<Row>& rows_;
  bool sized_ = false;
};

class Reader {
 public:
  explicit Reader(std::string image) : image_(std::move(image)) {}

  template <class Value>
  void attribute(const std::string& name, Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
      value = image_.string_attribute(name);
    } else {
      assign(value, image_.integer_attribute(name), "attribute " + name);
    }
  }

  void map(const std::string& keys_path, const std::string& values_path, CauseCycles& map) {
    fill(keys_path, values_path, read_column(image_, values_path).values, map);
  }
  void map(const std::string& keys_path, const std::string& values_path, std::map<std::string, std::string>& map) {
    fill(keys_path, values_path, image_.strings(values_path), map);
  }

  void leaf_names(const std::string& path) {
    const std::vector<std::string> names = image_.strings(path);
    for (std::size_t leaf = 0; leaf < std::max(names.size(), ledger::kLeafCount); ++leaf) {
      if (names.size() != ledger::kLeafCount || names[leaf] != ledger::name(static_cast<ledger::Leaf>(leaf))) {
        throw Fault(path + ": other leaves than this version of the program has");
      }
    }
  }

  template <class Row>
  TableReader<Row> table(const std::string& group, std::vector<Row>& rows) {
    return TableReader<Row>(image_, group, rows);
  }

 private:
  template <class Value>
  void fill(const std::string& keys_path, const std::string& values_path, const std::vector<Value>& values,
            std::map<std::string, Value>& map) {
    const std::vector<std::string> keys = image_.strings(keys_path);
    if (keys.size() != values.size()) {
      throw Fault(fmt::format("{}: {} rows; expected {}", values_path, values.size(), keys.size()));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) map[keys[i]] = values[i];
    if (map.size() != keys.size()) throw Fault(keys_path + ": repeated key; expected each once");
  }

  hdf5::ImageReader image_;
};

/// Holds the header against the bytes that follow, before HDF5 sees them.
void check_file(const std::string& bytes, const std::string& schema) {
  if (bytes.compare(0, schema.size() + 1, schema + " ") != 0) {
    throw Fault("not a result of this version; expected a file that begins with '" + schema + "'");
  }
  const bool complete = bytes.size() >= hdf5::kUserBlock;
  const std::string body = complete ? bytes.substr(hdf5::kUserBlock) : std::string();
  if (!complete || bytes.compare(0, hdf5::kUserBlock, header(schema, body)) != 0) {
    throw Fault("truncated or damaged; expected the size and checksum that its header states");
  }
}

}  // namespace

bool begins_as_result(const std::string& path) {
  constexpr std::string_view kStart = "cyclescope-run-";  // of every version
  std::ifstream file(path, std::ios::binary);
  std::string head(kStart.size(), '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head == kStart;
}

RunResult read(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    RunResult result;
    check_file(bytes, result.schema);
    Reader reader(bytes);
    layout(reader, result);
    const std::string problem = inconsistency(result);
    if (!problem.empty()) throw Fault(problem);
    return result;
  } catch (const Fault& fault) {
    throw InputError(fmt::format("{}: {}", path, fault.what()));
  }
}

}  // namespace cyclescope::results
