// Transfers: every tile receives exactly the bytes it waits for, every weight is loaded once to those that use it.
#include <algorithm>
#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// What a tile needs through an edge, in pixels (frame after frame) and channels of the reader's plane.
Region need_of(const LoweredOp& reader, const InputEdge& edge, std::int64_t tile) {
  const Region out = reader.output_region(tile);
  if (edge.reshaped) return {0, reader.frames * edge.pixels, 0, edge.channels};
  switch (edge.role) {
    case EdgeRole::input:
      return input_region(reader, out);
    case EdgeRole::residual:
      return out;
    case EdgeRole::per_channel:
      return {0, edge.pixels, out.channel_begin, out.channel_end};
    case EdgeRole::operand_b:
      break;
  }
  // All of the other operand, in the frames and groups of the outputs.
  const std::int64_t frame = reader.out_height * reader.out_width;
  const std::int64_t group = reader.n / reader.groups;
  const std::int64_t width = edge.channels / reader.groups;
  return {out.pixel_begin / frame * edge.pixels, ((out.pixel_end - 1) / frame + 1) * edge.pixels,
          out.channel_begin / group * width, ((out.channel_end - 1) / group + 1) * width};
}

/// Bytes of `part` of the reader's plane that the tile uses through the edge.
std::int64_t used_of(const LoweredOp& reader, const InputEdge& edge, std::int64_t tile, const Region& part) {
  const Region common = intersect(part, need_of(reader, edge, tile));
  if (common.empty()) return 0;
  const bool windowed = edge.role == EdgeRole::input && !edge.reshaped;
  return (windowed ? used_elements(reader, common) : common.elements()) * edge.element_bytes;
}

/// Bytes of a rectangle of a producer's output that the tile uses through a piece of the edge, frame by frame.
std::int64_t used_of(const LoweredOp& reader, const InputEdge& edge, std::int64_t tile, const Piece& piece,
                     const Region& rect) {
  std::int64_t bytes = 0;
  for (std::int64_t frame = 0; frame < reader.frames; ++frame) {
    const std::int64_t first = frame * piece.source_pixels;
    const Region source{first + piece.source.pixel_begin, first + piece.source.pixel_end, piece.source.channel_begin,
                        piece.source.channel_end};
    const Region common = intersect(rect, source);
    if (common.empty()) continue;
    const std::int64_t down = frame * edge.pixels + piece.pixel - source.pixel_begin;
    const std::int64_t right = piece.channel - source.channel_begin;
    bytes += used_of(
        reader, edge, tile,
        {common.pixel_begin + down, common.pixel_end + down, common.channel_begin + right, common.channel_end + right});
  }
  return bytes;
}

/// All frames of the reader's plane; parameters are the same for all.
Region plane_of(const LoweredOp& reader, const InputEdge& edge) {
  const std::int64_t frames = edge.role == EdgeRole::per_channel ? 1 : reader.frames;
  return {0, frames * edge.pixels, 0, edge.channels};
}

/// Bytes of one pixel of the widest operand: a descriptor is not cut within a pixel.
std::int64_t widest(const LoweredOp& op) {
  std::int64_t bytes = 0;
  for (const InputEdge& edge : op.inputs) bytes = std::max(bytes, edge.channels * edge.element_bytes);
  return bytes;
}

using Received = std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t>;  // [token, site] bytes

bool none_exceeds(const Received& less, const Received& more) {
  return std::all_of(less.begin(), less.end(), [&more](const auto& entry) {
    const auto found = more.find(entry.first);
    return entry.second <= (found == more.end() ? 0 : found->second);
  });
}

}  // namespace

TEST_CASE("a tile expects the used elements of its input region") {
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      for (const InputEdge& edge : op.inputs) {
        INFO(c.name << ", " << op.name);
        const auto& expected = c.program.edge_expected.at(static_cast<std::size_t>(edge.token));
        REQUIRE(expected.size() == static_cast<std::size_t>(c.config.tiles));
        std::vector<std::int64_t> needed(expected.size(), 0);
        for (std::int64_t tile = 0; tile < op.tiles() && !edge.stream.used; ++tile) {
          needed[static_cast<std::size_t>(site_of(op, tile))] = used_of(op, edge, tile, plane_of(op, edge));
        }
        REQUIRE(expected == needed);
      }
    }
  }
}

TEST_CASE("segments bring each reader what it uses of every block, with that block or a later one") {
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      REQUIRE(static_cast<std::int64_t>(c.program.outputs[index].size()) == op.tiles());
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
        const auto& outputs = c.program.outputs[index][static_cast<std::size_t>(tile)];
        std::vector<Received> received(1), expected(1);  // with the blocks before block i
        for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
          const std::size_t block = received.size() - 1;
          received.push_back(received.back());
          for (const Segment& segment : outputs.at(block).segments) {
            if (segment.store) continue;
            REQUIRE(segment.bytes > 0);
            for (const std::int32_t to : receivers(c.program, segment, site_of(op, tile))) {
              received.back()[{segment.token, to}] += segment.bytes;
            }
          }
          expected.push_back(expected.back());
          for (const LoweredOp& reader : c.program.ops) {
            for (const InputEdge& edge : reader.inputs) {
              for (const Piece& piece : edge.pieces) {
                if (edge.stream.used || piece.producer != static_cast<std::int32_t>(index)) continue;
                for (std::int64_t to = 0; to < reader.tiles(); ++to) {
                  const std::int64_t bytes = used_of(reader, edge, to, piece, op.block(mb, nb));
                  if (bytes > 0) expected.back()[{edge.token, site_of(reader, to)}] += bytes;
                }
              }
            }
          }
          // Nothing leaves before it is there, and nothing is left of the blocks whose room has been returned.
          const auto first_staged = static_cast<std::size_t>(outputs[block].first_staged);
          REQUIRE(first_staged <= block + 1);
          REQUIRE(none_exceeds(received.back(), expected.back()));
          REQUIRE(none_exceeds(expected[first_staged], received.back()));
        });
        REQUIRE(received.size() == outputs.size() + 1);
        REQUIRE(received.back() == expected.back());
      }
    }
  }
}

TEST_CASE("blocks that wait in staging leave room for the block that they wait for") {
  int waiting = 0, few = 0;
  for (const Case& c : cases()) {
    for (const std::size_t index : working_operators(c.program)) {
      const LoweredOp& op = c.program.ops[index];
      INFO(c.name << ", " << op.name);
      for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
        std::vector<std::int64_t> before{0};  // bytes of the blocks before block i
        for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
          before.push_back(before.back() + op.block(mb, nb).elements() * op.result_bytes);
        });
        const bool short_staging = before.back() > op.staging_bytes;
        std::size_t first = 0;  // block that waits
        std::size_t block = 0;
        for (const BlockOutput& output : c.program.outputs[index][static_cast<std::size_t>(tile)]) {
          REQUIRE(before[block + 1] - before[first] <= op.staging_bytes);
          waiting += first < block ? 1 : 0;
          few += first < block && short_staging ? 1 : 0;
          first = static_cast<std::size_t>(output.first_staged);
          ++block;
        }
        REQUIRE(first == block);  // all has left
      }
    }
  }
  REQUIRE(waiting > 0);
  REQUIRE(few > 0);
}

TEST_CASE("what comes from outside is loaded to the tiles that use it") {
  for (const Case& c : cases()) {
    INFO(c.name);
    Received received;
    for (const auto& engine : c.program.loads) {
      for (const Load& load : engine) {
        if (load.token >= c.program.edge_tokens) continue;
        REQUIRE(load.gate == (load.weights ? std::max(load.op - 2, -1) : -1));  // parameters come one operator ahead
        REQUIRE(load.bytes <= std::max(c.config.load_bytes, widest(c.program.ops[static_cast<std::size_t>(load.op)])));
        REQUIRE(load.credit == -1);
        REQUIRE(load.stored == -1);
        REQUIRE_FALSE(load.resident);
        for (const std::int32_t to : c.program.routes[static_cast<std::size_t>(load.route)].destinations) {
          received[{load.token, to}] += load.bytes;
        }
      }
    }
    Received expected;
    for (const LoweredOp& op : c.program.ops) {
      for (const InputEdge& edge : op.inputs) {
        for (const Piece& piece : edge.pieces) {
          if (edge.stream.used || piece.producer >= 0) continue;
          const std::int64_t frames = edge.role == EdgeRole::per_channel ? 1 : op.frames;
          for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
            for (std::int64_t frame = 0; frame < frames; ++frame) {
              const std::int64_t first = frame * edge.pixels + piece.pixel;
              const Region part{first, first + piece.source.pixel_end - piece.source.pixel_begin, piece.channel,
                                piece.channel + piece.source.channel_end - piece.source.channel_begin};
              const std::int64_t bytes = used_of(op, edge, tile, part);
              if (bytes > 0) expected[{edge.token, site_of(op, tile)}] += bytes;
            }
          }
        }
      }
    }
    REQUIRE(received == expected);
  }
}

TEST_CASE("weights are loaded once, or once for every use, to the tiles of their column") {
  for (const Case& c : cases()) {
    INFO(c.name);
    std::set<std::int32_t> tokens;
    std::map<std::int32_t, std::int64_t> loaded;  // [operator]
    for (std::size_t engine = 0; engine < c.program.loads.size(); ++engine) {
      for (const Load& load : c.program.loads[engine]) {
        const RouteSpec& route = c.program.routes[static_cast<std::size_t>(load.route)];
        REQUIRE(route.source == c.config.tiles + static_cast<std::int32_t>(engine));
        if (load.token < c.program.edge_tokens) continue;
        REQUIRE(tokens.insert(load.token).second);
        const auto slot = static_cast<std::size_t>(load.token - c.program.edge_tokens);
        REQUIRE(load.bytes == c.program.stream_bytes.at(slot));
        REQUIRE(c.program.stream_tiles.at(slot) == static_cast<std::int32_t>(route.destinations.size()));
        if (!load.weights) continue;
        const LoweredOp& op = c.program.ops[static_cast<std::size_t>(load.op)];
        const std::int64_t column = (load.token - op.weights.first_token) / op.weights.length;
        const std::int64_t delivery = (load.token - op.weights.first_token) % op.weights.length;
        const auto slices = static_cast<std::int64_t>(op.slices.size());
        const std::int64_t use = delivery / slices;
        std::int64_t row = 0;  // of blocks of the largest tile; only tiles that have so many use the delivery
        std::int64_t nb = op.blocks_n(column).begin + use;
        if (op.weights.reload) {
          row = op.hold == Hold::a ? use / op.most_n() : use % op.most_m();
          nb = op.blocks_n(column).begin + (op.hold == Hold::a ? use % op.most_n() : use / op.most_m());
        }
        REQUIRE(nb < op.blocks_n(column).end);
        std::set<std::int32_t> holders;
        for (std::int64_t tile = column; tile < op.tiles(); tile += op.tiles_n) {
          if (op.blocks_m(tile).size() > row) holders.insert(site_of(op, tile));
        }
        REQUIRE(holders == std::set<std::int32_t>(route.destinations.begin(), route.destinations.end()));
        REQUIRE(holders.size() == route.destinations.size());
        REQUIRE(load.bytes == weight_slice_bytes(op, nb, static_cast<std::size_t>(delivery % slices)));
        REQUIRE(load.resident == op.resident);
        REQUIRE(c.program.stream_resident.at(slot) == op.resident);
        loaded[load.op] += load.bytes;
      }
    }
    for (std::size_t slot = 0; slot < c.program.stream_tiles.size(); ++slot) {
      const bool moved = c.program.stream_tiles[slot] > 0;  // lanes may be shorter than the longest
      REQUIRE(moved == (tokens.count(c.program.edge_tokens + static_cast<std::int32_t>(slot)) == 1));
    }
    for (std::size_t index = 0; index < c.program.ops.size(); ++index) {
      const LoweredOp& op = c.program.ops[index];
      const bool product = op.kind == OpKind::gemm && op.type != "matmul";
      REQUIRE(op.weights.used == product);
      // Bias of 32 bits, for integers a requantisation scale of 32 bits too; not with partial sums.
      const std::int64_t epilogue = op.part_channels > 0 ? 0 : op.element_bytes == 1 ? 8 : 4;
      const std::int64_t steps = op.window.kernel[0] * op.window.kernel[1] * op.in_channels;  // of all groups or parts
      const std::int64_t bytes = op.n / op.groups * steps * op.element_bytes + op.n * epilogue;
      const std::int64_t uses = op.weights.reload ? op.most_m() : 1;
      REQUIRE(loaded[static_cast<std::int32_t>(index)] == (product ? bytes * uses : 0));
    }
  }
}

TEST_CASE("no load waits for its own operator or a later one") {
  for (const Case& c : cases()) {
    INFO(c.name);
    for (const auto& engine : c.program.loads) {
      std::int32_t op = -1;
      for (const Load& load : engine) {
        REQUIRE(load.op >= op);  // in the order of use
        op = load.op;
        REQUIRE(load.gate >= -1);
        REQUIRE(load.gate < load.op);
        REQUIRE(load.stored < load.op);
        if (load.weights && !load.resident && load.token >= c.program.edge_tokens)
          REQUIRE(load.op - load.gate - 1 <= c.config.prefetch_operators);
      }
    }
  }
}
