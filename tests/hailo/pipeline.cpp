#include "tests/hailo/pipeline.h"

#include <algorithm>
#include <utility>

namespace cyclescope::hailo::test {

HailoConfig small_config() {
  HailoConfig config;
  config.clock = Clock(kClock);
  config.clock_hz = 1'000'000'000;
  config.clusters = 4;
  config.subclusters = 8;
  config.macs = 64;
  config.features = 8;
  config.port_bytes = 64;
  config.row_overhead = 1;
  config.frame_overhead = 3;
  config.pipe_latency = 2;
  config.ring_bytes = 16;
  config.ring_hop = 1;
  config.credit_latency = 1;
  config.config_bytes = 32;
  config.context_control = 100 * kClock;
  config.portal_rows = 4;
  return config;
}

RowMap window(std::int64_t rows, std::int64_t kernel, std::int64_t stride, std::int64_t before, std::int64_t dilation) {
  RowMap map;
  map.numerator = stride;
  map.before = before;
  map.extent = (kernel - 1) * dilation + 1;
  map.rows = rows;
  return map;
}

int Pipeline::input(std::int64_t rows) {
  network.inputs.push_back({"given", rows, 64, -1});
  return -static_cast<int>(network.inputs.size());
}

int Pipeline::layer(std::int64_t rows, std::int64_t clocks, LayerKind kind) {
  const auto index = static_cast<int>(network.layers.size());
  Layer layer;
  layer.name = "layer" + std::to_string(index);
  layer.type = "conv2d";
  layer.kind = kind;
  layer.rows = rows;
  layer.row_bytes = layer.row_elements = 64;
  if (kind == LayerKind::mac) layer.macs = rows * (clocks - config.row_overhead) * config.macs / 2;
  network.layers.push_back(layer);
  Stage stage;
  stage.layer = index;
  stage.shares = {{0, 1}};
  stage.subclusters = 1;
  stage.work_clocks = clocks - config.row_overhead;
  stage.row_clocks = config.row_overhead + std::max(stage.work_clocks, network.layers.back().output_clocks(config));
  plan.stages.push_back(stage);
  plan.contexts.assign(1, {});
  plan.contexts.back().end = index + 1;
  return index;
}

void Pipeline::reads(int reader, int producer, RowMap map, std::int64_t capacity) {
  LayerInput input;
  input.producer = producer < 0 ? -1 : producer;
  input.graph_input = producer < 0 ? -1 - producer : -1;
  input.map = map;
  input.row_bytes = 64;
  at(reader).inputs.push_back(input);
  plan.stages[static_cast<std::size_t>(reader)].buffers.push_back({capacity, producer < 0});
}

void Pipeline::output(int producer) {
  const Layer& layer = at(producer);
  network.outputs.push_back({layer.name, layer.rows, layer.row_bytes, producer});
  plan.stages[static_cast<std::size_t>(producer)].stored = true;
}

void Pipeline::stands_in(int layer, std::vector<Share> shares) {
  Stage& stage = plan.stages[static_cast<std::size_t>(layer)];
  stage.subclusters = 0;
  for (const Share& share : shares) stage.subclusters += share.subclusters;
  stage.shares = std::move(shares);
}

void Pipeline::contexts(const std::vector<int>& ends, const std::vector<std::int64_t>& config_bytes) {
  plan.contexts.clear();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    Context context;
    context.first = i == 0 ? 0 : ends[i - 1];
    context.end = ends[i];
    context.config_bytes = config_bytes[i];
    plan.contexts.push_back(context);
    for (int layer = context.first; layer < context.end; ++layer) {
      Stage& stage = plan.stages[static_cast<std::size_t>(layer)];
      stage.context = static_cast<int>(i);
      for (std::size_t input = 0; input < stage.buffers.size(); ++input) {
        const int producer = at(layer).inputs[input].producer;
        stage.buffers[input].external = producer < context.first;
        if (producer >= 0 && producer < context.first) plan.stages[static_cast<std::size_t>(producer)].stored = true;
      }
    }
  }
}

Run::Run(const Pipeline& of, std::int64_t frames, bool resident, const machine::Faults& faults)
    : pipeline(of), ledger((kernel::initialise(), true)), batch(frames) {
  ledger.inject(faults.ledger);
  chip = std::make_unique<Chip>(of.config, of.network, of.plan, of.use, config::Settings(), frames, ledger,
                                Surroundings::ideal);
  chip->inject(faults);
  chip->run_frame(resident);
}

std::int64_t Run::clocks() const { return ceil_div(chip->frame().end.at - chip->frame().start, kClock); }
std::int64_t Run::start(int layer) const { return (chip->layer(layer).first_start() - chip->frame().start) / kClock; }
std::int64_t Run::end(int layer) const { return (chip->layer(layer).last_end() - chip->frame().start) / kClock; }

results::RunResult Run::check() {
  results::RunResult result;
  for (std::size_t i = 0; i < pipeline.network.layers.size(); ++i) {
    results::OperatorResult op;
    op.name = pipeline.network.layers[i].name;
    op.start_cycle = start(static_cast<int>(i));
    op.end_cycle = end(static_cast<int>(i));
    result.operators.push_back(op);
    result.macs += batch * pipeline.network.layers[i].macs;
  }
  result.macs_executed = ledger.actions()[chip->mac_action()].count;
  machine::report(ledger, chip->frame(), result);
  machine::check_laws(ledger, result);
  return result;
}

std::int64_t spent(const Run& run, const std::string& lane, ledger::Leaf leaf) {
  for (ledger::LaneId id = 0; id < run.ledger.lane_count(); ++id) {
    if (run.ledger.lane_name(id) == lane) return run.ledger.time(id)[static_cast<std::size_t>(leaf)] / kClock;
  }
  throw InternalError("no lane " + lane);
}

void all_laws_hold(Run& run) {
  const results::RunResult result = run.check();
  CHECK(result.laws.size() == 8);
  for (const results::LawResult& law : result.laws) {
    INFO(law.name << ": " << law.detail);
    CHECK(law.holds);
  }
}

}  // namespace cyclescope::hailo::test
