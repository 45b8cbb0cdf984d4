// Static plan of L3. Operators run one after another, so the life of everything in L3 is a range of operator indices:
// an input is there from its producer's run (it is pushed to its readers) to its reader's, outputs wait in staging
// while their operator runs, weights from the operator after their gate to the one that uses them.
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

std::int64_t edge_bytes_on(const LoweredOp& op, const InputEdge& edge, std::int64_t tile) {
  if (tile >= op.tiles()) return 0;
  const Region out = op.output_region(tile);
  return edge.residual ? out.elements() : used_elements(op, input_region(op, out));
}

class Planner {
 public:
  Planner(Program& program, const KpuConfig& config)
      : program_(program), config_(config),
        used_(program.ops.size(), std::vector<std::int64_t>(static_cast<std::size_t>(config.tiles), 0)) {}

  void run() {
    for (std::size_t j = 0; j < program_.ops.size(); ++j) reserve_activations(j);
    for (std::size_t j = 0; j < program_.ops.size(); ++j) reserve_weights(j, j);
    check();
    pin_resident();
    for (std::size_t j = 0; j < program_.ops.size(); ++j) extend_prefetch(j);
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

  void reserve_weights(std::size_t j, std::size_t at) {
    for (std::int64_t tile = 0; tile < config_.tiles; ++tile) {
      used_[at][static_cast<std::size_t>(tile)] += weight_bytes_on(program_.ops[j], tile);
    }
  }

  [[nodiscard]] bool room_for_weights(std::size_t j, std::size_t at) const {
    for (std::int64_t tile = 0; tile < config_.tiles; ++tile) {
      if (used_[at][static_cast<std::size_t>(tile)] + weight_bytes_on(program_.ops[j], tile) > config_.l3_bytes) {
        return false;
      }
    }
    return true;
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

  /// Weights that can stay for good, smallest number of copies first: while they are there, every operator must still
  /// find room for the weights of the next one with weights.
  void pin_resident() {
    std::vector<std::size_t> order;
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      if (program_.ops[j].kind == OpKind::gemm) order.push_back(j);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return program_.ops[a].tiles_m < program_.ops[b].tiles_m;
    });
    for (const std::size_t j : order) {
      Usage before = used_;
      for (std::size_t i = 0; i < program_.ops.size(); ++i) {
        if (i != j) reserve_weights(j, i);
      }
      program_.ops[j].resident = true;
      if (!every_operator_has_room_ahead()) {
        program_.ops[j].resident = false;
        used_ = std::move(before);
      }
    }
  }

  [[nodiscard]] bool every_operator_has_room_ahead() const {
    for (std::size_t i = 0; i < program_.ops.size(); ++i) {
      std::size_t next = i + 1;
      while (next < program_.ops.size() && (program_.ops[next].kind != OpKind::gemm || program_.ops[next].resident)) {
        ++next;
      }
      const bool fits = next < program_.ops.size()
                            ? room_for_weights(next, i)
                            : *std::max_element(used_[i].begin(), used_[i].end()) <= config_.l3_bytes;
      if (!fits) return false;
    }
    return true;
  }

  void extend_prefetch(std::size_t j) {
    LoweredOp& op = program_.ops[j];
    if (op.kind != OpKind::gemm) return;
    std::size_t first = j;
    if (op.resident) {
      first = 0;
    } else {
      for (int ahead = 0; ahead < config_.prefetch_operators && first > 0 && room_for_weights(j, first - 1); ++ahead) {
        reserve_weights(j, --first);
      }
    }
    op.gate = static_cast<std::int32_t>(first) - 1;
  }

  Program& program_;
  const KpuConfig& config_;
  Usage used_;
};

}  // namespace

void plan_l3(Program& program, const KpuConfig& config) { Planner(program, config).run(); }

}  // namespace cyclescope::kpu
