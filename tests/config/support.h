// A schema with one parameter of every quantity, and INI files in a directory of the test's own.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/config/settings.h"

namespace cyclescope::config::test {

/// A temporary directory, removed at the end of the test.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "cyclescope_config_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

/// Declares `key` as a required number.
inline Declaration number(const std::string& key, Quantity quantity, const std::string& unit, std::int64_t minimum,
                          std::int64_t maximum) {
  Declaration declaration;
  declaration.key = key;
  declaration.quantity = quantity;
  declaration.unit = unit;
  declaration.description = "a number";
  declaration.minimum = minimum;
  declaration.maximum = maximum;
  return declaration;
}

/// `declaration` with a default.
inline Declaration optional(Declaration declaration, const std::string& value) {
  declaration.default_value = value;
  declaration.default_source = "reason of the default";
  return declaration;
}

/// One parameter of every quantity; all but `clock` have defaults.
inline Schema full_schema() {
  Schema schema;
  schema.add(number("clock", Quantity::frequency, "MHz", 1'000'000, 10'000'000'000));
  schema.add(optional(number("array.rows", Quantity::count, "PE", 1, 1024), "16 PE"));
  schema.add(optional(number("array.copies", Quantity::count, "", 1, 64), "1"));
  schema.add(optional(number("array.pipe", Quantity::cycles, "cycles", 0, 100), "4 cycles"));
  schema.add(optional(number("array.offset", Quantity::count, "PE", -8, 8), "0 PE"));
  schema.add(optional(number("memory.latency", Quantity::time, "ns", 0, 1'000'000'000), "100 ns"));
  schema.add(optional(number("memory.size", Quantity::bytes, "KiB", 1024, std::int64_t{1} << 40), "64 KiB"));
  schema.add(optional(number("energy.mac", Quantity::energy, "pJ", 0, 1'000'000'000), "0.10 pJ"));
  schema.add(optional(number("energy.leakage", Quantity::power, "mW", 0, 1'000'000'000), "5 mW"));
  Declaration refresh;
  refresh.key = "memory.refresh";
  refresh.quantity = Quantity::choice;
  refresh.choices = {"off", "per_bank", "all_bank"};
  schema.add(optional(refresh, "per_bank"));
  Declaration ideal;
  ideal.key = "memory.ideal";
  ideal.quantity = Quantity::flag;
  schema.add(optional(ideal, "off"));
  Declaration name;
  name.key = "description";
  name.quantity = Quantity::text;
  schema.add(optional(name, "a test machine"));
  return schema;
}

/// The message of the InputError that resolving gives; the test fails when there is none.
inline std::string input_error(const Schema& schema, const std::string& file,
                               const std::vector<std::string>& overrides = {}) {
  try {
    resolve(schema, file, overrides);
  } catch (const InputError& error) {
    const std::string message = error.what();
    CHECK(message.find('\n') == std::string::npos);
    return message;
  }
  FAIL("no InputError");
  return {};
}

}  // namespace cyclescope::config::test
