#include "sim/run/command_memory_views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/run/format.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;
using ledger::Leaf;

constexpr double kNano = 1e6;  // femtoseconds
constexpr double kGiga = 1e9;
constexpr double kPico = 1e6;  // attojoules
constexpr double kFemtosecondsPerNano = 1e6;

double ratio(std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }
double ns(Femtoseconds time) { return static_cast<double>(time) / kNano; }
double gb_per_s(std::int64_t bytes_per_second) { return static_cast<double>(bytes_per_second) / kGiga; }

std::int64_t total(const std::vector<NamedPart>& parts) {
  std::int64_t sum = 0;
  for (const NamedPart& part : parts) sum += part.value;
  return sum;
}

/// The leaves given by themselves, then the idle ones together if there is a name for them.
std::vector<NamedPart> split(const ledger::LeafSums& sums, const std::vector<Leaf>& leaves, const char* idle) {
  std::vector<NamedPart> parts;
  for (const Leaf leaf : leaves) parts.push_back({ledger::name(leaf), sums[static_cast<std::size_t>(leaf)]});
  std::int64_t all = 0;
  NamedPart idle_part{idle == nullptr ? "" : idle, 0};
  for (std::size_t leaf = 0; leaf < sums.size(); ++leaf) {
    all += sums[leaf];
    if (ledger::group(static_cast<Leaf>(leaf)) == idle_part.name) idle_part.value += sums[leaf];
  }
  if (idle != nullptr) parts.push_back(idle_part);
  if (total(parts) != all) throw InternalError("a memory charged time to a cause that no view has a column for");
  return parts;
}

Json object(const std::vector<NamedPart>& parts) {
  Json json = Json::object();
  for (const NamedPart& part : parts) json[part.name] = part.value;
  return json;
}

Json to_json(const MemoryPoint& point) {
  const memory::Measurement& result = point.result;
  const memory::Workload& workload = result.workload;
  const MemoryFigures derived = figures(result);
  Json json;
  json["memory"] = point.part->name;
  json["technology"] = point.part->settings.text("dram.technology");
  json["channels"] = result.channels;
  json["data_buses"] = result.data_buses;
  json["peak_bytes_per_second"] = result.peak_bytes_per_second;
  json["pattern"] = memory::name(workload.pattern);
  json["request_bytes"] = workload.request_bytes;
  json["stride_bytes"] = workload.stride;
  json["read_percent"] = workload.read_percent;
  json["requests"] = workload.requests;
  json["outstanding"] = workload.outstanding;
  json["seed"] = workload.seed;
  json["load"] = workload.bytes_per_second == 0 ? Json(nullptr) : Json(load_share(result));
  json["offered_bytes_per_second"] = workload.bytes_per_second == 0 ? Json(nullptr) : Json(workload.bytes_per_second);
  json["attained_gb_per_s"] = derived.gb_per_s;
  json["share_of_peak"] = derived.share_of_peak;
  json["latency_mean_ns"] = derived.mean_ns;
  json["latency_p50_ns"] = ns(result.latency_p50);
  json["latency_p99_ns"] = ns(result.latency_p99);
  json["latency_max_ns"] = ns(result.latency_max);
  json["row_hit_rate"] = derived.row_hit_rate;
  json["pj_per_bit"] = derived.pj_per_bit;
  json["time_fs"] = result.time;
  json["bytes_read"] = result.bytes_read;
  json["bytes_written"] = result.bytes_written;
  json["bursts"] = result.bursts;
  json["activates"] = result.activates;
  json["bus_time_fs"] = object(bus_time(result));
  json["latency_fs"] = object(life(result));
  json["energy_aj"] = object(energy(result));
  json["overrides"] = Json::object();
  for (const auto& [key, setting] : point.part->settings.all()) {
    if (setting.set_where == "--set") json["overrides"][key] = setting.text;
  }
  return json;
}

}  // namespace

std::vector<NamedPart> bus_time(const memory::Measurement& result) {
  return split(
      result.bus_time,
      {Leaf::useful_transfer, Leaf::waiting_operand_dram_bandwidth, Leaf::waiting_operand_dram_latency,
       Leaf::waiting_operand_dram_row, Leaf::waiting_operand_dram_refresh, Leaf::waiting_operand_dram_turnaround},
      "idle");
}

std::vector<NamedPart> life(const memory::Measurement& result) {
  return split(result.life,
               {Leaf::waiting_operand_dram_latency, Leaf::waiting_operand_dram_bandwidth,
                Leaf::waiting_operand_dram_row, Leaf::waiting_operand_dram_refresh,
                Leaf::waiting_operand_dram_turnaround, Leaf::waiting_arbitration, Leaf::overhead_clock_crossing},
               nullptr);
}

std::vector<NamedPart> energy(const memory::Measurement& result) {
  std::vector<NamedPart> parts;
  for (std::size_t part = 0; part < memory::kEnergyParts; ++part) {
    parts.push_back({memory::name(static_cast<memory::EnergyPart>(part)), result.energy_aj[part]});
  }
  return parts;
}

MemoryFigures figures(const memory::Measurement& result) {
  constexpr int kBitsPerByte = 8;
  const std::int64_t bytes = result.bytes_read + result.bytes_written;
  MemoryFigures derived;
  derived.gb_per_s = ratio(bytes, result.time) * kFemtosecondsPerNano;
  derived.share_of_peak = derived.gb_per_s / gb_per_s(result.peak_bytes_per_second);
  derived.mean_ns = ratio(result.latency_sum, result.workload.requests) / kNano;
  derived.row_hit_rate = 1 - std::min(ratio(result.activates, result.bursts), 1.0);
  derived.pj_per_bit = ratio(total(energy(result)), bytes * kBitsPerByte) / kPico;
  return derived;
}

double load_share(const memory::Measurement& result) {
  constexpr double kMillion = 1e6;
  return std::round(ratio(result.workload.bytes_per_second, result.peak_bytes_per_second) * kMillion) / kMillion;
}

std::string memory_json(const std::vector<MemoryPoint>& points) {
  Json json;
  json["schema"] = "cyclescope-memory-1";
  json["version"] = kVersion;
  json["points"] = Json::array();
  for (const MemoryPoint& point : points) json["points"].push_back(to_json(point));
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string memory_csv(const std::vector<MemoryPoint>& points) {
  std::string text;
  for (const MemoryPoint& point : points) {
    const memory::Measurement& result = point.result;
    const memory::Workload& workload = result.workload;
    const MemoryFigures derived = figures(result);
    const bool saturated = workload.bytes_per_second == 0;
    std::vector<std::pair<std::string, std::string>> cells{
        {"memory", csv_cell(point.part->name)},
        {"technology", csv_cell(point.part->settings.text("dram.technology"))},
        {"channels", std::to_string(result.channels)},
        {"data_buses", std::to_string(result.data_buses)},
        {"peak_gb_per_s", fmt::format("{}", gb_per_s(result.peak_bytes_per_second))},
        {"pattern", memory::name(workload.pattern)},
        {"request_bytes", std::to_string(workload.request_bytes)},
        {"stride_bytes", std::to_string(workload.stride)},
        {"read_percent", std::to_string(workload.read_percent)},
        {"requests", std::to_string(workload.requests)},
        {"outstanding", std::to_string(workload.outstanding)},
        {"seed", std::to_string(workload.seed)},
        {"load", saturated ? "" : fmt::format("{}", load_share(result))},
        {"offered_gb_per_s", saturated ? "" : fmt::format("{}", gb_per_s(workload.bytes_per_second))},
        {"attained_gb_per_s", fmt::format("{}", derived.gb_per_s)},
        {"share_of_peak", fmt::format("{}", derived.share_of_peak)},
        {"latency_mean_ns", fmt::format("{}", derived.mean_ns)},
        {"latency_p50_ns", fmt::format("{}", ns(result.latency_p50))},
        {"latency_p99_ns", fmt::format("{}", ns(result.latency_p99))},
        {"latency_max_ns", fmt::format("{}", ns(result.latency_max))},
        {"row_hit_rate", fmt::format("{}", derived.row_hit_rate)},
        {"pj_per_bit", fmt::format("{}", derived.pj_per_bit)},
        {"time_fs", std::to_string(result.time)}};
    const auto add = [&](const char* prefix, const std::vector<NamedPart>& parts) {
      for (const NamedPart& part : parts) cells.emplace_back(prefix + part.name, std::to_string(part.value));
    };
    add("bus_time_fs.", bus_time(result));
    add("latency_fs.", life(result));
    add("energy_aj.", energy(result));
    std::vector<std::string> names;
    std::vector<std::string> values;
    for (const auto& [name, value] : cells) {
      names.push_back(name);
      values.push_back(value);
    }
    if (text.empty()) text = fmt::format("{}\n", fmt::join(names, ","));
    text += fmt::format("{}\n", fmt::join(values, ","));
  }
  return text;
}

std::string render(const std::vector<MemoryPoint>& points, Format format) {
  if (format == Format::json) return memory_json(points);
  return format == Format::csv ? memory_csv(points) : memory_table(points);
}

}  // namespace cyclescope::run
