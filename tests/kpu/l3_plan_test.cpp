// The plan of L3: what lives on every tile while every operator runs, recomputed; slots through which weights stream.
#include <algorithm>
#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Bytes of every weight slice of a tile, in order of use.
std::vector<std::int64_t> slice_bytes(const Program& program, const LoweredOp& op, std::int64_t tile) {
  std::vector<std::int64_t> bytes;
  if (op.kind != OpKind::gemm || tile >= op.tiles()) return bytes;
  const Range columns = op.blocks_n(tile);
  const auto slices = static_cast<std::int64_t>(op.slices.size());
  for (std::int64_t i = columns.begin * slices; i < columns.end * slices; ++i) {
    bytes.push_back(
        program.weight_expected.at(static_cast<std::size_t>(op.first_weight_token + i - program.edge_tokens)));
  }
  return bytes;
}

/// The most bytes that `slots` of the slices can take: as many as there are of the largest.
std::int64_t most_bytes(const Program& program, const LoweredOp& op, std::int64_t tile, std::int64_t slots) {
  const std::vector<std::int64_t> all = slice_bytes(program, op, tile);
  std::int64_t total = 0;
  for (const std::int64_t bytes : all) total += bytes;
  std::int64_t largest = 0;
  for (const Slice& slice : op.slices) largest = std::max(largest, slice.steps + op.epilogue_bytes);
  return std::min(total, slots * largest * op.block_n);
}

/// Everything that is in the L3 of a tile while operator `at` runs.
std::int64_t usage(const Program& program, std::size_t at, std::int64_t tile) {
  std::int64_t bytes = 0;
  for (std::size_t j = 0; j < program.ops.size(); ++j) {
    const LoweredOp& op = program.ops[j];
    if (op.kind == OpKind::view) continue;
    if (j == at && tile < op.tiles()) bytes += op.output_region(tile).elements();
    for (const InputEdge& edge : op.inputs) {
      const auto from = static_cast<std::size_t>(std::max(edge.producer, 0));
      if (from <= at && at <= j) {
        bytes += program.edge_expected[static_cast<std::size_t>(edge.token)][static_cast<std::size_t>(tile)];
      }
    }
    if (op.kind != OpKind::gemm) continue;
    if (op.resident) {
      for (const std::int64_t slice : slice_bytes(program, op, tile)) bytes += slice;
    } else if (at <= j) {
      bytes += most_bytes(program, op, tile, op.weight_slots.at(at));
    }
  }
  return bytes;
}

/// Streams the weights of one column of tiles through `slots` slots, every tile moving slices out in its own order.
void stream_column(const Case& c, const LoweredOp& op, std::int64_t column) {
  const std::int64_t slots = op.weight_slots.back();
  std::vector<std::vector<Move>> moves;  // of weights, per tile
  std::int64_t slices = 0;
  for (std::int64_t row = 0; row < op.tiles_m; ++row) {
    const std::int64_t tile = row * op.tiles_n + column;
    moves.emplace_back();
    for (const Move& move : expand(op, tile, c.config).moves) {
      if (move.operand == Operand::b) moves.back().push_back(move);
    }
    slices = op.blocks_n(tile).size() * static_cast<std::int64_t>(op.slices.size());
  }
  const std::int64_t first_token =
      op.first_weight_token + op.blocks_n(column).begin * static_cast<std::int64_t>(op.slices.size());
  const std::int64_t first_credit = op.first_credit + column * op.column_slices();
  std::vector<std::size_t> next(moves.size(), 0);
  std::map<std::int64_t, std::int64_t> copies_left;  // [slice] tiles that have not moved it out for good
  std::int64_t loaded = 0;
  for (bool progress = true; progress;) {
    progress = false;
    if (loaded < slices && (loaded < slots || copies_left.at(loaded - slots) == 0)) {
      copies_left[loaded++] = op.tiles_m;
      progress = true;
    }
    for (std::size_t row = 0; row < moves.size(); ++row) {
      while (next[row] < moves[row].size() && moves[row][next[row]].token - first_token < loaded) {
        const Move& move = moves[row][next[row]++];
        const std::int64_t slice = move.token - first_token;
        REQUIRE(copies_left.at(slice) > 0);
        if (move.credit >= 0) {
          REQUIRE(move.credit - first_credit == slice);
          --copies_left[slice];
        }
        progress = true;
      }
    }
    std::int64_t inside = 0;
    for (const auto& [slice, copies] : copies_left) inside += copies > 0 ? 1 : 0;
    REQUIRE(inside <= slots);
  }
  REQUIRE(loaded == slices);
  for (std::size_t row = 0; row < moves.size(); ++row) REQUIRE(next[row] == moves[row].size());
}

}  // namespace

TEST_CASE("no tile ever holds more than its L3, and the peak is the fullest one") {
  for (const Case& c : cases()) {
    for (const std::size_t at : working_operators(c.program)) {
      INFO(c.name << ", " << c.program.ops[at].name);
      std::int64_t most = 0;
      for (std::int64_t tile = 0; tile < c.config.tiles; ++tile) most = std::max(most, usage(c.program, at, tile));
      REQUIRE(most <= c.config.l3_bytes);
      REQUIRE(most == c.program.ops[at].l3_peak);
    }
  }
}

TEST_CASE("resident weights have all their slots for good") {
  int resident = 0;
  int streamed = 0;
  for (const Case& c : cases()) {
    for (const LoweredOp& op : c.program.ops) {
      if (op.kind != OpKind::gemm) continue;
      INFO(c.name << ", " << op.name);
      REQUIRE(std::is_sorted(op.weight_slots.begin(), op.weight_slots.end()));
      REQUIRE(op.weight_slots.back() > 0);
      REQUIRE(op.weight_slots.back() <= op.column_slices());
      if (op.resident) REQUIRE(op.weight_slots.back() == op.column_slices());
      (op.resident ? resident : streamed) += 1;
    }
  }
  REQUIRE(resident > 0);
  REQUIRE(streamed > 0);
}

TEST_CASE("a weight slice is loaded when it has a slot: by then, or when an earlier slice has left its own") {
  int with_credit = 0;
  for (const Case& c : cases()) {
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) {
        if (!load.weights) continue;
        const LoweredOp& op = c.program.ops[static_cast<std::size_t>(load.op)];
        INFO(c.name << ", " << op.name);
        const std::int64_t token = load.token - op.first_weight_token;
        const std::int64_t nb = token / static_cast<std::int64_t>(op.slices.size());
        std::int64_t column = 0;
        while (op.blocks_n(column).end <= nb) ++column;
        const std::int64_t slice = token - op.blocks_n(column).begin * static_cast<std::int64_t>(op.slices.size());
        if (op.resident) {
          REQUIRE(load.gate == -1);
          REQUIRE(load.credit == -1);
        } else if (load.credit >= 0) {
          ++with_credit;
          REQUIRE(load.gate == load.op - 1);
          REQUIRE(slice >= op.weight_slots.back());
          REQUIRE(load.credit == op.first_credit + column * op.column_slices() + slice - op.weight_slots.back());
        } else {
          const auto first = static_cast<std::size_t>(load.gate + 1);  // the operator that runs from then on
          REQUIRE(slice < op.weight_slots.at(first));
          if (first > 0) REQUIRE(slice >= op.weight_slots.at(first - 1));  // not sooner
        }
      }
    }
  }
  REQUIRE(with_credit > 0);
}

TEST_CASE("weights that stream through fewer slots than slices all arrive") {
  int streamed = 0;
  int read_again = 0;
  for (const Case& c : cases()) {
    for (const LoweredOp& op : c.program.ops) {
      if (op.kind != OpKind::gemm || op.weight_slots.back() >= op.column_slices()) continue;
      read_again += op.hold == Hold::none && op.grid_m > op.tiles_m ? 1 : 0;
      INFO(c.name << ", " << op.name << ", " << op.weight_slots.back() << " slots");
      ++streamed;
      for (std::int64_t column = 0; column < op.tiles_n; ++column) stream_column(c, op, column);
    }
  }
  REQUIRE(streamed > 0);
  REQUIRE(read_again > 0);
}
