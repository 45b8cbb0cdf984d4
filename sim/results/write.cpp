#include <fmt/format.h>

#include <map>
#include <type_traits>

#include "sim/results/atomic_file.h"
#include "sim/results/hdf5.h"
#include "sim/results/layout.h"
#include "sim/results/result.h"

namespace cyclescope::results {
namespace {

/// Writes the fields of each row of one table as columns.
template <class Row>
class TableWriter {
 public:
  TableWriter(hdf5::ImageWriter& image, std::string group, const std::vector<Row>& rows)
      : image_(image), group_(std::move(group)), rows_(rows) {}

  template <class Field>
  void column(const std::string& name, Field Row::*field) {
    if constexpr (std::is_same_v<Field, std::string>) {
      std::vector<std::string> values;
      for (const Row& row : rows_) values.push_back(row.*field);
      image_.strings(group_ + "/" + name, values);
    } else {
      hdf5::Matrix values{rows_.size(), 1, {}};
      for (const Row& row : rows_) values.values.push_back(row.*field);
      image_.integers(group_ + "/" + name, values);
    }
  }

  /// Strings that repeat: an index per row into a table of the distinct ones, sorted.
  void coded(const std::string& name, std::string Row::*field) {
    std::map<std::string, std::int64_t> codes;
    for (const Row& row : rows_) codes[row.*field] = 0;
    write_codes(name, codes);
    hdf5::Matrix values{rows_.size(), 1, {}};
    for (const Row& row : rows_) values.values.push_back(codes.at(row.*field));
    image_.integers(group_ + "/" + name, values);
  }

  /// A map per row: row i owns the entries from begin[i] to begin[i + 1].
  void maps(const std::string& name, const std::string& key, const std::string& value,
            std::map<std::string, std::int64_t> Row::*field) {
    std::map<std::string, std::int64_t> codes;
    for (const Row& row : rows_) {
      for (const auto& entry : row.*field) codes[entry.first] = 0;
    }
    write_codes(name + "_" + key, codes);
    hdf5::Matrix begin{rows_.size() + 1, 1, {0}};
    hdf5::Matrix keys;
    hdf5::Matrix values;
    for (const Row& row : rows_) {
      for (const auto& [one, amount] : row.*field) {
        keys.values.push_back(codes.at(one));
        values.values.push_back(amount);
      }
      begin.values.push_back(static_cast<std::int64_t>(keys.values.size()));
    }
    keys.rows = values.rows = keys.values.size();
    image_.integers(group_ + "/" + name + "_begin", begin);
    image_.integers(group_ + "/" + name + "_" + key, keys);
    image_.integers(group_ + "/" + name + "_" + value, values);
  }

  void leaves(const std::string& name, ledger::LeafSums Row::*field) {
    hdf5::Matrix values{rows_.size(), ledger::kLeafCount, {}};
    for (const Row& row : rows_) values.values.insert(values.values.end(), (row.*field).begin(), (row.*field).end());
    image_.integers(group_ + "/" + name, values);
  }

 private:
  /// Numbers the keys of `codes` in order and writes them.
  void write_codes(const std::string& name, std::map<std::string, std::int64_t>& codes) {
    std::vector<std::string> names;
    for (auto& [text, code] : codes) {
      code = static_cast<std::int64_t>(names.size());
      names.push_back(text);
    }
    image_.strings(group_ + "/" + name + "_names", names);
  }

  hdf5::ImageWriter& image_;
  std::string group_;
  const std::vector<Row>& rows_;
};

class Writer {
 public:
  template <class Value>
  void attribute(const std::string& name, const Value& value) {
    image_.attribute(name, value);
  }

  void map(const std::string& keys_path, const std::string& values_path, const CauseCycles& map) {
    hdf5::Matrix values{map.size(), 1, {}};
    for (const auto& entry : map) values.values.push_back(entry.second);
    image_.strings(keys_path, keys(map));
    image_.integers(values_path, values);
  }

  void map(const std::string& keys_path, const std::string& values_path,
           const std::map<std::string, std::string>& map) {
    std::vector<std::string> values;
    values.reserve(map.size());
    for (const auto& entry : map) values.push_back(entry.second);
    image_.strings(keys_path, keys(map));
    image_.strings(values_path, values);
  }

  void leaf_names(const std::string& path) {
    std::vector<std::string> names;
    for (std::size_t leaf = 0; leaf < ledger::kLeafCount; ++leaf) {
      names.emplace_back(ledger::name(static_cast<ledger::Leaf>(leaf)));
    }
    image_.strings(path, names);
  }

  template <class Row>
  TableWriter<Row> table(const std::string& group, const std::vector<Row>& rows) {
    return TableWriter<Row>(image_, group, rows);
  }

  [[nodiscard]] std::string body() const { return image_.image(); }

 private:
  template <class Value>
  static std::vector<std::string> keys(const std::map<std::string, Value>& map) {
    std::vector<std::string> keys;
    keys.reserve(map.size());
    for (const auto& entry : map) keys.push_back(entry.first);
    return keys;
  }

  hdf5::ImageWriter image_;
};

std::string encode(const RunResult& result) {
  try {
    Writer writer;
    layout(writer, result);
    return writer.body();
  } catch (const hdf5::Fault& fault) {
    throw InternalError(fmt::format("result of {} on {}: {}", result.model, result.platform, fault.what()));
  }
}

}  // namespace

void write(const RunResult& result, const std::string& path) {
  const std::string problem = inconsistency(result);
  if (!problem.empty()) throw InternalError("result to be written: " + problem);
  const std::string body = encode(result);
  AtomicFile file(path);
  file.write(header(result.schema, body));
  file.write(body);
  file.commit();
}

}  // namespace cyclescope::results
