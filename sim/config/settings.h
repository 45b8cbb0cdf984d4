// Typed parameters: declared once, read from INI files and --set, resolved into immutable values with provenance.
//
// A line of an INI file is
//     key = VALUE [UNIT] | CONFIDENCE | SOURCE
// e.g. `clock = 475 MHz | published | catalog entry of KPU-T64, 6 W profile`. CONFIDENCE is one of
// datasheet published derived fitted assumed. SOURCE is free text without '|' or '#'. A file may start with
// `base = OTHER.ini [OTHER2.ini ...]` (relative to itself); later files and later lines of --set win.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cyclescope::config {

/// What a parameter measures; decides which units a value may carry and the integer it resolves to.
enum class Quantity {
  count,      ///< plain integer, no unit or a noun declared as unit name (PE, tiles, entries)
  cycles,     ///< integer clock cycles, unit `cycles`
  time,       ///< fs ns us ms s -> femtoseconds
  frequency,  ///< Hz kHz MHz GHz -> hertz
  bytes,      ///< B KiB MiB GiB -> bytes
  energy,     ///< aJ fJ pJ nJ -> attojoules
  bandwidth,  ///< B/s kB/s MB/s GB/s (powers of ten) -> bytes per second
  power,      ///< uW mW W -> microwatts
  ratio,      ///< ppm % -> parts per million
  choice,     ///< one of the listed words
  flag,       ///< on | off
  text,       ///< free text, e.g. a description
};

/// The word that a choice must have for another parameter to have an effect.
struct Requirement {
  std::string key;
  std::string word;
};

/// One declared parameter.
struct Declaration {
  std::string key;  ///< section.name
  Quantity quantity = Quantity::count;
  std::string unit;          ///< canonical unit shown to the user (`PE`, `MHz`, `ns`, `KiB`, `pJ`)
  std::string description;   ///< one line
  std::int64_t minimum = 0;  ///< in the canonical integer (fs, Hz, B, aJ, uW, count)
  std::int64_t maximum = 0;
  std::vector<std::string> choices;          ///< for Quantity::choice
  std::optional<std::string> default_value;  ///< in file syntax without source (`4 cycles`); absent means required
  std::string default_source;                ///< why that default; its confidence is `assumed`
  std::optional<Requirement> only_with{};    ///< else the parameter has no effect, and --set refuses it
};

/// The declarations a machine family (and its parts) understands. Declaring a key twice is an InternalError.
class Schema {
 public:
  Schema& add(Declaration declaration);
  [[nodiscard]] const std::map<std::string, Declaration>& declarations() const { return declarations_; }

 private:
  std::map<std::string, Declaration> declarations_;
};

/// A resolved value and where it came from.
struct Setting {
  const Declaration* declaration = nullptr;
  std::int64_t integer = 0;  ///< canonical integer; for choice the index; for flag 0 or 1
  std::string text;          ///< the value as written, for choice and text the word itself
  std::string confidence;    ///< datasheet published derived fitted assumed
  std::string source;
  std::string set_where;  ///< `file.ini:12`, `--set`, or `default`
};

/// A value that the program works out from others and sets as a file would; its confidence is `derived`.
struct Computed {
  std::string key;
  std::string value;  ///< in file syntax: `52.6 MHz`
  std::string source;
  std::string where;  ///< shown as set_where
};

/// Immutable resolved parameters. Access by key; an undeclared key is an InternalError (a typo in the program).
class Settings {
 public:
  [[nodiscard]] std::int64_t integer(const std::string& key) const;
  [[nodiscard]] bool flag(const std::string& key) const;
  [[nodiscard]] const std::string& text(const std::string& key) const;
  [[nodiscard]] const Setting& at(const std::string& key) const;
  [[nodiscard]] const std::map<std::string, Setting>& all() const { return settings_; }

 private:
  friend Settings resolve(const Schema& schema, const std::string& file, const std::vector<std::string>& overrides,
                          const std::vector<Computed>& computed, const std::map<std::string, std::string>& typed);
  std::map<std::string, Setting> settings_;
  std::vector<std::shared_ptr<const Declaration>> owned_;
};

/// Reads `file` and the files it names as base, applies `computed` and then `overrides` (`key=VALUE UNIT`), fills
/// defaults, checks every value. Throws InputError with file and line (or --set), key, value and what was expected: unknown, repeated or
/// missing key, override without effect, bad number, missing or wrong unit, value out of range, missing confidence or source, base cycle.
/// `typed` names overrides in errors as the user typed them, where that was not `--set OVERRIDE`.
Settings resolve(const Schema& schema, const std::string& file, const std::vector<std::string>& overrides,
                 const std::vector<Computed>& computed = {}, const std::map<std::string, std::string>& typed = {});

}  // namespace cyclescope::config
