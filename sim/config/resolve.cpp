#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/config/ini.h"
#include "sim/config/quantity.h"
#include "sim/config/settings.h"

namespace cyclescope::config {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 5> kConfidences{"datasheet", "published", "derived", "fitted", "assumed"};
constexpr const char* kOverrideSource = "command line";
constexpr const char* kOverride = "--set";

/// The error of one setting. `place` is `file:line: key = value` or `--set key=value`; control characters are masked
/// so that the message stays one line.
InputError fault(const std::string& place, const std::string& problem, const std::string& expectation) {
  std::string message = fmt::format("{}: {}; expected {}", place, problem, expectation);
  std::replace_if(
      message.begin(), message.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, '?');
  return InputError(message);
}

std::string place_of(const IniLine& line) {
  return fmt::format("{}:{}: {} = {}", line.file, line.line, line.key, line.value);
}

using Declarations = std::map<std::string, std::shared_ptr<const Declaration>>;

const std::shared_ptr<const Declaration>& find_declaration(const Declarations& declarations, const std::string& key,
                                                           const std::string& place) {
  const auto found = declarations.find(key);
  if (found != declarations.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, declaration] : declarations) known.push_back(name);
  throw fault(place, "unknown key '" + key + "'" + suggestion(key, known), "a declared key");
}

Setting make_setting(const Declaration& declaration, const std::string& written, bool assume_unit,
                     const std::string& place) {
  try {
    ParsedValue value = parse_value(declaration, written, assume_unit);
    Setting setting;
    setting.declaration = &declaration;
    setting.integer = value.integer;
    setting.text = std::move(value.text);
    return setting;
  } catch (const ValueError& error) {
    throw fault(place, fmt::format("'{}' {}", written, error.what()), expected(declaration));
  }
}

/// `VALUE [UNIT] | CONFIDENCE | SOURCE` of a file line.
Setting parse_line(const Declaration& declaration, const IniLine& line) {
  const std::string place = place_of(line);
  std::vector<std::string> fields;
  std::istringstream stream(line.value + "|");
  for (std::string field; std::getline(stream, field, '|');) fields.push_back(trim(field));
  const std::string form =
      fmt::format("'VALUE [UNIT] | CONFIDENCE | SOURCE' with a value of {}", expected(declaration));
  if (fields[0].empty()) throw fault(place, "empty value", form);
  Setting setting = make_setting(declaration, fields[0], false, place);
  if (fields.size() < 2 || fields[1].empty()) throw fault(place, "no confidence", form);
  if (std::find(kConfidences.begin(), kConfidences.end(), fields[1]) == kConfidences.end()) {
    throw fault(place, "unknown confidence '" + fields[1] + "'",
                fmt::format("one of {}", fmt::join(kConfidences, " ")));
  }
  if (fields.size() < 3 || fields[2].empty()) throw fault(place, "no source", form);
  if (fields.size() > 3) throw fault(place, "'|' in the source", form);
  setting.confidence = fields[1];
  setting.source = fields[2];
  return setting;
}

/// Reads a file after the files it names as base, so that later settings win.
class FileChain {
 public:
  explicit FileChain(const std::string& file) { read(file, file); }
  [[nodiscard]] const std::vector<IniLine>& lines() const { return lines_; }

 private:
  /// `place` says who asked for the file.
  void read(const std::string& file, const std::string& place) {
    std::error_code error;  // of paths that cannot be resolved, which then are no regular files either
    const fs::path canonical = fs::weakly_canonical(file, error);
    if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) {
      throw fault(place, "base files form a cycle", "files that do not name each other");
    }
    if (!fs::is_regular_file(canonical, error)) throw fault(place, "cannot open '" + file + "'", "a readable INI file");
    open_.push_back(canonical);
    std::vector<IniLine> own = read_ini(file);
    const auto base = std::find_if(own.begin(), own.end(), [](const IniLine& line) { return line.key == "base"; });
    if (base != own.end()) {
      if (base->value.empty()) throw fault(place_of(*base), "empty value", "names of INI files");
      std::istringstream names(base->value);
      for (std::string name; names >> name;) {
        read((fs::path(file).parent_path() / name).lexically_normal().string(), place_of(*base));
      }
      own.erase(base);
    }
    lines_.insert(lines_.end(), own.begin(), own.end());
    open_.pop_back();
  }

  std::vector<fs::path> open_;
  std::vector<IniLine> lines_;
};

/// `file:line` with the file relative to the folder of the first file, so that it does not depend on the machine.
std::string where_of(const IniLine& line, const std::string& first_file) {
  const fs::path folder = fs::absolute(first_file).lexically_normal().parent_path();
  return fmt::format("{}:{}", fs::absolute(line.file).lexically_normal().lexically_relative(folder).string(),
                     line.line);
}

/// An override that changes nothing would mislead.
void check_effect(const Settings& settings, const std::string& key, const std::string& place) {
  const auto& needed = settings.at(key).declaration->only_with;
  if (!needed) return;
  const std::string& word = settings.text(needed->key);
  if (word == needed->word) return;
  throw fault(place, fmt::format("no effect while {} is {}", needed->key, word),
              fmt::format("{}={} beside it", needed->key, needed->word));
}

}  // namespace

Settings resolve(const Schema& schema, const std::string& file, const std::vector<std::string>& overrides,
                 const std::vector<Computed>& computed, const std::map<std::string, std::string>& typed) {
  Settings result;
  Declarations declarations;
  for (const auto& [key, declaration] : schema.declarations()) {
    auto copy = std::make_shared<const Declaration>(declaration);
    result.owned_.push_back(copy);
    declarations.emplace(key, copy);
    if (!copy->default_value) continue;
    Setting setting = make_setting(*copy, *copy->default_value, false, "default of " + key);
    setting.confidence = "assumed";
    setting.source = copy->default_source;
    setting.set_where = "default";
    result.settings_[key] = setting;
  }
  const FileChain chain(file);
  for (const IniLine& line : chain.lines()) {
    Setting setting = parse_line(*find_declaration(declarations, line.key, place_of(line)), line);
    setting.set_where = where_of(line, file);
    result.settings_[line.key] = setting;
  }
  for (const Computed& value : computed) {
    const std::string place = fmt::format("{}: {} = {}", value.where, value.key, value.value);
    const Declaration& declaration = *find_declaration(declarations, value.key, place);
    Setting setting = make_setting(declaration, value.value, false, place);
    setting.confidence = "derived";
    setting.source = value.source;
    setting.set_where = value.where;
    result.settings_[value.key] = setting;
  }
  for (const std::string& override_text : overrides) {
    const auto as_typed = typed.find(override_text);
    const std::string place =
        as_typed == typed.end() ? fmt::format("{} {}", kOverride, override_text) : as_typed->second;
    const std::size_t equals = override_text.find('=');
    if (equals == std::string::npos) throw fault(place, "no '='", "key=VALUE [UNIT]");
    const std::string key = trim(override_text.substr(0, equals));
    const Declaration& declaration = *find_declaration(declarations, key, place);
    Setting setting = make_setting(declaration, trim(override_text.substr(equals + 1)), true, place);
    setting.confidence = "assumed";
    setting.source = kOverrideSource;
    setting.set_where = kOverride;
    result.settings_[key] = setting;
  }
  for (const auto& [key, declaration] : declarations) {
    if (result.settings_.count(key) == 0) {
      throw fault(file, "required key '" + key + "' (" + declaration->description + ") is not set",
                  expected(*declaration));
    }
  }
  for (const auto& [key, setting] : result.settings_) {
    if (setting.set_where == kOverride)
      check_effect(result, key, fmt::format("{} {}={}", kOverride, key, setting.text));
  }
  return result;
}

}  // namespace cyclescope::config
