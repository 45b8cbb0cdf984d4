#include <fmt/format.h>

#include <algorithm>

#include "arch/hailo/machine.h"

namespace cyclescope::hailo {
namespace {

constexpr std::int64_t kPage = 4096;  ///< tensors and lists begin on pages of the host

}  // namespace

Actions Chip::declare_actions(ledger::Ledger& ledger, const HailoConfig& config, const PrecisionUse& use) {
  constexpr int kInt8Rate = 4;  // quarter-MACs: a wider MAC is as many of the 8-bit ones as it takes clocks
  const EnergyConfig& energy = config.energy;
  Actions a;
  a.mac = ledger.add_action("array", fmt::format("mac_{}x{}", use.activation_bytes * 8, use.weight_bits),
                            energy.mac * kInt8Rate / use.rate);
  a.l2 = ledger.add_action("l2", "byte", energy.l2);
  a.l3 = ledger.add_action("l3", "byte", energy.l3);
  a.aligner = ledger.add_action("aligner", "byte", energy.aligner);
  a.ring_hop = ledger.add_action("ring", "byte_hop", energy.ring_hop);
  a.apu = ledger.add_action("apu", "element", energy.apu);
  a.control = ledger.add_action("control", "row", energy.control);
  a.configure = ledger.add_action("config", "byte", energy.configure);
  return a;
}

Chip::Chip(const HailoConfig& config, const Network& network, const Plan& plan, const PrecisionUse& use,
           const config::Settings& settings, std::int64_t batch, ledger::Ledger& ledger, Surroundings surroundings)
    : context_{config,
               network,
               plan,
               use,
               ledger,
               config.clock,
               declare_actions(ledger, config, use),
               ledger.add_traffic("ring"),
               ledger.add_traffic("rows"),
               {ledger.add_lane("credits.0", config.clock.period()),
                ledger.add_lane("portal.0", config.clock.period())}},
      batch_(batch),
      inputs_(network.inputs.size()),
      between_(network.layers.size()) {
  ledger.add_power("idle", config.idle_microwatts);
  if (surroundings == Surroundings::real) {
    outside_ = std::make_unique<ChipOutside>(context_, settings);
  } else {
    outside_ = std::make_unique<IdealOutside>(context_);
  }
  ring_ = std::make_unique<Ring>(context_);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    stages_.push_back(std::make_unique<LayerStage>(context_, static_cast<int>(i), *ring_,
                                                   [this](const ledger::Release& by) { controller_->done(by); }));
  }
  if (plan.contexts.size() == 1) {
    spare_ = std::make_unique<ledger::Lane>(
        ledger, "spare.0", config.clock.period(),
        (config.all_subclusters() - plan.contexts.front().subclusters) * config.macs * use.rate);
  }
  build_sinks();
  build_edges();
  build_contexts();
  outside_->reserve(Place::home, home_bytes_);
  if (config.local_dram) outside_->reserve(Place::local, local_bytes_);
}

std::int64_t Chip::allocate(Place place, std::int64_t bytes) {
  std::int64_t& end = place == Place::home ? home_bytes_ : local_bytes_;
  const std::int64_t address = end;
  end += round_up(bytes, kPage);
  return address;
}

Stored Chip::place_rows(Place place, std::int64_t rows, std::int64_t row_bytes, std::int32_t op) {
  Stored stored;
  stored.place = place;
  const int channels = outside_->channels();  // the first is the loader's
  stored.channel = channels > 1 ? 1 + next_channel_++ % (channels - 1) : 0;
  stored.rows = rows;
  stored.row_bytes = row_bytes;
  stored.frames = batch_;
  stored.op = op;
  const std::int64_t all = checked_mul(rows, batch_);
  stored.address = allocate(place, checked_mul(all, row_bytes));
  stored.list_row = outside_->list_bytes(row_bytes);
  if (place == Place::home) stored.list = allocate(Place::home, checked_mul(all, stored.list_row));
  return stored;
}

void Chip::build_sinks() {
  const Network& network = context_.network;
  std::vector<int> outputs(network.layers.size(), 0);
  for (const Boundary& boundary : network.outputs) {
    if (boundary.layer >= 0) outputs[static_cast<std::size_t>(boundary.layer)] = 1;
  }
  std::vector<int> read_later(network.layers.size(), 0);
  for (const Stage& stage : context_.plan.stages) {
    const Layer& layer = network.layers[static_cast<std::size_t>(stage.layer)];
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const int producer = layer.inputs[i].producer;
      if (producer >= 0 && stage.buffers[i].external) read_later[static_cast<std::size_t>(producer)] = 1;
    }
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const auto op = static_cast<std::int32_t>(i);
    if (read_later[i] != 0) {
      between_[i] = place_rows(between(), layer.rows, layer.row_bytes, op);
      const bool home = between() == Place::home;
      build_sink(op, between_[i], home && outputs[i] != 0);
      if (home) continue;
    }
    if (outputs[i] != 0) build_sink(op, place_rows(Place::home, layer.rows, layer.row_bytes, op), true);
  }
}

void Chip::build_sink(int layer, const Stored& tensor, bool output) {
  if (output) ++outputs_;
  const auto written = [this, output](std::int64_t frame, const ledger::Release& by) {
    if (output) left_chip(frame);
    if (frame + 1 == frames_.wanted) controller_->done(by);
  };
  const std::string name = fmt::format("sink_{}", sinks_.size());
  sinks_.push_back({context_.plan.stages[static_cast<std::size_t>(layer)].context,
                    std::make_unique<RowSink>(context_, name, tensor, *outside_, written)});
  stage(layer).output().add(stage(layer), sinks_.back().sink->input(), portal_shares());
}

void Chip::build_edges() {
  const Network& network = context_.network;
  for (const Stage& reader : context_.plan.stages) {
    const Layer& layer = network.layers[static_cast<std::size_t>(reader.layer)];
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const LayerInput& input = layer.inputs[i];
      Edge& edge = stage(reader.layer).input(i);
      if (input.producer >= 0 && !reader.buffers[i].external) {
        stage(input.producer).output().add(stage(input.producer), edge, reader.shares);
        continue;
      }
      RowSource& source = add_source(reader, input);
      source.output().add(source, edge, reader.shares);
    }
  }
}

RowSource& Chip::add_source(const Stage& reader, const LayerInput& input) {
  Stored stored;
  if (input.producer >= 0) {
    stored = between_[static_cast<std::size_t>(input.producer)];
  } else {
    const auto index = static_cast<std::size_t>(input.graph_input);
    const Boundary& boundary = context_.network.inputs[index];
    if (inputs_[index].rows == 0) {
      inputs_[index] = place_rows(Place::home, boundary.rows, boundary.row_bytes, reader.layer);
    }
    stored = inputs_[index];
  }
  stored.op = reader.layer;
  const auto number = static_cast<int>(stages_.size() + sources_.size());
  const std::string name = fmt::format("source_{}", sources_.size());
  sources_.push_back({reader.context, std::make_unique<RowSource>(context_, name, stored, *outside_, *ring_, number)});
  return *sources_.back().source;
}

void Chip::build_contexts() {
  std::vector<Stored> configurations;
  std::vector<int> parts;
  for (std::size_t i = 0; i < context_.plan.contexts.size(); ++i) {
    const Context& context = context_.plan.contexts[i];
    Stored stored;
    stored.place = between();
    stored.rows = ceil_div(context.config_bytes, Loader::kBurst);
    stored.address = allocate(stored.place, context.config_bytes);
    stored.list_row = outside_->list_bytes(Loader::kBurst);
    if (stored.place == Place::home) stored.list = allocate(Place::home, checked_mul(stored.rows, stored.list_row));
    configurations.push_back(stored);
    const auto here = [&](const Sink& sink) { return sink.context == static_cast<int>(i); };
    parts.push_back(context.end - context.first + static_cast<int>(std::count_if(sinks_.begin(), sinks_.end(), here)));
  }
  controller_ = std::make_unique<Controller>(
      context_, *outside_, std::move(configurations), std::move(parts),
      [this](int context, Femtoseconds since, const ledger::Release& by) { begin(context, since, by); });
}

}  // namespace cyclescope::hailo
