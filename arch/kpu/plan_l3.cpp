// Static plan of L3. Operators run one after another, so the life of everything in L3 is a range of operator indices:
// an input is there from its producer's run (it is pushed to its readers) to its reader's, outputs wait in staging
// while their operator runs. Weights come slice by slice into slots; the plan says how many slots a tile has for each
// operator's weights while it and the operators before it run.
#include <fmt/format.h>

#include <algorithm>

#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

/// Bytes in use: [operator][tile].
using Usage = std::vector<std::vector<std::int64_t>>;

std::int64_t weight_bytes_on(const LoweredOp& op, std::int64_t tile) {
  if (op.kind != OpKind::gemm || tile >= op.tiles()) return 0;
  const Region out = op.output_region(tile);
  return (out.channel_end - out.channel_begin) * (op.k + op.epilogue_bytes);
}

/// Largest weight slice in bytes.
std::int64_t slot_bytes(const LoweredOp& op) {
  std::int64_t steps = 0;
  for (const Slice& slice : op.slices) steps = std::max(steps, slice.steps);
  return (steps + op.epilogue_bytes) * op.block_n;
}

/// Bytes that `slots` weight slices take on a tile.
std::int64_t slots_bytes_on(const LoweredOp& op, std::int64_t slots, std::int64_t tile) {
  return std::min(slots * slot_bytes(op), weight_bytes_on(op, tile));
}

/// Slices that must be in L3 at once: all that are read again, and two to stream the others.
std::int64_t least_slots(const LoweredOp& op) {
  const bool read_once = op.hold == Hold::b || op.tiles_m >= op.grid_m;
  const std::int64_t again = op.hold == Hold::a ? op.column_slices() : static_cast<std::int64_t>(op.slices.size());
  return std::min(op.column_slices(), read_once ? 2 : again + 2);
}

std::int64_t edge_bytes_on(const LoweredOp& op, const InputEdge& edge, std::int64_t tile) {
  if (tile >= op.tiles()) return 0;
  const Region out = op.output_region(tile);
  return edge.residual ? out.elements() : used_elements(op, input_region(op, out));
}

class Planner {
 public:
  Planner(Program& program, const KpuConfig& config)
      : program_(program),
        config_(config),
        used_(program.ops.size(), std::vector<std::int64_t>(static_cast<std::size_t>(config.tiles), 0)) {}

  void run() {
    for (std::size_t j = 0; j < program_.ops.size(); ++j) reserve_activations(j);
    for (std::size_t j = 0; j < program_.ops.size(); ++j) reserve_window(j);
    check();
    pin_resident();
    for (std::size_t j = 0; j < program_.ops.size(); ++j) plan_slots(j);
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      program_.ops[j].l3_peak = *std::max_element(used_[j].begin(), used_[j].end());
    }
  }

 private:
  void reserve_activations(std::size_t j) {
    const LoweredOp& op = program_.ops[j];
    if (op.kind == OpKind::view) return;
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      const auto t = static_cast<std::size_t>(tile);
      used_[j][t] += op.output_region(tile).elements();  // staging until sent
      for (const InputEdge& edge : op.inputs) {
        const std::int64_t bytes = edge_bytes_on(op, edge, tile);
        for (auto i = static_cast<std::size_t>(std::max(edge.producer, 0)); i <= j; ++i) used_[i][t] += bytes;
      }
    }
  }

  /// Adds (or with a negative sign takes back) weight slots of operator j while operator `at` runs.
  void reserve(std::size_t j, std::size_t at, std::int64_t slots, std::int64_t sign = 1) {
    for (std::int64_t tile = 0; tile < config_.tiles; ++tile) {
      used_[at][static_cast<std::size_t>(tile)] += sign * slots_bytes_on(program_.ops[j], slots, tile);
    }
  }

  [[nodiscard]] bool fits(std::size_t at) const {
    return *std::max_element(used_[at].begin(), used_[at].end()) <= config_.l3_bytes;
  }

  /// Slots that every operator is sure of while it runs: the window that streaming wants, if there is room for it.
  void reserve_window(std::size_t j) {
    LoweredOp& op = program_.ops[j];
    if (op.kind != OpKind::gemm) return;
    const std::int64_t least = least_slots(op);
    std::int64_t window = std::clamp(config_.weight_window / slot_bytes(op), least, op.column_slices());
    for (reserve(j, j, window); window > least && !fits(j); --window) {
      reserve(j, j, window, -1);
      reserve(j, j, window - 1);
    }
    op.weight_slots.assign(j + 1, 0);
    op.weight_slots[j] = window;
  }

  void check() const {
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      const std::int64_t need = *std::max_element(used_[j].begin(), used_[j].end());
      if (need > config_.l3_bytes) {
        throw NotModelled(fmt::format("{} '{}' does not fit: it needs {} B of L3 on one tile, the budget is {} B",
                                      program_.ops[j].type, program_.ops[j].name, need, config_.l3_bytes));
      }
    }
  }

  /// Weights that can stay for good beside every operator's window, those with the fewest copies first.
  void pin_resident() {
    std::vector<std::size_t> order;
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      if (program_.ops[j].kind == OpKind::gemm) order.push_back(j);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return program_.ops[a].tiles_m < program_.ops[b].tiles_m;
    });
    for (const std::size_t j : order) {
      LoweredOp& op = program_.ops[j];
      Usage before = used_;
      reserve(j, j, op.weight_slots[j], -1);
      bool room = true;
      for (std::size_t i = 0; i < program_.ops.size(); ++i) {
        reserve(j, i, op.column_slices());
        room = room && fits(i);
      }
      op.resident = room;
      if (room) {
        std::fill(op.weight_slots.begin(), op.weight_slots.end(), op.column_slices());
      } else {
        used_ = std::move(before);
      }
    }
  }

  /// As many slots as there is room for while the operator runs, and, going back, while those before it do.
  void plan_slots(std::size_t j) {
    LoweredOp& op = program_.ops[j];
    if (op.kind != OpKind::gemm || op.resident) return;
    reserve(j, j, op.weight_slots[j], -1);
    std::int64_t most = op.column_slices();
    const auto depth = static_cast<std::size_t>(config_.prefetch_operators);
    for (std::size_t i = j + 1; i-- > 0 && most > 0 && j - i <= depth;) {
      most = std::min(most, room_for(op, i));
      op.weight_slots[i] = most;
      reserve(j, i, most);
    }
  }

  /// Slots of the operator for which every one of its tiles has room while operator `at` runs.
  [[nodiscard]] std::int64_t room_for(const LoweredOp& op, std::size_t at) const {
    std::int64_t slots = op.column_slices();
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      const std::int64_t free = config_.l3_bytes - used_[at][static_cast<std::size_t>(tile)];
      if (free < weight_bytes_on(op, tile)) slots = std::min(slots, std::max<std::int64_t>(0, free) / slot_bytes(op));
    }
    return slots;
  }

  Program& program_;
  const KpuConfig& config_;
  Usage used_;
};

}  // namespace

void plan_l3(Program& program, const KpuConfig& config) { Planner(program, config).run(); }

}  // namespace cyclescope::kpu
