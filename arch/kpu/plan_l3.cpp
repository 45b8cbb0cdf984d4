// Static plan of L3. Operators run one after another, so the life of everything in L3 is a range of operator indices:
// an input is there from its producer's run (it is pushed to its readers) to its reader's, outputs wait in staging
// while their operator runs. Weights come slice by slice into slots; the plan says how many slots a tile has for each
// operator's weights while it and the operators before it run.
//
// Where that does not fit, in this order: fewer weight slots, staging for a few blocks only, the largest activation
// that is alive goes through external memory and comes back by deliveries, weights come again for every use.
#include <fmt/format.h>

#include <algorithm>

#include "arch/kpu/commands.h"
#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

std::int64_t weight_bytes_on(const LoweredOp& op, std::int64_t tile) {
  if (op.weight_bytes == 0) return 0;
  const Region out = op.output_region(tile);
  const Region last = intersect(out, {0, op.m, op.n / op.groups * (op.groups - 1), op.n});  // of the last group
  const std::int64_t left_out = std::max<std::int64_t>(0, last.channel_end - last.channel_begin) * (op.k - op.last_k());
  const std::int64_t channels = out.channel_end - out.channel_begin;
  return channels * (op.k * op.element_bytes + op.epilogue_bytes) - left_out * op.element_bytes;
}

std::int64_t edge_bytes_on(const LoweredOp& op, const InputEdge& edge, std::int64_t tile) {
  const Range pixels = needed_pixels(op, edge, tile / op.tiles_n);
  const Range channels = needed_channels(op, edge, tile % op.tiles_n);
  return edge_pixels(op, edge, pixels.begin, pixels.end) * channels.size() * edge.element_bytes;
}

/// Slices that must be in L3 at once: all that are read again, and two to stream the others.
std::int64_t least_slots(const LoweredOp& op) {
  if (op.weights.reload) return std::min<std::int64_t>(op.weights.length, 2);
  const bool read_once = op.hold == Hold::b || op.tiles_m >= op.grid_m;
  const std::int64_t again = op.hold == Hold::a ? op.column_slices() : static_cast<std::int64_t>(op.slices.size());
  return std::min(op.column_slices(), read_once ? 2 : again + 2);
}

class Planner {
 public:
  Planner(Program& program, const KpuConfig& config)
      : program_(program),
        config_(config),
        used_(program.ops.size(), std::vector<std::int64_t>(static_cast<std::size_t>(config.tiles), 0)) {}

  void run() {
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      LoweredOp& op = program_.ops[j];
      if (op.kind == OpKind::view) continue;
      reserve_staging(j, 1, false);
      for (const InputEdge& edge : op.inputs) reserve_edge(j, edge, 1);
      set_weight_stream(op);
    }
    for (std::size_t j = 0; j < program_.ops.size(); ++j) reserve_window(j);
    for (std::size_t j = 0; j < program_.ops.size(); ++j) make_fit(j);
    pin_resident();
    for (std::size_t j = 0; j < program_.ops.size(); ++j) plan_slots(j);
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      program_.ops[j].l3_peak = *std::max_element(used_[j].begin(), used_[j].end());
    }
  }

 private:
  std::int64_t& used(std::size_t at, const LoweredOp& op, std::int64_t tile) {
    return used_[at][static_cast<std::size_t>(op.sites[static_cast<std::size_t>(tile)])];
  }

  static void set_weight_stream(LoweredOp& op) {
    if (op.weight_bytes == 0) return;
    std::int64_t steps = 0;
    for (const auto& slices : {op.slices, op.last_slices}) {
      for (const Slice& slice : slices) steps = std::max(steps, slice.steps);
    }
    op.weights.used = true;
    op.weights.lanes = op.tiles_n;
    op.weights.length = op.column_slices();
    op.weights.slot_bytes = (steps * op.element_bytes + op.epilogue_bytes) * op.block_n;
  }

  /// Results on one tile until they are sent, all of them or those of a few blocks.
  [[nodiscard]] std::int64_t staging_on(const LoweredOp& op, std::int64_t tile, bool few) const {
    const std::int64_t all = op.output_region(tile).elements() * op.result_bytes;
    return few ? std::min(all, config_.staging_blocks * op.block_m * op.block_n * op.result_bytes) : all;
  }

  void reserve_staging(std::size_t j, std::int64_t sign, bool few) {
    LoweredOp& op = program_.ops[j];
    std::int64_t most = 0;
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      const std::int64_t bytes = staging_on(op, tile, few);
      most = std::max(most, bytes);
      used(j, op, tile) += sign * bytes;
    }
    op.staging_bytes = most;
  }

  /// First operator while which an edge's data lie in L3. Inputs of the graph come with the frame, parameters while the
  /// operator before the reader runs.
  static std::size_t born(const InputEdge& edge, std::size_t reader) {
    std::size_t first = reader;
    for (const Piece& piece : edge.pieces) {
      const std::size_t loaded = piece.producer == kConstant && reader > 0 ? reader - 1 : 0;
      first = std::min(first, piece.producer >= 0 ? static_cast<std::size_t>(piece.producer) : loaded);
    }
    return first;
  }

  void reserve_edge(std::size_t j, const InputEdge& edge, std::int64_t sign) {
    LoweredOp& op = program_.ops[j];
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      const std::int64_t bytes = sign * edge_bytes_on(op, edge, tile);
      for (std::size_t i = born(edge, j); i <= j; ++i) used(i, op, tile) += bytes;
    }
  }

  /// Bytes that `slots` weight slices take on a tile.
  static std::int64_t slots_bytes_on(const LoweredOp& op, std::int64_t slots, std::int64_t tile) {
    return std::min(slots * op.weights.slot_bytes, weight_bytes_on(op, tile));
  }

  /// Adds (or with a negative sign takes back) weight slots of operator j while operator `at` runs.
  void reserve(std::size_t j, std::size_t at, std::int64_t slots, std::int64_t sign = 1) {
    LoweredOp& op = program_.ops[j];
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      used(at, op, tile) += sign * slots_bytes_on(op, slots, tile);
    }
  }

  [[nodiscard]] std::int64_t fullest(std::size_t at) const {
    return *std::max_element(used_[at].begin(), used_[at].end());
  }
  [[nodiscard]] bool fits(std::size_t at) const { return fullest(at) <= config_.l3_bytes; }

  /// Slots that every operator is sure of while it runs: the window that streaming wants, if there is room for it.
  void reserve_window(std::size_t j) {
    LoweredOp& op = program_.ops[j];
    if (!op.weights.used) return;
    const std::int64_t least = least_slots(op);
    const std::int64_t most = std::max(least, op.weights.reload ? op.weights.length : op.column_slices());
    std::int64_t window = std::clamp(config_.weight_window / op.weights.slot_bytes, least, most);
    for (reserve(j, j, window); window > least && !fits(j); --window) {
      reserve(j, j, window, -1);
      reserve(j, j, window - 1);
    }
    op.weight_slots.assign(j + 1, 0);
    op.weight_slots[j] = window;
  }

  /// Gives way until operator j fits.
  void make_fit(std::size_t j) {
    if (program_.ops[j].kind == OpKind::view || fits(j)) return;
    refit_window(j);
    if (!fits(j)) {
      reserve_staging(j, -1, false);
      reserve_staging(j, 1, true);
    }
    while (!fits(j) && spill_largest(j)) {
    }
    LoweredOp& op = program_.ops[j];
    if (!fits(j) && op.weights.used && !op.weights.reload && op.hold != Hold::b && op.most_m() > 1) {
      reserve(j, j, op.weight_slots[j], -1);
      op.weights.reload = true;
      op.weights.length = op.rounds() * static_cast<std::int64_t>(op.slices.size());
      reserve_window(j);
    }
    refit_window(j);
    if (fits(j)) return;
    throw NotModelled(fmt::format("{} '{}' does not fit: it needs {} B of L3 on one tile, the budget is {} B", op.type,
                                  op.name, fullest(j), config_.l3_bytes));
  }

  void refit_window(std::size_t j) {
    LoweredOp& op = program_.ops[j];
    if (!op.weights.used) return;
    reserve(j, j, op.weight_slots[j], -1);
    reserve_window(j);
  }

  /// Puts the edge that takes most of the fullest tile while operator `at` runs into external memory.
  bool spill_largest(std::size_t at) {
    const auto site =
        static_cast<std::size_t>(std::max_element(used_[at].begin(), used_[at].end()) - used_[at].begin());
    std::size_t reader = 0;
    InputEdge* largest = nullptr;
    std::int64_t most = 0;
    for (std::size_t j = at; j < program_.ops.size(); ++j) {
      LoweredOp& op = program_.ops[j];
      if (op.kind == OpKind::view || op.tile_at[site] < 0) continue;
      for (InputEdge& edge : op.inputs) {
        const bool fixed = edge.stream.used || edge.reshaped || edge.role == EdgeRole::per_channel;
        if (fixed || born(edge, j) > at) continue;
        const std::int64_t gain =
            edge_bytes_on(op, edge, op.tile_at[site]) - (j == at ? config_.spill_buffers * slot_of(op, edge) : 0);
        if (gain <= most) continue;
        most = gain;
        largest = &edge;
        reader = j;
      }
    }
    if (largest == nullptr) return false;
    reserve_edge(reader, *largest, -1);
    stream(reader, *largest);
    return true;
  }

  /// Largest move of an edge.
  std::int64_t slot_of(const LoweredOp& op, const InputEdge& edge) const {
    const auto index = static_cast<std::int32_t>(&edge - op.inputs.data());
    std::int64_t most = 0;
    for (const Move& move : moves_of(op, 0)) {
      if (move.edge == index) most = std::max(most, move.bytes);
    }
    return most;
  }

  void stream(std::size_t j, InputEdge& edge) {
    LoweredOp& op = program_.ops[j];
    const bool shared = edge.role == EdgeRole::input && op.kind == OpKind::gemm && op.groups == 1 && !op.frames_apart;
    const auto index = static_cast<std::int32_t>(&edge - op.inputs.data());
    edge.stream.used = true;
    edge.stream.reload = true;
    edge.stream.lanes = shared && op.tiles_n > 1 ? op.tiles_m : op.tiles();
    std::int64_t longest = 0;
    std::int64_t slot = 0;
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      std::int64_t count = 0;
      for (const Move& move : moves_of(op, tile)) {
        if (move.edge != index) continue;
        ++count;
        slot = std::max(slot, move.bytes);
      }
      longest = std::max(longest, count);
    }
    if (edge.stream.lanes != op.tiles()) {
      longest = (op.hold == Hold::a ? op.most_m() : op.rounds()) * op.chunks;
    }
    edge.stream.length = longest;
    edge.stream.slot_bytes = slot;
    edge.stream.slots = std::min<std::int64_t>(longest, config_.spill_buffers);
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) used(j, op, tile) += edge.stream.slots * slot;
    for (const Piece& piece : edge.pieces) {
      if (piece.producer >= 0) program_.ops[static_cast<std::size_t>(piece.producer)].stored = true;
    }
  }

  /// Weights that can stay for good beside every operator's window, those with the fewest copies first.
  void pin_resident() {
    std::vector<std::size_t> order;
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      if (program_.ops[j].weights.used && !program_.ops[j].weights.reload) order.push_back(j);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return program_.ops[a].tiles_m < program_.ops[b].tiles_m;
    });
    for (const std::size_t j : order) {
      LoweredOp& op = program_.ops[j];
      reserve(j, j, op.weight_slots[j], -1);
      bool room = true;
      for (std::size_t i = 0; i < program_.ops.size() && room; ++i) room = has_room(op, i);
      if (room) {
        for (std::size_t i = 0; i < program_.ops.size(); ++i) reserve(j, i, op.column_slices());
        std::fill(op.weight_slots.begin(), op.weight_slots.end(), op.column_slices());
      } else {
        reserve(j, j, op.weight_slots[j]);
      }
      op.resident = room;
    }
  }

  /// Whether all weights of the operator fit beside what operator `at` needs.
  bool has_room(const LoweredOp& op, std::size_t at) {
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      if (used(at, op, tile) + weight_bytes_on(op, tile) > config_.l3_bytes) return false;
    }
    return true;
  }

  /// As many slots as there is room for while the operator runs, and, going back, while those before it do.
  void plan_slots(std::size_t j) {
    LoweredOp& op = program_.ops[j];
    if (!op.weights.used) return;
    op.weights.slots = op.weight_slots[j];
    if (op.resident || op.weights.reload) return;
    reserve(j, j, op.weight_slots[j], -1);
    std::int64_t most = op.column_slices();
    const auto depth = static_cast<std::size_t>(config_.prefetch_operators);
    for (std::size_t i = j + 1; i-- > 0 && most > 0 && j - i <= depth;) {
      most = std::min(most, room_for(op, i));
      op.weight_slots[i] = most;
      reserve(j, i, most);
    }
    op.weights.slots = op.weight_slots[j];
  }

  /// Slots of the operator for which every one of its tiles has room while operator `at` runs.
  std::int64_t room_for(const LoweredOp& op, std::size_t at) {
    std::int64_t slots = op.column_slices();
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      const std::int64_t free = config_.l3_bytes - used(at, op, tile);
      if (free < weight_bytes_on(op, tile)) {
        slots = std::min(slots, std::max<std::int64_t>(0, free) / op.weights.slot_bytes);
      }
    }
    return slots;
  }

  Program& program_;
  const KpuConfig& config_;
  std::vector<std::vector<std::int64_t>> used_;  ///< [operator][site] bytes
};

}  // namespace

void plan_l3(Program& program, const KpuConfig& config) { Planner(program, config).run(); }

}  // namespace cyclescope::kpu
