// Transfers: every tile receives exactly the bytes it waits for, every weight is loaded once to those that use it.
#include <algorithm>
#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// What a tile needs of a tensor through an edge, in pixels and channels of the producer.
Region need_of(const LoweredOp& reader, const InputEdge& edge, std::int64_t tile) {
  const Region out = reader.output_region(tile);
  if (edge.reshaped) return {0, INT64_MAX, 0, INT64_MAX};
  return edge.residual ? out : input_region(reader, out);
}

/// Elements of `part` that the tile uses through the edge.
std::int64_t used_of(const LoweredOp& reader, const InputEdge& edge, std::int64_t tile, const Region& part) {
  const Region need = need_of(reader, edge, tile);
  const Region common{std::max(part.pixel_begin, need.pixel_begin), std::min(part.pixel_end, need.pixel_end),
                      std::max(part.channel_begin, need.channel_begin), std::min(part.channel_end, need.channel_end)};
  if (common.pixel_begin >= common.pixel_end || common.channel_begin >= common.channel_end) return 0;
  return edge.residual || edge.reshaped ? common.elements() : used_elements(reader, common);
}

}  // namespace

TEST_CASE("a tile expects the used elements of its input region") {
  for (const Case& c : cases()) {
    for (const LoweredOp& op : c.program.ops) {
      for (const InputEdge& edge : op.inputs) {
        INFO(c.name << ", " << op.name);
        const Region whole = edge.producer >= 0 ? Region{0, c.program.ops[static_cast<std::size_t>(edge.producer)].m, 0,
                                                         c.program.ops[static_cast<std::size_t>(edge.producer)].n}
                                                : Region{0, op.in_height * op.in_width, 0, op.in_channels};
        const auto& expected = c.program.edge_expected.at(static_cast<std::size_t>(edge.token));
        REQUIRE(expected.size() == static_cast<std::size_t>(c.config.tiles));
        for (std::int64_t tile = 0; tile < c.config.tiles; ++tile) {
          REQUIRE(expected[static_cast<std::size_t>(tile)] == (tile < op.tiles() ? used_of(op, edge, tile, whole) : 0));
        }
      }
    }
  }
}

TEST_CASE("the segments of every block bring each reader what it uses of that block") {
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      REQUIRE(static_cast<std::int64_t>(c.program.outputs[index].size()) == op.tiles());
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
        const auto& outputs = c.program.outputs[index][static_cast<std::size_t>(tile)];
        std::size_t block = 0;
        for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
          std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> received;  // [token, tile]
          for (const Segment& segment : outputs.at(block).segments) {
            if (segment.store) continue;
            REQUIRE(segment.bytes > 0);
            for (const std::int32_t to : receivers(c.program, segment, static_cast<std::int32_t>(tile))) {
              received[{segment.token, to}] += segment.bytes;
            }
          }
          std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> expected;
          for (const LoweredOp& reader : c.program.ops) {
            for (const InputEdge& edge : reader.inputs) {
              if (edge.producer != static_cast<std::int32_t>(index)) continue;
              for (std::int64_t to = 0; to < reader.tiles(); ++to) {
                const std::int64_t bytes = used_of(reader, edge, to, op.block(mb, nb));
                if (bytes > 0) expected[{edge.token, static_cast<std::int32_t>(to)}] = bytes;
              }
            }
          }
          REQUIRE(received == expected);
          ++block;
        });
        REQUIRE(block == outputs.size());
      }
    }
  }
}

TEST_CASE("graph inputs are loaded to the tiles that use them") {
  for (const Case& c : cases()) {
    INFO(c.name);
    std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> received;
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) {
        if (load.weights) continue;
        REQUIRE(load.gate == -1);
        REQUIRE_FALSE(load.resident);
        for (const std::int32_t to : c.program.routes[static_cast<std::size_t>(load.route)].destinations) {
          received[{load.token, to}] += load.bytes;
        }
      }
    }
    for (const LoweredOp& op : c.program.ops) {
      for (const InputEdge& edge : op.inputs) {
        if (edge.producer >= 0) continue;
        for (std::int32_t tile = 0; tile < op.tiles(); ++tile) {
          const auto found = received.find({edge.token, tile});
          REQUIRE(c.program.edge_expected[static_cast<std::size_t>(edge.token)][static_cast<std::size_t>(tile)] ==
                  (found == received.end() ? 0 : found->second));
        }
      }
    }
  }
}

TEST_CASE("weights are loaded once, to the tiles of their column") {
  constexpr std::int64_t kBytesPerChannel = 8;  // bias and requantisation scale of 32 bits each
  for (const Case& c : cases()) {
    INFO(c.name);
    std::int64_t need = 0;
    for (const LoweredOp& op : c.program.ops) {
      need += op.kind == OpKind::gemm ? op.n * (op.k + kBytesPerChannel) : 0;
    }
    std::int64_t loaded = 0;
    std::set<std::int32_t> tokens;
    for (std::size_t engine = 0; engine < c.program.loads.size(); ++engine) {
      for (const Load& load : c.program.loads[engine]) {
        const RouteSpec& route = c.program.routes[static_cast<std::size_t>(load.route)];
        REQUIRE(route.source == c.config.tiles + static_cast<std::int32_t>(engine));
        if (!load.weights) continue;
        const LoweredOp& op = c.program.ops[static_cast<std::size_t>(load.op)];
        REQUIRE(tokens.insert(load.token).second);
        const std::int64_t nb = (load.token - op.first_weight_token) / static_cast<std::int64_t>(op.slices.size());
        std::set<std::int32_t> holders;
        for (std::int32_t tile = 0; tile < op.tiles(); ++tile) {
          const Range columns = op.blocks_n(tile);
          if (columns.begin <= nb && nb < columns.end) holders.insert(tile);
        }
        REQUIRE(holders == std::set<std::int32_t>(route.destinations.begin(), route.destinations.end()));
        REQUIRE(holders.size() == route.destinations.size());
        const auto slot = static_cast<std::size_t>(load.token - c.program.edge_tokens);
        REQUIRE(load.bytes == c.program.weight_expected.at(slot));
        REQUIRE(load.resident == op.resident);
        REQUIRE(c.program.weight_resident.at(slot) == op.resident);
        loaded += load.bytes;
      }
    }
    REQUIRE(static_cast<std::int32_t>(tokens.size()) == c.program.tokens - c.program.edge_tokens);
    REQUIRE(loaded == need);
  }
}

TEST_CASE("no load waits for its own operator or a later one") {
  for (const Case& c : cases()) {
    INFO(c.name);
    for (const auto& engine : c.program.loads) {
      std::int32_t op = -1;
      for (const Load& load : engine) {
        if (!load.weights) continue;
        REQUIRE(load.op >= op);  // in the order of use
        op = load.op;
        REQUIRE(load.gate >= -1);
        REQUIRE(load.gate < load.op);
        if (!load.resident) REQUIRE(load.op - load.gate - 1 <= c.config.prefetch_operators);
      }
    }
  }
}

TEST_CASE("stretches of external memory do not overlap") {
  constexpr std::int64_t kAlignment = 256;
  for (const Case& c : cases()) {
    INFO(c.name);
    std::map<std::int64_t, std::int64_t> stretches;
    std::int64_t stored = 0;
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) REQUIRE(stretches.insert({load.address, load.bytes}).second);
    }
    for (std::size_t index = 0; index < c.program.ops.size(); ++index) {
      for (std::size_t tile = 0; tile < c.program.outputs[index].size(); ++tile) {
        for (const BlockOutput& block : c.program.outputs[index][tile]) {
          for (const Segment& segment : block.segments) {
            if (!segment.store) continue;
            const RouteSpec& route = c.program.routes[static_cast<std::size_t>(segment.route)];
            REQUIRE(route.source == static_cast<std::int32_t>(tile));
            REQUIRE(route.destinations.size() == 1);
            REQUIRE(route.destinations.front() >= c.config.tiles);
            REQUIRE(stretches.insert({segment.address, segment.bytes}).second);
            stored += segment.bytes;
          }
        }
      }
    }
    std::int64_t end = 0;
    for (const auto& [address, bytes] : stretches) {
      REQUIRE(address % kAlignment == 0);
      REQUIRE(address >= end);
      end = address + bytes;
    }
    REQUIRE(end <= c.program.external_bytes);
    std::int64_t results = 0;
    for (const TensorId output : c.graph.outputs) results += c.graph.tensors[output].elements();
    REQUIRE(stored == results);
    REQUIRE(stored == c.program.store_bytes);
  }
}
