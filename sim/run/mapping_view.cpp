#include "sim/run/mapping_view.h"

#include <nlohmann/json.hpp>
#include <variant>

#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using machine::MappingRow;
using Field = MappingRow::Field;

const std::string* text_of(const Field& field) { return std::get_if<std::string>(&field.value); }

std::string table(const std::vector<MappingRow>& rows) {
  if (rows.empty()) return "";
  std::string alignment;
  std::vector<std::string> header;
  for (const Field& field : rows.front().fields) {
    alignment += text_of(field) != nullptr ? '<' : '>';
    header.push_back(field.name);
  }
  TextTable text(alignment);
  text.row(header);
  for (const MappingRow& row : rows) {
    std::vector<std::string> cells;
    cells.reserve(row.fields.size());
    for (const Field& field : row.fields) {
      const std::string* word = text_of(field);
      cells.push_back(word != nullptr ? *word : grouped(std::get<std::int64_t>(field.value)));
    }
    text.row(cells);
  }
  return text.text("");
}

std::string csv(const std::vector<MappingRow>& rows) {
  std::string text;
  if (rows.empty()) return text;
  for (const Field& field : rows.front().fields) text += (text.empty() ? "" : ",") + field.name;
  text += "\n";
  for (const MappingRow& row : rows) {
    std::string line;
    for (const Field& field : row.fields) {
      if (&field != row.fields.data()) line += ",";
      const std::string* word = text_of(field);
      line += word != nullptr ? csv_cell(*word) : std::to_string(std::get<std::int64_t>(field.value));
    }
    text += line + "\n";
  }
  return text;
}

std::string json(const std::vector<MappingRow>& rows) {
  using Json = nlohmann::ordered_json;
  Json array = Json::array();
  for (const MappingRow& row : rows) {
    Json object;
    for (const Field& field : row.fields) {
      std::visit([&](const auto& value) { object[field.name] = value; }, field.value);
    }
    array.push_back(object);
  }
  constexpr int kIndent = 2;
  return array.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string render_mapping(const std::vector<MappingRow>& rows, Format format) {
  if (format == Format::json) return json(rows);
  return format == Format::csv ? csv(rows) : table(rows);
}

}  // namespace cyclescope::run
