#include "arch/kpu/chip.h"

#include <algorithm>

#include "sim/memory/dram.h"

namespace cyclescope::kpu {

using ledger::Reason;
using ledger::Release;

namespace {

/// Hops between PEs. Kinds whose tokens (and results) carry the same share an action.
void declare_hops(ledger::Ledger& ledger, const KpuConfig& config, Precision precision, Actions& a) {
  const std::int64_t byte = config.energy.pe_hop * (bits(precision) / 8);
  std::vector<std::pair<std::int64_t, std::int64_t>> prices;
  std::vector<std::size_t> kinds;
  for (std::size_t kind = 0; kind < config.kinds.size(); ++kind) {
    const bool stands = std::count(config.kind_of_tile.begin(), config.kind_of_tile.end(), kind) > 0;
    if (!stands || config.kinds[kind].quarter_macs(precision) == 0) continue;
    const TileArray array = config.kinds[kind].array(precision);
    // An output-stationary array counts a hop per step; a reduction of K elements takes 4 K / quarter_macs steps. A
    // bundle of a cell has as many elements of A as of B.
    const std::int64_t token =
        array.weight_stationary ? byte * array.cell_m * array.cell_k : byte * array.quarter_macs / 4;
    const std::pair<std::int64_t, std::int64_t> price{token, config.energy.drain_hop * array.cell_m * array.cell_n};
    const auto found = std::find(prices.begin(), prices.end(), price);
    if (found != prices.end()) {
      const std::size_t other = kinds[static_cast<std::size_t>(found - prices.begin())];
      a.pe_hop[kind] = a.pe_hop[other];
      a.drain_hop[kind] = a.drain_hop[other];
      continue;
    }
    const std::string suffix = prices.empty() ? "" : "_" + config.kinds[kind].name;
    a.pe_hop[kind] = ledger.add_action("array", "pe_hop" + suffix, price.first);
    a.drain_hop[kind] = ledger.add_action("array", "drain_hop" + suffix, price.second);
    prices.push_back(price);
    kinds.push_back(kind);
  }
}

}  // namespace

Actions Chip::declare_actions(ledger::Ledger& ledger, const KpuConfig& config, Precision precision) {
  const EnergyConfig& energy = config.energy;
  Actions a;
  const std::int64_t bytes = bits(precision) / 8;
  const std::int64_t mac = precision == Precision::int8   ? energy.mac_int8
                           : precision == Precision::bf16 ? energy.mac_bf16
                                                          : energy.mac_fp32;
  a.mac = ledger.add_action("array", std::string("mac_") + name(precision), mac);
  a.pe_register = ledger.add_action("array", "pe_register", energy.pe_register * bytes);
  declare_hops(ledger, config, precision, a);
  a.l1_read = ledger.add_action("l1", "read_byte", energy.l1_read);
  a.l1_write = ledger.add_action("l1", "write_byte", energy.l1_write);
  a.l2_read = ledger.add_action("l2", "read_byte", energy.l2_read);
  a.l2_write = ledger.add_action("l2", "write_byte", energy.l2_write);
  a.l3_read = ledger.add_action("l3", "read_byte", energy.l3_read);
  a.l3_write = ledger.add_action("l3", "write_byte", energy.l3_write);
  a.streamer = ledger.add_action("movers", "streamer_byte", energy.streamer);
  a.block_mover = ledger.add_action("movers", "block_mover_byte", energy.block_mover);
  a.dma = ledger.add_action("movers", "dma_byte", energy.dma);
  a.descriptor = ledger.add_action("control", "dma_descriptor", energy.descriptor);
  a.vector_pass = ledger.add_action("vector", "element_pass", energy.vector_pass);
  a.mac_vector = ledger.add_action("vector", "mac_vector", 0);  // counted; its energy is the pass's
  a.program_load = ledger.add_action("control", "program_load", energy.program_load);
  return a;
}

TrafficBooks Chip::declare_traffic(ledger::Ledger& ledger) {
  return {ledger.add_traffic("l3_to_l2"), ledger.add_traffic("l2_to_l1"), ledger.add_traffic("results")};
}

Chip::Chip(const KpuConfig& config, const Program& program, const config::Settings& settings, ledger::Ledger& ledger)
    : context_{config,
               program,
               ledger,
               Clock::from_hertz(config.clock_hz),
               declare_actions(ledger, config, program.precision),
               declare_traffic(ledger)},
      memory_(memory::make_memory(settings, ledger)) {
  if (program.external_bytes > memory_->capacity()) {
    throw NotModelled("the model does not fit the external memory: it needs " + std::to_string(program.external_bytes) +
                      " B, the capacity is " + std::to_string(memory_->capacity()) + " B");
  }
  if (memory_->granule() % config.request_bytes != 0) {
    throw InputError("dma.packet = " + std::to_string(config.request_bytes) +
                     " B: expected a divisor of dram.granule = " + std::to_string(memory_->granule()) + " B");
  }
  ledger.add_power("idle", config.idle_microwatts);
  build_mesh();
  sequencer_ = std::make_unique<Sequencer>(context_);
  credits_ = std::make_unique<CreditBoard>(context_);
  credits_->notify([this](std::int32_t token, Femtoseconds at) {
    for (const auto& engine : dma_) engine->credit_known(token, at);
  });
  stores_ = std::make_unique<StoreBoard>(context_);
  stores_->notify([this](std::int32_t op, const Release& release) {
    for (const auto& engine : dma_) engine->stored_up_to(op, release);
  });
  build_tiles();
  build_dma();
  sequencer_->on_handover([this](const Handover& handover) {
    for (const auto& tile : tiles_) tile->rest(handover);
  });
  sequencer_->connect(
      [this](int tile, const Launch& launch) { tiles_[static_cast<std::size_t>(tile)]->launch(launch); },
      [this](std::int32_t op, const Release& release) {
        for (const auto& engine : dma_) engine->completed(op, release);
      });
}

void Chip::inject(const machine::Faults& faults) {
  mesh_->drop_byte_of(faults.drop_byte_of_packet);
  for (const auto& tile : tiles_) tile->lose_result_slots(faults.lost_result_slots);
}

void Chip::build_mesh() {
  const KpuConfig& c = context_.config;
  noc::MeshGeometry geometry;
  geometry.width = c.mesh_width;
  geometry.height = c.mesh_height;
  geometry.flit_bytes = c.flit_bytes;
  geometry.router_latency = c.router_latency;
  geometry.link_latency = c.link_latency;
  geometry.buffer_flits = c.mesh_buffer;
  geometry.credit_latency = c.mesh_credit_latency;
  for (int engine = 0; engine < c.dma_engines; ++engine) {  // spread over the west edge
    geometry.edge_routers.push_back(c.dma_row(engine) * c.mesh_width);
  }
  mesh_ = std::make_unique<noc::Mesh>("mesh", geometry, context_.clock, context_.ledger, c.energy.flit_hop);
  for (const RouteSpec& route : context_.program.routes) {
    routes_.emplace_back();
    if (c.multicast) {
      routes_.back().push_back(mesh_->add_route(route.source, route.destinations));
      continue;
    }
    for (const std::int32_t destination : route.destinations) {
      routes_.back().push_back(mesh_->add_route(route.source, {destination}));
    }
  }
}

void Chip::build_tiles() {
  for (int tile = 0; tile < context_.config.tiles; ++tile) {
    tiles_.push_back(std::make_unique<Tile>(context_, tile, *mesh_, *sequencer_, *credits_, routes_));
    mesh_->set_sink(tile, *tiles_.back());
  }
}

void Chip::build_dma() {
  const KpuConfig& c = context_.config;
  for (int engine = 0; engine < c.dma_engines; ++engine) {
    dma_.push_back(std::make_unique<DmaEngine>(context_, engine, *mesh_, *credits_, routes_));
    DmaEngine& dma = *dma_.back();
    memory::Port& port = memory_->connect(dma, "dma." + std::to_string(engine), context_.clock, c.dma_outstanding);
    dma.connect(port, [this](std::int32_t op, std::int64_t bytes, const Release& release) {
      stores_->stored(op, bytes, release);
    });
    mesh_->set_sink(c.tiles + engine, dma);
    mesh_->set_source(c.tiles + engine, dma);
  }
}

void Chip::run_frame(bool warm) {
  frame_start_ = context_.clock.edge(kernel::now());
  context_.ledger.restart(frame_start_);
  memory_->restart(frame_start_);
  mesh_->restart(frame_start_);
  sequencer_->restart(frame_start_);
  credits_->restart(frame_start_);
  for (const auto& tile : tiles_) tile->restart(frame_start_, warm);
  for (const auto& engine : dma_) engine->restart(frame_start_);
  stores_->restart(frame_start_);

  sequencer_->schedule_frame(frame_start_);
  for (const auto& engine : dma_) engine->schedule_frame(frame_start_, warm);
  kernel::run_until_quiescent();

  const std::int64_t expected = context_.config.ideal_operands ? 0 : context_.program.store_bytes;
  if (stores_->total() != expected || !sequencer_->frame_complete()) {
    throw InternalError("the chip came to rest before the frame was complete: " + sequencer_->where());
  }
  end_ = ledger::latest({stores_->last(), sequencer_->finished()});
  memory_->finish(end_.at);
  mesh_->finish(end_.at);
  sequencer_->finish(end_.at);
  credits_->finish(end_.at);
  stores_->finish(end_.at);
  for (const auto& tile : tiles_) tile->finish(end_.at);
  for (const auto& engine : dma_) engine->finish(end_.at);
  context_.ledger.finish(end_.at);
}

}  // namespace cyclescope::kpu
