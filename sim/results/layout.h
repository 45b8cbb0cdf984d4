// Where each field of RunResult stands in the file: said once, walked by the writer and by the reader
// (SCHEMA.md is the same list for people).
#pragma once

#include "sim/results/result.h"

namespace cyclescope::results {

template <class Archive, class Result>
void summary_layout(Archive& archive, Result& result) {
  archive.attribute("schema", result.schema);
  archive.attribute("platform", result.platform);
  archive.attribute("model", result.model);
  archive.attribute("precision", result.precision);
  archive.attribute("precision_label", result.precision_label);
  archive.attribute("batch", result.batch);
  archive.attribute("initial_state", result.initial_state);
  archive.attribute("version", result.version);
  archive.attribute("clock_hz", result.clock_hz);
  archive.attribute("clock_period_fs", result.clock_period);
  archive.attribute("makespan_fs", result.makespan);
  archive.attribute("cycles", result.cycles);
  archive.attribute("host_overhead_fs", result.host_overhead);
  archive.attribute("initiation_interval_fs", result.initiation_interval);
  archive.attribute("frames_in_flight_hundredths", result.frames_in_flight);
  archive.attribute("macs", result.macs);
  archive.attribute("macs_executed", result.macs_executed);
  archive.attribute("dram_read_bytes", result.dram_read_bytes);
  archive.attribute("dram_write_bytes", result.dram_write_bytes);
  archive.attribute("host_read_bytes", result.host_read_bytes);
  archive.attribute("host_write_bytes", result.host_write_bytes);
  archive.attribute("compulsory_bytes", result.compulsory_bytes);
  archive.attribute("peak_memory_bytes", result.peak_memory_bytes);
  archive.attribute("fits", result.fits);
  archive.attribute("peak_macs_per_second", result.peak_macs_per_second);
  archive.attribute("peak_bytes_per_second", result.peak_bytes_per_second);
  archive.attribute("roofline_fs", result.roofline);
  archive.attribute("roofline_bound", result.roofline_bound);
  archive.attribute("host_energy_fj", result.host_energy_fj);
}

template <class Archive, class Result>
void layout(Archive& archive, Result& result) {
  summary_layout(archive, result);
  archive.map("/energy/component", "/energy/femtojoules", result.energy_fj);
  archive.map("/critical_path/cause", "/critical_path/cycles", result.critical_path);
  archive.map("/overrides/key", "/overrides/value", result.overrides);
  archive.map("/settings/key", "/settings/value", result.settings);

  auto operators = archive.table("/operators", result.operators);
  operators.column("name", &OperatorResult::name);
  operators.coded("type", &OperatorResult::type);
  operators.coded("precision_label", &OperatorResult::precision_label);
  operators.column("start_cycle", &OperatorResult::start_cycle);
  operators.column("end_cycle", &OperatorResult::end_cycle);
  operators.column("macs", &OperatorResult::macs);
  operators.column("dram_bytes", &OperatorResult::dram_bytes);
  operators.coded("bound", &OperatorResult::bound);
  operators.maps("exposed", "cause", "cycles", &OperatorResult::exposed);
  operators.maps("energy", "component", "femtojoules", &OperatorResult::energy_fj);

  auto lanes = archive.table("/lanes", result.lanes);
  lanes.column("name", &LaneResult::name);
  archive.leaf_names("/lanes/leaf");
  lanes.leaves("time_fs", &LaneResult::time);
  lanes.leaves("slots", &LaneResult::slots);

  auto path = archive.table("/path", result.path);
  path.coded("cause", &PathStep::cause);
  path.column("lane", &PathStep::lane);
  path.column("op", &PathStep::op);
  path.column("from_fs", &PathStep::from);
  path.column("to_fs", &PathStep::to);

  auto traffic = archive.table("/traffic", result.traffic);
  traffic.column("name", &TrafficResult::name);
  traffic.column("sent", &TrafficResult::sent);
  traffic.column("expected", &TrafficResult::expected);
  traffic.column("received", &TrafficResult::received);

  auto laws = archive.table("/laws", result.laws);
  laws.column("name", &LawResult::name);
  laws.column("holds", &LawResult::holds);
  laws.column("detail", &LawResult::detail);
}

/// What is inconsistent in a result (indices out of range, a critical path that does not abut), or nothing.
std::string inconsistency(const RunResult& result);

/// First bytes of the file, of the length of the user block: `schema`, a checksum of the rest, the size of the rest.
std::string header(const std::string& schema, const std::string& body);

}  // namespace cyclescope::results
