#include "arch/kpu/plan_deliveries.h"

#include <algorithm>
#include <tuple>

#include "arch/kpu/commands.h"

namespace cyclescope::kpu {
namespace {

/// Weight delivery number `slice` of a lane may be loaded while the first operator runs that leaves it a slot, or,
/// when the slots never reach so far, once an earlier one has left its slot.
void set_gate(const LoweredOp& op, const std::vector<std::int32_t>& before, Load& load) {
  if (op.resident) return;
  const auto slice = static_cast<std::int64_t>(before.size());
  for (std::size_t i = 0; i < op.weight_slots.size(); ++i) {
    if (op.weight_slots[i] <= slice) continue;
    load.gate = static_cast<std::int32_t>(i) - 1;
    return;
  }
  load.gate = static_cast<std::int32_t>(op.weight_slots.size()) - 2;
  load.credit = before[before.size() - static_cast<std::size_t>(op.weight_slots.back())];
}

/// First token of the lane that a delivery belongs to.
std::int32_t lane_of(const Stream& stream, std::int32_t token) {
  return token - static_cast<std::int32_t>((token - stream.first_token) % stream.length);
}

}  // namespace

DeliveryPlanner::DeliveryPlanner(Program& program, TransferLists& lists, ExternalMemory& memory)
    : program_(program), lists_(lists), memory_(memory) {
  const auto deliveries = static_cast<std::size_t>(program.tokens - program.edge_tokens);
  program.stream_bytes.assign(deliveries, 0);
  program.stream_resident.assign(deliveries, 0);
  program.stream_tiles.assign(deliveries, 0);
}

void DeliveryPlanner::plan(std::int32_t index) {
  const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
  std::map<std::int32_t, Delivery> deliveries;
  const bool any = op.weights.used || std::any_of(op.inputs.begin(), op.inputs.end(),
                                                  [](const InputEdge& edge) { return edge.stream.used; });
  if (op.kind == OpKind::view || !any) return;
  for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
    std::int64_t position = 0;
    std::int64_t ordinal = 0;
    const std::int32_t site = op.sites[static_cast<std::size_t>(tile)];
    for (const Move& move : moves_of(op, tile)) {
      if (move.ordinal != ordinal) position = 0;
      ordinal = move.ordinal;
      const std::int64_t here = position++;
      if (move.token < program_.edge_tokens) continue;
      Delivery& delivery = deliveries[move.token];
      if (delivery.sites.empty()) delivery = {ordinal, here, move.bytes, move.edge, {}};
      if (!delivery.sites.empty() && delivery.sites.back() == site) continue;
      delivery.sites.push_back(site);
    }
  }
  std::vector<std::pair<std::int32_t, const Delivery*>> order;
  for (const auto& [token, delivery] : deliveries) order.emplace_back(token, &delivery);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second->ordinal, a.second->position) < std::tie(b.second->ordinal, b.second->position);
  });
  for (const auto& [token, delivery] : order) load(index, token, *delivery);
}

void DeliveryPlanner::load(std::int32_t index, std::int32_t token, const Delivery& delivery) {
  const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
  const auto slot = static_cast<std::size_t>(token - program_.edge_tokens);
  Load descriptor;
  descriptor.op = index;
  descriptor.token = token;
  descriptor.bytes = delivery.bytes;
  if (delivery.edge < 0) {
    descriptor.resident = op.resident;
    set_gate(op, before_in(op.weights, token), descriptor);
    descriptor.address = op.weights.reload ? memory_.read_weights(op) : memory_.allocate(descriptor.bytes);
  } else {
    const InputEdge& edge = op.inputs[static_cast<std::size_t>(delivery.edge)];
    const std::vector<std::int32_t>& before = before_in(edge.stream, token);
    const auto slots = static_cast<std::size_t>(edge.stream.slots);
    descriptor.weights = false;
    descriptor.gate = index - 1;
    if (before.size() >= slots) descriptor.credit = before[before.size() - slots];
    descriptor.address = memory_.read_edge(op, edge, descriptor.bytes);
    for (const Piece& piece : edge.pieces) descriptor.stored = std::max(descriptor.stored, piece.producer);
  }
  program_.stream_bytes[slot] = descriptor.bytes;
  program_.stream_resident[slot] = descriptor.resident ? 1 : 0;
  program_.stream_tiles[slot] = static_cast<std::int32_t>(delivery.sites.size());
  lists_.add_load(descriptor, delivery.sites);
  lanes_[lane_of(delivery.edge < 0 ? op.weights : op.inputs[static_cast<std::size_t>(delivery.edge)].stream, token)]
      .push_back(token);
}

const std::vector<std::int32_t>& DeliveryPlanner::before_in(const Stream& stream, std::int32_t token) {
  return lanes_[lane_of(stream, token)];
}

}  // namespace cyclescope::kpu
