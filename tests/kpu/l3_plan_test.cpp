// The plan of L3: what lives on every tile while every operator runs, recomputed; slots through which weights stream.
#include <algorithm>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Bytes of every weight slice of a tile.
std::vector<std::int64_t> slice_bytes(const LoweredOp& op, std::int64_t tile) {
  std::vector<std::int64_t> bytes;
  const Range columns = op.blocks_n(tile);
  for (std::int64_t nb = columns.begin; nb < columns.end; ++nb) {
    for (std::size_t s = 0; s < op.slices_of(nb).size(); ++s) bytes.push_back(weight_slice_bytes(op, nb, s));
  }
  return bytes;
}

/// The most bytes that `slots` of the slices can take: as many as there are of the largest.
std::int64_t most_bytes(const LoweredOp& op, std::int64_t tile, std::int64_t slots) {
  std::int64_t total = 0;
  for (const std::int64_t bytes : slice_bytes(op, tile)) total += bytes;
  std::int64_t largest = 0;
  for (const auto& slices : {op.slices, op.last_slices}) {
    for (const Slice& slice : slices) {
      largest = std::max(largest, slice.steps * op.element_bytes + op.epilogue_bytes);
    }
  }
  return std::min(total, slots * largest * op.block_n);
}

/// The largest delivery of an edge that any tile gets.
std::int64_t largest_delivery(const LoweredOp& op, std::int32_t edge) {
  std::int64_t largest = 0;
  for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
    for (const Move& move : moves_of(op, tile)) {
      if (move.edge == edge) largest = std::max(largest, move.bytes);
    }
  }
  return largest;
}

/// What operator `at` itself keeps on a tile: results on their way out, deliveries of spilled operands.
std::int64_t of_its_own(const LoweredOp& op, std::int64_t tile) {
  std::int64_t bytes = std::min(op.output_region(tile).elements() * op.result_bytes, op.staging_bytes);
  for (const InputEdge& edge : op.inputs) {
    if (edge.stream.used) bytes += edge.stream.slots * edge.stream.slot_bytes;
  }
  return bytes;
}

/// Everything that is in the L3 of a tile while operator `at` runs.
std::int64_t usage(const Program& program, std::size_t at, std::int32_t site) {
  std::int64_t bytes = 0;
  for (std::size_t j = 0; j < program.ops.size(); ++j) {
    const LoweredOp& op = program.ops[j];
    if (op.kind == OpKind::view) continue;
    const std::int64_t tile = op.tile_at[static_cast<std::size_t>(site)];
    if (tile < 0) continue;
    if (j == at) bytes += of_its_own(op, tile);
    for (const InputEdge& edge : op.inputs) {
      if (edge.stream.used) continue;
      // The earliest of those that make parts of it. Inputs of the graph are there first, parameters come while the
      // operator before the reader runs.
      std::size_t from = j;
      for (const Piece& piece : edge.pieces) {
        std::size_t since = piece.producer == kConstant && j > 0 ? j - 1 : 0;
        if (piece.producer >= 0) since = static_cast<std::size_t>(piece.producer);
        from = std::min(from, since);
      }
      if (from <= at && at <= j) {
        bytes += program.edge_expected[static_cast<std::size_t>(edge.token)][static_cast<std::size_t>(site)];
      }
    }
    if (!op.weights.used) continue;
    if (op.resident) {
      for (const std::int64_t slice : slice_bytes(op, tile)) bytes += slice;
    } else if (at <= j) {
      bytes += most_bytes(op, tile, op.weight_slots.at(at));
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("no tile ever holds more than its L3, and the peak is the fullest one") {
  for (const Case& c : cases()) {
    for (const std::size_t at : working_operators(c.program)) {
      INFO(c.name << ", " << c.program.ops[at].name);
      std::int64_t most = 0;
      for (std::int32_t site = 0; site < c.config.tiles; ++site) most = std::max(most, usage(c.program, at, site));
      REQUIRE(most <= c.config.l3_bytes);
      REQUIRE(most == c.program.ops[at].l3_peak);
    }
  }
}

TEST_CASE("results wait for their way out all together, or a few blocks at a time") {
  int few = 0;
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      std::int64_t all = 0;
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
        all = std::max(all, op.output_region(tile).elements() * op.result_bytes);
      }
      if (op.staging_bytes == all) continue;
      REQUIRE(op.staging_bytes == c.config.staging_blocks * op.block_m * op.block_n * op.result_bytes);
      REQUIRE(op.staging_bytes < all);
      ++few;
    }
  }
  REQUIRE(few > 0);
}

TEST_CASE("a slot for a delivery holds the largest one") {
  int streams = 0;
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      for (std::size_t edge = 0; edge < op.inputs.size(); ++edge) {
        const Stream& stream = op.inputs[edge].stream;
        if (!stream.used) continue;
        INFO(c.name << ", " << op.name << ", operand " << edge);
        REQUIRE(stream.slot_bytes == largest_delivery(op, static_cast<std::int32_t>(edge)));
        REQUIRE(stream.slots == std::min<std::int64_t>(stream.length, c.config.spill_buffers));
        ++streams;
      }
      if (op.weights.used) {
        for (std::int64_t nb = 0; nb < op.grid_n; ++nb) {
          for (std::size_t s = 0; s < op.slices_of(nb).size(); ++s) {
            REQUIRE(weight_slice_bytes(op, nb, s) <= op.weights.slot_bytes);
          }
        }
      }
    }
  }
  REQUIRE(streams > 0);
}

TEST_CASE("resident weights have all their slots for good") {
  int resident = 0;
  int streamed = 0;
  for (const Case& c : cases()) {
    for (const LoweredOp& op : c.program.ops) {
      if (!op.weights.used) continue;
      INFO(c.name << ", " << op.name);
      REQUIRE(std::is_sorted(op.weight_slots.begin(), op.weight_slots.end()));
      REQUIRE(op.weight_slots.back() > 0);
      REQUIRE(op.weight_slots.back() <= op.weights.length);
      REQUIRE(op.weights.length ==
              (op.weights.reload ? op.rounds() : op.most_n()) * static_cast<std::int64_t>(op.slices.size()));
      if (op.resident) REQUIRE(op.weight_slots.back() == op.column_slices());
      REQUIRE_FALSE((op.resident && op.weights.reload));
      (op.resident ? resident : streamed) += 1;
    }
  }
  REQUIRE(resident > 0);
  REQUIRE(streamed > 0);
}

TEST_CASE("a weight slice is loaded when it has a slot: by then, or when an earlier slice has left its own") {
  int with_credit = 0;
  for (const Case& c : cases()) {
    std::set<std::int32_t> loaded;
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) loaded.insert(load.token);
    }
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) {
        const LoweredOp& op = c.program.ops[static_cast<std::size_t>(load.op)];
        if (!op.weights.used || load.token < op.weights.first_token) continue;
        if (load.token >= op.weights.first_token + op.weights.lanes * op.weights.length) continue;
        INFO(c.name << ", " << op.name);
        // The last part of a split reduction may have fewer slices: their numbers are left out.
        const auto lane = static_cast<std::int32_t>((load.token - op.weights.first_token) % op.weights.length);
        const auto first_of_lane = loaded.lower_bound(load.token - lane);
        const auto slice = static_cast<std::int64_t>(std::distance(first_of_lane, loaded.find(load.token)));
        if (op.resident) {
          REQUIRE(load.gate == -1);
          REQUIRE(load.credit == -1);
        } else if (load.credit >= 0) {
          ++with_credit;
          REQUIRE(load.gate == load.op - 1);
          REQUIRE(slice >= op.weight_slots.back());
          REQUIRE(load.credit == *std::next(first_of_lane, slice - op.weight_slots.back()));
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
