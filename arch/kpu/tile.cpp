#include "arch/kpu/tile.h"

#include "sim/compute/exact_array.h"
#include "sim/compute/register_array.h"
#include "sim/compute/register_stationary_array.h"
#include "sim/compute/stationary_array.h"

namespace cyclescope::kpu {

namespace {

constexpr std::size_t kChannelSlots = kernel::kUnbounded;  // L2 pools and staging in L3 are the bounds
constexpr std::size_t kResultSlots = 4;                    // bounded by the two result slots of L2

template <class Model>
std::unique_ptr<compute::Array> build(const ChipContext& chip, int tile, const compute::ArrayGeometry& geometry,
                                      const compute::ArrayActions& actions, compute::ArrayListener& listener) {
  const std::string number = std::to_string(tile);
  return std::make_unique<Model>("array_" + number, geometry, chip.clock, chip.ledger, "array." + number, actions,
                                 listener);
}

std::unique_ptr<compute::Array> make_array(const ChipContext& chip, int tile, compute::ArrayListener& listener) {
  const KpuConfig& c = chip.config;
  const std::size_t index = c.kind_of_tile[static_cast<std::size_t>(tile)];
  const TileArray array = c.kinds[index].array(chip.program.precision);
  compute::ArrayGeometry geometry;
  geometry.rows = array.rows;
  geometry.columns = array.columns;
  geometry.quarter_macs = array.quarter_macs;
  geometry.dataflow =
      array.weight_stationary ? compute::Dataflow::weight_stationary : compute::Dataflow::output_stationary;
  geometry.cell_m = array.cell_m;
  geometry.cell_n = array.cell_n;
  geometry.cell_k = array.cell_k;
  geometry.interleave_drain = c.interleave_drain && !array.weight_stationary;
  geometry.ingress_depth = c.kinds[index].ingress_depth;
  geometry.egress_depth = c.egress_depth;
  const compute::ArrayActions actions{chip.actions.mac, chip.actions.pe_hop[index], chip.actions.drain_hop[index]};
  const auto model =
      array.weight_stationary
          ? (c.register_array ? build<compute::RegisterStationaryArray> : build<compute::StationaryArray>)
      : c.register_array ? build<compute::RegisterArray>
                         : build<compute::ExactArray>;
  return model(chip, tile, geometry, actions, listener);
}

}  // namespace

Tile::Tile(const ChipContext& chip, int index, noc::Mesh& mesh, Sequencer& sequencer, CreditBoard& credits,
           const std::vector<Copies>& routes)
    : chip_(chip),
      index_(index),
      l3_(chip),
      tokens_(chip.program, index),
      ingress_(chip.ledger, "l3_in." + std::to_string(index), chip.clock.period()),
      mover_(chip, index, l3_, tokens_, credits),
      streamer_a_(chip, index, compute::Side::a),
      streamer_b_(chip, index, compute::Side::b),
      drain_(chip, index),
      result_mover_(chip, index, l3_),
      sender_(chip, index, l3_, tokens_, mesh, sequencer),
      array_(make_array(chip, index, *this)),
      loads_a_(mover_, streamer_a_, chip.clocks(1), kChannelSlots, chip.clocks(1)),
      loads_b_(mover_, streamer_b_, chip.clocks(1), kChannelSlots, chip.clocks(1)),
      residuals_(mover_, drain_, chip.clocks(1), kChannelSlots, chip.clocks(1)),
      results_(drain_, result_mover_, chip.clocks(1), kResultSlots, chip.clocks(1)),
      staged_(result_mover_, sender_, chip.clocks(1), kChannelSlots, chip.clocks(1)) {
  mover_.connect(Operand::a, loads_a_);
  mover_.connect(Operand::b, loads_b_);
  mover_.connect(Operand::residual, residuals_);
  streamer_a_.connect(*array_, drain_, mover_, loads_a_);
  streamer_b_.connect(*array_, drain_, mover_, loads_b_);
  drain_.connect(*array_, streamer_a_, mover_, sender_, residuals_, results_);
  result_mover_.connect(drain_, results_, staged_);
  sender_.connect(staged_, routes, [this](std::int64_t block, const ledger::Release& release) {
    result_mover_.staging_returned(block, release);
  });
}

void Tile::launch(const Launch& launch) {
  const LoweredOp& op = chip_.program.ops[static_cast<std::size_t>(launch.op)];
  TileCommands commands = expand(op, op.tile_at[static_cast<std::size_t>(index_)], chip_.config);
  const std::int64_t first_block = next_block_;
  std::vector<std::int64_t> out_bytes;
  std::int64_t residual = 0;
  for (const BlockCommand& block : commands.blocks) {
    if (block.leaves) out_bytes.push_back(block.out_bytes);
    residual = std::max(residual, block.residual_bytes);
    if (block.steps == 0) continue;  // vector work does not enter the array
    compute::ArrayBlock entry;
    entry.id = next_block_++;
    entry.m = static_cast<int>(block.m);
    entry.n = static_cast<int>(block.n);
    entry.steps = block.steps;
    entry.macs = block.macs;
    entry.op = launch.op;
    array_->push_block(entry, launch.release);
  }
  sender_.launch(launch, static_cast<std::int64_t>(out_bytes.size()));
  result_mover_.launch(launch, std::move(out_bytes), op.staging_bytes);
  drain_.launch(launch, std::move(commands.blocks), first_block);
  streamer_a_.launch(launch, std::move(commands.runs_a), first_block);
  streamer_b_.launch(launch, std::move(commands.runs_b), first_block);
  if (chip_.config.ideal_operands) return;
  mover_.launch(launch, std::move(commands.moves), op.pool_a, op.pool_b, 2 * residual);
}

void Tile::rest(const Handover& handover) {
  if (handover.before >= 0) {
    const LoweredOp& op = chip_.program.ops[static_cast<std::size_t>(handover.before)];
    const bool takes_part = op.tile_at[static_cast<std::size_t>(index_)] >= 0;
    array_->rest(handover.done, op.kind != OpKind::gemm ? ledger::Leaf::waiting_dependency
                                : takes_part            ? ledger::Leaf::idle_no_demand
                                                        : ledger::Leaf::idle_unused);
  }
  array_->rest(handover.launched, ledger::Leaf::overhead_launch);
  array_->rest(handover.configured, ledger::Leaf::overhead_configuration);
  array_->rest(handover.arrived, ledger::Leaf::overhead_synchronisation);
}

void Tile::deliver(noc::Site, const noc::Packet& packet, const ledger::Release& by) {
  const L3::Burst burst = l3_.access(L3Client::network_in, packet.bytes, ingress_.id(), packet.op, by);
  const ledger::ActivityId written = chip_.ledger.record(ingress_.id(), packet.op, ledger::Leaf::waiting_operand_l3,
                                                         burst.start, burst.end, burst.release);
  ingress_.idle_until(kernel::now());
  ingress_.busy_until(burst.start, ledger::Leaf::waiting_arbitration);
  ingress_.busy_until(burst.end, ledger::Leaf::useful_transfer);
  tokens_.add(packet.token, packet.bytes, {written, burst.end, ledger::Reason::data});
}

void Tile::run_entered(compute::Side side, std::int64_t block, std::int64_t first_step, ledger::ActivityId by) {
  (side == compute::Side::a ? streamer_a_ : streamer_b_).run_entered(block, first_step, by);
}

void Tile::first_result(std::int64_t, ledger::ActivityId by) { drain_.first_result(by); }

void Tile::last_result(std::int64_t, ledger::ActivityId by) { drain_.last_result(by); }

void Tile::restart(Femtoseconds t0, bool keep_resident) {
  tokens_.restart(t0, keep_resident);
  ingress_.restart(t0);
  mover_.restart(t0);
  streamer_a_.restart(t0);
  streamer_b_.restart(t0);
  drain_.restart(t0);
  result_mover_.restart(t0);
  sender_.restart(t0);
  array_->restart(t0);
}

void Tile::finish(Femtoseconds end) {
  ingress_.finish(end);
  mover_.finish(end);
  streamer_a_.finish(end);
  streamer_b_.finish(end);
  drain_.finish(end);
  result_mover_.finish(end);
  sender_.finish(end);
  array_->finish(end);
}

}  // namespace cyclescope::kpu
