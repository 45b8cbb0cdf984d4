#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "sim/run/command_memory_views.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

constexpr const char* kIndent = "  ";
constexpr double kNano = 1e6;  // femtoseconds

using Points = std::vector<const MemoryPoint*>;

std::string load_of(const memory::Measurement& result) {
  return result.workload.bytes_per_second == 0 ? "saturated" : fmt::format("load {}", load_share(result));
}

bool one_load(const Points& points) {
  const auto load = [](const MemoryPoint* point) { return point->result.workload.bytes_per_second; };
  return std::all_of(points.begin(), points.end(), [&](const auto* point) { return load(point) == load(points[0]); });
}

/// What a row begins with: the pattern and, unless all have the same, the load.
std::vector<std::string> label(const Points& points, const MemoryPoint& point) {
  std::vector<std::string> cells{memory::name(point.result.workload.pattern)};
  if (!one_load(points)) cells.push_back(load_of(point.result));
  return cells;
}

std::vector<std::string> label_header(const Points& points) {
  return one_load(points) ? std::vector<std::string>{"pattern"} : std::vector<std::string>{"pattern", "load"};
}

std::string headline(const Points& points) {
  const MemoryPoint& point = *points.front();
  const memory::Measurement& result = point.result;
  return fmt::format("{}: {}, {}, {}, peak {}{}\n", point.part->name, point.part->settings.text("dram.technology"),
                     plural(result.channels, "channel"),
                     result.data_buses == 1 ? "1 data bus" : grouped(result.data_buses) + " data buses",
                     engineering(static_cast<double>(result.peak_bytes_per_second), "B/s"),
                     one_load(points) ? ", " + load_of(result) : "");
}

std::string figures_table(const Points& points) {
  constexpr double kTenths = 1000;
  const auto ns = [](Femtoseconds time) { return fmt::format("{:.1f}", static_cast<double>(time) / kNano); };
  const auto share = [](double value) { return percent(static_cast<std::int64_t>(value * kTenths + 0.5)); };
  std::vector<std::string> header = label_header(points);
  const std::string alignment(header.size(), '<');
  for (const char* column :
       {"requests", "bytes", "outstanding", "GB/s", "of peak", "mean ns", "P50", "P99", "max", "row hits", "pJ/bit"}) {
    header.emplace_back(column);
  }
  TextTable table(alignment + std::string(header.size() - alignment.size(), '>'));
  table.row(header);
  for (const MemoryPoint* point : points) {
    const memory::Measurement& result = point->result;
    const MemoryFigures derived = figures(result);
    std::vector<std::string> cells = label(points, *point);
    for (const std::string& cell :
         {grouped(result.workload.requests), grouped(result.workload.request_bytes),
          grouped(result.workload.outstanding), fmt::format("{:.3f}", derived.gb_per_s), share(derived.share_of_peak),
          fmt::format("{:.1f}", derived.mean_ns), ns(result.latency_p50), ns(result.latency_p99),
          ns(result.latency_max), share(derived.row_hit_rate), fmt::format("{:.3f}", derived.pj_per_bit)}) {
      cells.push_back(cell);
    }
    table.row(cells);
  }
  return table.text(kIndent);
}

/// `dram_row` of `waiting.operand.dram_row`.
std::string last_word(const std::string& name) { return name.substr(name.rfind('.') + 1); }

/// Shares of the parts per point, which add up to 100 %; parts that are nowhere more than 0 are left out.
std::string shares_table(const Points& points,
                         const std::function<std::vector<NamedPart>(const memory::Measurement&)>& parts_of) {
  std::vector<std::vector<NamedPart>> rows;
  for (const MemoryPoint* point : points) rows.push_back(parts_of(point->result));
  std::vector<std::size_t> columns;
  std::vector<std::string> header = label_header(points);
  const std::string alignment(header.size(), '<');
  for (std::size_t column = 0; column < rows.front().size(); ++column) {
    bool used = false;
    for (const std::vector<NamedPart>& parts : rows) used = used || parts[column].value != 0;
    if (!used) continue;
    columns.push_back(column);
    header.push_back(last_word(rows.front()[column].name));
  }
  TextTable table(alignment + std::string(columns.size(), '>'));
  table.row(header);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::vector<std::int64_t> values;
    std::int64_t total = 0;
    for (const std::size_t column : columns) {
      values.push_back(rows[row][column].value);
      total += values.back();
    }
    std::vector<std::string> cells = label(points, *points[row]);
    for (const std::int64_t tenths : permille(values, total)) cells.push_back(percent(tenths));
    table.row(cells);
  }
  return table.text(kIndent);
}

}  // namespace

std::string memory_table(const std::vector<MemoryPoint>& points) {
  std::string text;
  for (std::size_t first = 0; first < points.size();) {
    Points same;
    for (; first < points.size() && (same.empty() || points[first].part == same.front()->part); ++first) {
      same.push_back(&points[first]);
    }
    text += (text.empty() ? "" : "\n") + headline(same) + figures_table(same) +
            "Where the time of the data buses went\n" + shares_table(same, bus_time) +
            "Where the latency of the mean request went\n" + shares_table(same, life) + "Where the energy went\n" +
            shares_table(same, energy);
  }
  return text;
}

}  // namespace cyclescope::run
