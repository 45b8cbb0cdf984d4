#include "sim/run/mapping_view.h"

#include <array>
#include <nlohmann/json.hpp>

#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using machine::MappingRow;

/// A column: its name, and the field it shows, which is one of the two.
struct Column {
  const char* name;
  std::string MappingRow::*text;
  std::int64_t MappingRow::*integer;
};

constexpr std::array<Column, 14> kColumns{{{"name", &MappingRow::name, nullptr},
                                           {"type", &MappingRow::type, nullptr},
                                           {"members", &MappingRow::members, nullptr},
                                           {"m", nullptr, &MappingRow::m},
                                           {"n", nullptr, &MappingRow::n},
                                           {"k", nullptr, &MappingRow::k},
                                           {"tiles", nullptr, &MappingRow::tiles},
                                           {"blocks", nullptr, &MappingRow::blocks},
                                           {"rounds", nullptr, &MappingRow::rounds},
                                           {"macs", nullptr, &MappingRow::macs},
                                           {"weight_bytes", nullptr, &MappingRow::weight_bytes},
                                           {"input_bytes", nullptr, &MappingRow::input_bytes},
                                           {"l3_bytes_per_tile", nullptr, &MappingRow::l3_bytes_per_tile},
                                           {"buffers", &MappingRow::buffers, nullptr}}};

std::string table(const std::vector<MappingRow>& rows) {
  std::string alignment;
  std::vector<std::string> header;
  for (const Column& column : kColumns) {
    alignment += column.integer == nullptr ? '<' : '>';
    header.emplace_back(column.name);
  }
  TextTable text(alignment);
  text.row(header);
  for (const MappingRow& row : rows) {
    std::vector<std::string> cells;
    cells.reserve(kColumns.size());
    for (const Column& column : kColumns) {
      cells.push_back(column.integer == nullptr ? row.*column.text : grouped(row.*column.integer));
    }
    text.row(cells);
  }
  return text.text("");
}

std::string csv(const std::vector<MappingRow>& rows) {
  std::string text;
  for (const Column& column : kColumns) text += (text.empty() ? "" : ",") + std::string(column.name);
  text += "\n";
  for (const MappingRow& row : rows) {
    std::string line;
    for (const Column& column : kColumns) {
      if (&column != kColumns.data()) line += ",";
      line += column.integer == nullptr ? csv_cell(row.*column.text) : std::to_string(row.*column.integer);
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
    for (const Column& column : kColumns) {
      if (column.integer == nullptr) {
        object[column.name] = row.*column.text;
      } else {
        object[column.name] = row.*column.integer;
      }
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
