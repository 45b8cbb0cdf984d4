#include <nlohmann/json.hpp>

#include "sim/run/views.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFemto = 1e15;  // divisions by it are exactly rounded, products with 1e-15 are not
constexpr double kMillion = 1e6;

double from_femto(std::int64_t value) { return static_cast<double>(value) / kFemto; }

Json over_latency(double value, const results::RunResult& result) {
  if (result.makespan == 0) return nullptr;
  return value / static_cast<double>(result.makespan);
}

Json operators(const results::RunResult& result) {
  Json rows = Json::array();
  for (const results::OperatorResult& op : result.operators) {
    Json row;
    row["name"] = op.name;
    row["type"] = op.type;
    row["precision_label"] = op.precision_label;
    row["start_cycle"] = op.start_cycle;
    row["end_cycle"] = op.end_cycle;
    row["macs"] = op.macs;
    row["dram_bytes"] = op.dram_bytes;
    row["bound"] = op.bound;
    row["exposed"] = op.exposed;
    rows.push_back(row);
  }
  return rows;
}

/// The keys that scripts rely on, in the order of the design.
Json documented(const results::RunResult& result) {
  Json json;
  json["schema"] = result.schema;
  json["platform"] = result.platform;
  json["model"] = result.model;
  json["precision"] = result.precision;
  json["precision_label"] = result.precision_label;
  json["batch"] = result.batch;
  json["initial_state"] = result.initial_state;
  json["version"] = result.version;
  json["clock_hz"] = result.clock_hz;
  json["cycles"] = result.cycles;
  json["latency_s"] = from_femto(result.makespan);
  json["host_overhead_s"] = from_femto(result.host_overhead);
  json["throughput_fps"] = result.makespan == 0 ? Json(nullptr) : Json(result.frames_per_second());
  if (result.initiation_interval > 0) {
    constexpr double kHundredths = 100;
    json["initiation_interval_s"] = from_femto(result.initiation_interval);
    json["frames_in_flight"] = static_cast<double>(result.frames_in_flight) / kHundredths;
  }
  json["energy_j"] = from_femto(result.total_energy_fj());
  json["host_energy_j"] = from_femto(result.host_energy_fj);
  json["average_power_w"] = over_latency(static_cast<double>(result.total_energy_fj()), result);
  json["macs"] = result.macs;
  json["dram_read_bytes"] = result.dram_read_bytes;
  json["dram_write_bytes"] = result.dram_write_bytes;
  json["host_read_bytes"] = result.host_read_bytes;
  json["host_write_bytes"] = result.host_write_bytes;
  json["peak_memory_bytes"] = result.peak_memory_bytes;
  json["fits"] = result.fits;
  json["utilisation"] = static_cast<double>(result.utilisation_ppm()) / kMillion;
  json["critical_path"] = result.critical_path;
  json["energy"] = Json::object();
  for (const auto& [component, femtojoules] : result.energy_fj) json["energy"][component] = from_femto(femtojoules);
  json["operators"] = operators(result);
  return json;
}

void add_stored(const results::RunResult& result, Json& json) {
  json["roofline_s"] = from_femto(result.roofline);
  json["roofline_bound"] = result.roofline_bound;
  json["macs_executed"] = result.macs_executed;
  json["compulsory_bytes"] = result.compulsory_bytes;
  json["clock_period_fs"] = result.clock_period;
  json["latency_fs"] = result.makespan;
  json["peak_macs_per_second"] = result.peak_macs_per_second;
  json["energy_fj"] = result.energy_fj;
  json["energy_fj_total"] = result.total_energy_fj();
  json["traffic"] = Json::array();
  for (const results::TrafficResult& link : result.traffic) {
    json["traffic"].push_back(
        Json{{"name", link.name}, {"sent", link.sent}, {"expected", link.expected}, {"received", link.received}});
  }
  json["overrides"] = Json::object();
  for (const auto& [key, value] : result.overrides) json["overrides"][key] = value;
  json["laws"] = Json::array();
  for (const results::LawResult& law : result.laws) {
    json["laws"].push_back(Json{{"name", law.name}, {"holds", law.holds}, {"detail", law.detail}});
  }
}

}  // namespace

std::string to_json(const results::RunResult& result) {
  Json json = documented(result);
  add_stored(result, json);
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cyclescope::run
