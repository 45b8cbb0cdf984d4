#include "arch/hailo/simulate.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/hailo/machine.h"
#include "sim/base/error.h"
#include "sim/estimate/roofline.h"
#include "sim/machine/report.h"
#include "workloads/cost.h"

namespace cyclescope::hailo {
namespace {

using machine::RunOptions;
using results::RunResult;

/// The frame that is booked. `resident`: it finds its configuration on chip, as an inference before it does, whose
/// loading is not simulated. Of several contexts the next inference begins as the first: what the last one left is
/// overwritten.
void execute(Chip& chip, ledger::Ledger& ledger, RunOptions options, bool resident) {
  if (resident) {
    ledger.enable(false);
    chip.run_frame(true);
    ledger.enable(options.ledgers);
    chip.run_frame(true);
    return;
  }
  if (options.initial_state == "steady") options.initial_state = "cold";
  machine::execute(chip, ledger, options);
}

/// Bytes that must cross to and from each place, whatever the order of things.
struct Compulsory {
  std::int64_t home_read = 0, home_write = 0, local_read = 0;
};

Compulsory compulsory_bytes(const Network& network, bool load, const HailoConfig& config, std::int64_t batch) {
  Compulsory bytes;
  for (const Boundary& input : network.inputs) bytes.home_read += batch * input.rows * input.row_bytes;
  for (const Boundary& output : network.outputs) bytes.home_write += batch * output.rows * output.row_bytes;
  if (!load) return bytes;
  for (const Layer& layer : network.layers) {
    (config.local_dram ? bytes.local_read : bytes.home_read) += layer.weight_bytes;
  }
  return bytes;
}

/// Layers on the longest chain of rows.
std::int64_t depth_of(const Network& network) {
  std::vector<std::int64_t> depth(network.layers.size(), 1);
  for (std::size_t i = 0; i < depth.size(); ++i) {
    for (const LayerInput& input : network.layers[i].inputs) {
      if (input.producer >= 0) depth[i] = std::max(depth[i], depth[static_cast<std::size_t>(input.producer)] + 1);
    }
  }
  return depth.empty() ? 0 : *std::max_element(depth.begin(), depth.end());
}

/// The narrowest of the bounds: compute, chain of layers, and each place's bytes over what it delivers or takes.
void report_roofline(const Network& network, const Compulsory& bytes, const Chip& chip, RunResult& result) {
  const auto bound = [&](std::int64_t moved, Place place) {
    return estimate::roofline({result.macs, result.peak_macs_per_second, moved,
                               moved == 0 ? 0 : chip.outside().peak_bytes_per_second(place), depth_of(network),
                               result.clock_period});
  };
  for (const estimate::Roofline& candidate : {bound(bytes.home_read, Place::home), bound(bytes.home_write, Place::home),
                                              bound(bytes.local_read, Place::local)}) {
    if (candidate.time < result.roofline || (candidate.time == result.roofline && !result.roofline_bound.empty()))
      continue;
    result.roofline = candidate.time;
    result.roofline_bound = candidate.bound;
  }
}

/// Bytes outside the chip that belong to each layer: what is loaded of it, rows that come for it and rows of it that go.
std::vector<std::int64_t> external_bytes(const Network& network, const Plan& plan, bool load, std::int64_t batch) {
  std::vector<std::int64_t> bytes(network.layers.size(), 0);
  for (const Stage& stage : plan.stages) {
    const auto index = static_cast<std::size_t>(stage.layer);
    const Layer& layer = network.layers[index];
    if (load) bytes[index] += layer.weight_bytes;
    if (stage.stored) bytes[index] += batch * layer.rows * layer.row_bytes;
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      if (stage.buffers[i].external) bytes[index] += batch * layer.inputs[i].map.rows * layer.inputs[i].row_bytes;
    }
  }
  return bytes;
}

void report_operators(const Network& network, const std::vector<std::int64_t>& bytes, const PrecisionUse& use,
                      const Chip& chip, RunResult& result) {
  const machine::Frame frame = chip.frame();
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const LayerStage& stage = chip.layer(static_cast<int>(i));
    results::OperatorResult row;
    row.name = layer.name;
    row.type = layer.type;
    row.precision_label = use.label;
    row.start_cycle = ceil_div(stage.first_start() - frame.start, frame.clock_period);
    row.end_cycle = ceil_div(stage.last_end() - frame.start, frame.clock_period);
    row.macs = checked_mul(layer.macs, result.batch);
    row.dram_bytes = bytes[i];
    result.operators.push_back(std::move(row));
  }
}

/// Views get their places among the operators, as Family::groups has them.
void insert_views(const Network& network, RunResult& result) {
  std::vector<results::OperatorResult> operators;
  std::vector<std::int32_t> places;  // by layer
  auto view = network.views.begin();
  const auto add_views = [&](std::size_t layers) {
    for (; view != network.views.end() && view->layers_before == layers; ++view) {
      results::OperatorResult row;
      row.name = view->name;
      row.type = view->type;
      row.precision_label = row.bound = "view";
      row.start_cycle = row.end_cycle = operators.empty() ? 0 : operators.back().end_cycle;
      operators.push_back(std::move(row));
    }
  };
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    add_views(i);
    places.push_back(static_cast<std::int32_t>(operators.size()));
    operators.push_back(std::move(result.operators[i]));
  }
  add_views(network.layers.size());
  result.operators = std::move(operators);
  for (results::PathStep& step : result.path) {
    if (step.op >= 0) step.op = places[static_cast<std::size_t>(step.op)];
  }
}

/// Energy of the host's side of things is not the chip's.
void set_host_energy_apart(const HailoConfig& config, RunResult& result) {
  for (auto part = result.energy_fj.begin(); part != result.energy_fj.end();) {
    const std::string& name = part->first;
    const bool host = name.rfind("host_link_host", 0) == 0 || name.rfind("host_memory", 0) == 0 ||
                      (!config.local_dram && name.rfind("dram", 0) == 0);
    if (!host) {
      ++part;
      continue;
    }
    result.host_energy_fj += part->second;
    for (results::OperatorResult& op : result.operators) op.energy_fj.erase(name);
    part = result.energy_fj.erase(part);
  }
}

void report_interval(Chip& chip, const Plan& plan, RunResult& result) {
  constexpr Femtoseconds kHundredths = 100;
  if (plan.contexts.empty()) return;
  Femtoseconds latency = result.makespan;
  if (plan.contexts.size() == 1) {
    const Stream stream = chip.stream();
    result.initiation_interval = stream.interval;
    latency = stream.first_latency;
  } else {
    result.initiation_interval = (result.makespan + result.batch / 2) / result.batch;
  }
  result.frames_in_flight =
      (checked_mul(latency, kHundredths) + result.initiation_interval / 2) / result.initiation_interval;
}

}  // namespace

RunResult simulate(const workloads::Graph& graph, const config::Settings& settings, const RunOptions& options) {
  const HailoConfig config = from_settings(settings);
  const PrecisionUse use = precision_use(options.precision, config);
  if (options.strict_precision && std::string(use.label) != "native") {
    throw NotModelled(fmt::format("model '{}' runs at {} {}: --strict-precision wants native", graph.model,
                                  cyclescope::name(options.precision), use.label));
  }
  const Network network = network_of(graph, use, config);
  const Plan plan = plan_of(network, use, config);
  kernel::initialise();
  ledger::Ledger ledger(options.ledgers);
  ledger.inject(options.faults.ledger);
  Chip chip(config, network, plan, use, settings, options.batch, ledger);
  chip.inject(options.faults);
  const bool resident = options.initial_state == "steady" && plan.contexts.size() == 1;
  execute(chip, ledger, options, resident);
  const Compulsory bytes = compulsory_bytes(network, !resident, config, options.batch);
  RunResult result;
  result.model = graph.model;
  result.precision = cyclescope::name(options.precision);
  result.precision_label = use.label;
  result.batch = options.batch;
  result.initial_state = options.initial_state;
  result.clock_hz = config.clock_hz;
  result.macs = checked_mul(workloads::total_cost(graph).macs, options.batch);
  result.macs_executed = ledger.actions()[chip.mac_action()].count;
  result.host_read_bytes = chip.outside().bytes_read(Place::home);
  result.host_write_bytes = chip.outside().bytes_written(Place::home);
  if (config.local_dram) {
    result.dram_read_bytes = chip.outside().bytes_read(Place::local);
    result.dram_write_bytes = chip.outside().bytes_written(Place::local);
  }
  result.compulsory_bytes = bytes.home_read + bytes.home_write + bytes.local_read;
  result.peak_memory_bytes = chip.bytes_outside();
  result.peak_macs_per_second =
      checked_mul(std::int64_t{config.all_subclusters()} * config.macs * use.rate, config.clock_hz) / 4;
  result.peak_bytes_per_second = chip.outside().peak_bytes_per_second(Place::home);
  report_operators(network, external_bytes(network, plan, !resident, options.batch), use, chip, result);
  machine::report(ledger, chip.frame(), result);
  set_host_energy_apart(config, result);
  insert_views(network, result);
  report_roofline(network, bytes, chip, result);
  machine::check_laws(ledger, result);
  report_interval(chip, plan, result);
  return result;
}

}  // namespace cyclescope::hailo
