// External memory as lowering lays it out: what lies where, what is stored, what is read again.
#include <algorithm>
#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Whether the stream of a token carries some of what the graph gives.
bool streams_from_outside(const LoweredOp& op, std::int32_t token) {
  for (const InputEdge& edge : op.inputs) {
    const Stream& stream = edge.stream;
    if (!stream.used || token < stream.first_token || token >= stream.first_token + stream.lanes * stream.length)
      continue;
    for (const Piece& piece : edge.pieces) {
      if (piece.producer < 0) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("stretches of external memory do not overlap, but for what is read again") {
  for (const Case& c : cases()) {
    INFO(c.name);
    const std::int64_t alignment = c.config.load_alignment;
    std::map<std::int64_t, std::int64_t> stretches;
    std::vector<const Load*> again;  // spilled activations, and weights that are loaded for every use
    std::int64_t stored = 0;
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) {
        const LoweredOp& op = c.program.ops[static_cast<std::size_t>(load.op)];
        const bool spilled = load.token >= c.program.edge_tokens && !load.weights;
        if (!spilled) REQUIRE(load.address % alignment == 0);
        REQUIRE(load.address + load.bytes <= c.program.external_bytes);
        if (load.token >= c.program.edge_tokens && (!load.weights || op.weights.reload)) {
          again.push_back(&load);
        } else {
          REQUIRE(stretches.insert({load.address, load.bytes}).second);
        }
      }
    }
    std::vector<Range> made(c.program.ops.size(), {INT64_MAX, 0});  // [operator] where its results are
    std::set<std::int64_t> behind;                                  // results right behind others of their tile
    for (std::size_t index = 0; index < c.program.ops.size(); ++index) {
      const LoweredOp& op = c.program.ops[index];
      std::int64_t results = 0;
      for (std::size_t tile = 0; tile < c.program.outputs[index].size(); ++tile) {
        std::int64_t next = -1;
        for (const BlockOutput& block : c.program.outputs[index][tile]) {
          for (const Segment& segment : block.segments) {
            if (!segment.store) continue;
            const RouteSpec& route = c.program.routes[static_cast<std::size_t>(segment.route)];
            REQUIRE(route.source == site_of(op, static_cast<std::int64_t>(tile)));
            REQUIRE(route.destinations.size() == 1);
            REQUIRE(route.destinations.front() >= c.config.tiles);
            REQUIRE(segment.token == static_cast<std::int32_t>(index));
            REQUIRE(stretches.insert({segment.address, segment.bytes}).second);
            REQUIRE(segment.address == (next < 0 ? round_up(segment.address, alignment) : next));
            if (next >= 0) behind.insert(segment.address);
            next = segment.address + segment.bytes;
            made[index].begin = std::min(made[index].begin, segment.address);
            made[index].end = std::max(made[index].end, segment.address + segment.bytes);
            results += segment.bytes;
          }
        }
      }
      REQUIRE(results == c.program.store_expected[index]);
      REQUIRE(results == (op.stored || op.graph_output ? op.m * op.n * op.result_bytes : 0));
      stored += results;
    }
    REQUIRE(stored == c.program.store_bytes);
    std::int64_t end = 0;
    for (const auto& [address, bytes] : stretches) {
      REQUIRE((address % alignment == 0 || behind.count(address) != 0));
      REQUIRE(address >= end);
      end = address + bytes;
    }
    REQUIRE(end <= c.program.external_bytes);
    for (const Load* load : again) {
      const auto next = stretches.upper_bound(load->address);
      if (load->stored >= 0) {  // results come back from where results are
        const Range& where = made[static_cast<std::size_t>(load->stored)];
        bool inside = false;
        for (const Range& range : made)
          inside = inside || (range.begin <= load->address && load->address + load->bytes <= range.end);
        INFO("operator " << load->op << " reads " << load->bytes << " B at " << load->address << ", operator "
                         << load->stored << " wrote " << where.begin << " to " << where.end);
        if (inside) continue;
        REQUIRE(streams_from_outside(c.program.ops[static_cast<std::size_t>(load->op)], load->token));
      }
      {  // nothing else lies there
        if (next != stretches.end()) REQUIRE(load->address + load->bytes <= next->first);
        if (next != stretches.begin()) REQUIRE(std::prev(next)->first + std::prev(next)->second <= load->address);
      }
    }
  }
}

TEST_CASE("results that the graph gives or that come back later are stored, all others are not") {
  for (const Case& c : cases()) {
    INFO(c.name);
    std::set<std::int32_t> back;
    for (const LoweredOp& op : c.program.ops) {
      for (const InputEdge& edge : op.inputs) {
        for (const Piece& piece : edge.pieces) {
          if (edge.stream.used && piece.producer >= 0) back.insert(piece.producer);
        }
      }
    }
    for (std::size_t index = 0; index < c.program.ops.size(); ++index) {
      REQUIRE(c.program.ops[index].stored == (back.count(static_cast<std::int32_t>(index)) == 1));
    }
    std::int64_t results = 0;
    for (const TensorId output : c.graph.outputs) {
      results += c.graph.tensors[output].elements() * c.options.batch * c.program.ops.back().result_bytes;
    }
    if (back.empty()) REQUIRE(c.program.store_bytes == results);
    REQUIRE(c.program.store_bytes >= results);
  }
}
