// What moves between tiles and to and from external memory: who needs which part of every output block, in which order
// weights and inputs are loaded, how many bytes each receiver waits for.
#include <algorithm>
#include <map>
#include <set>

#include "arch/kpu/commands.h"
#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

constexpr std::int64_t kLoadBytes = 4096;  // most bytes of one descriptor for an activation
constexpr std::int64_t kAlignment = 256;   // start of a descriptor in external memory

/// A reader of a tensor and what each of its tiles needs of it, in the producer's pixels and channels.
struct Reader {
  const LoweredOp* op = nullptr;
  const InputEdge* edge = nullptr;
  std::vector<Region> needs;  ///< per tile
};

class TransferPlanner {
 public:
  TransferPlanner(Program& program, const KpuConfig& config) : program_(program), config_(config) {}

  void run() {
    program_.loads.resize(static_cast<std::size_t>(config_.dma_engines));
    program_.edge_expected.assign(static_cast<std::size_t>(program_.edge_tokens),
                                  std::vector<std::int64_t>(static_cast<std::size_t>(config_.tiles), 0));
    const auto weights = static_cast<std::size_t>(program_.tokens - program_.edge_tokens);
    program_.weight_expected.assign(weights, 0);
    program_.weight_resident.assign(weights, false);
    plan_input();
    for (std::size_t j = 0; j < program_.ops.size(); ++j) plan_weights(static_cast<std::int32_t>(j));
    program_.outputs.resize(program_.ops.size());
    for (std::size_t j = 0; j < program_.ops.size(); ++j) plan_outputs(static_cast<std::int32_t>(j));
    program_.external_bytes = next_address_;
  }

 private:
  std::int32_t route(std::int32_t source, const std::vector<std::int32_t>& destinations) {
    const auto key = std::make_pair(source, destinations);
    const auto found = routes_.find(key);
    if (found != routes_.end()) return found->second;
    program_.routes.push_back({source, destinations});
    const auto index = static_cast<std::int32_t>(program_.routes.size() - 1);
    routes_.emplace(key, index);
    return index;
  }

  std::int64_t allocate(std::int64_t bytes) {
    const std::int64_t address = next_address_;
    next_address_ += round_up(bytes, kAlignment);
    return address;
  }

  void add_load(Load load, const std::vector<std::int32_t>& destinations) {
    const auto engine = static_cast<std::size_t>(next_engine_);
    next_engine_ = (next_engine_ + 1) % config_.dma_engines;
    load.route = route(config_.tiles + static_cast<std::int32_t>(engine), destinations);
    program_.loads[engine].push_back(load);
  }

  [[nodiscard]] std::vector<Reader> readers_of(std::int32_t producer) const {
    std::vector<Reader> readers;
    for (const LoweredOp& op : program_.ops) {
      for (const InputEdge& edge : op.inputs) {
        if (edge.producer != producer) continue;
        Reader reader{&op, &edge, {}};
        for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
          const Region out = op.output_region(tile);
          Region need = edge.residual ? out : input_region(op, out);
          if (edge.reshaped) need = {0, INT64_MAX, 0, INT64_MAX};
          reader.needs.push_back(need);
        }
        readers.push_back(std::move(reader));
      }
    }
    return readers;
  }

  /// Elements of [begin, end) x channels that the reader uses at all.
  static std::int64_t used(const Reader& reader, std::int64_t begin, std::int64_t end, std::int64_t channels) {
    const bool all = reader.edge->residual || reader.edge->reshaped;
    return (all ? end - begin : used_pixels(*reader.op, begin, end)) * channels;
  }

  /// Cuts `part` into pixel runs with the same receivers and hands each to `emit(bytes, tiles)`.
  template <class Emit>
  static void cut(const Reader& reader, const Region& part, Emit&& emit) {
    std::set<std::int64_t> cuts{part.pixel_begin, part.pixel_end};
    const auto overlaps = [&part](const Region& need) {
      return need.channel_begin < part.channel_end && need.channel_end > part.channel_begin;
    };
    for (const Region& need : reader.needs) {
      if (!overlaps(need)) continue;
      for (const std::int64_t at : {need.pixel_begin, need.pixel_end}) {
        if (at > part.pixel_begin && at < part.pixel_end) cuts.insert(at);
      }
    }
    for (auto from = cuts.begin(), to = std::next(from); to != cuts.end(); ++from, ++to) {
      std::vector<std::int32_t> tiles;
      for (std::size_t t = 0; t < reader.needs.size(); ++t) {
        const Region& need = reader.needs[t];
        if (overlaps(need) && need.pixel_begin <= *from && need.pixel_end >= *to) {
          tiles.push_back(static_cast<std::int32_t>(t));
        }
      }
      const std::int64_t bytes = used(reader, *from, *to, part.channel_end - part.channel_begin);
      if (bytes > 0 && !tiles.empty()) emit(bytes, tiles);
    }
  }

  void expect(std::int32_t token, const std::vector<std::int32_t>& tiles, std::int64_t bytes) {
    for (const std::int32_t tile : tiles) {
      program_.edge_expected[static_cast<std::size_t>(token)][static_cast<std::size_t>(tile)] += bytes;
    }
  }

  /// Inputs of the graph, in the pixels and channels of the edge: a reader that works channel by channel gets its column
  /// blocks one by one.
  void plan_input() {
    for (const Reader& reader : readers_of(-1)) {
      const LoweredOp& op = *reader.op;
      const bool residual = reader.edge->residual;
      const std::int64_t pixels = residual ? op.m : op.in_height * op.in_width;
      const std::int64_t channels = residual ? op.n : op.in_channels;
      const bool by_column = residual || op.kind == OpKind::vector;
      const std::int64_t width = by_column ? op.block_n : channels;
      const std::int64_t run = std::max<std::int64_t>(1, kLoadBytes / std::min(width, channels));
      for (std::int64_t channel = 0; channel < channels; channel += width) {
        for (std::int64_t pixel = 0; pixel < pixels; pixel += run) {
          load_input(reader, {pixel, std::min(pixels, pixel + run), channel, std::min(channels, channel + width)});
        }
      }
    }
  }

  void load_input(const Reader& reader, const Region& part) {
    const auto index = static_cast<std::int32_t>(reader.op - program_.ops.data());
    cut(reader, part, [&](std::int64_t bytes, const std::vector<std::int32_t>& tiles) {
      Load load{index, reader.edge->token, 0, -1, -1, false, false, allocate(bytes), bytes};
      add_load(load, tiles);
      expect(load.token, tiles, bytes);
    });
  }

  /// Slice number `slice` of a column of tiles may be loaded while the first operator runs that leaves it a slot, or,
  /// when the slots never reach so far, once an earlier slice has left its slot.
  static void set_gate(const LoweredOp& op, std::int64_t column, std::int64_t slice, Load& load) {
    if (op.resident) return;
    for (std::size_t i = 0; i < op.weight_slots.size(); ++i) {
      if (op.weight_slots[i] <= slice) continue;
      load.gate = static_cast<std::int32_t>(i) - 1;
      return;
    }
    load.gate = static_cast<std::int32_t>(op.weight_slots.size()) - 2;
    load.credit =
        op.first_credit + static_cast<std::int32_t>(column * op.column_slices() + slice - op.weight_slots.back());
  }

  /// Weights in the order in which the tiles use them: round by round, slice by slice, column block by column block.
  void plan_weights(std::int32_t index) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    if (op.kind != OpKind::gemm) return;
    const std::int64_t rounds = ceil_div(op.grid_n, op.tiles_n);
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (std::size_t s = 0; s < op.slices.size(); ++s) {
        for (std::int64_t column = 0; column < op.tiles_n; ++column) {
          const Range blocks = split(op.grid_n, op.tiles_n, column);
          if (round >= blocks.size()) continue;
          const std::int64_t nb = blocks.begin + round;
          const Region block = op.block(0, nb);
          const std::int64_t channels = block.channel_end - block.channel_begin;
          const std::int64_t bytes = op.slices[s].steps * channels + (s == 0 ? channels * op.epilogue_bytes : 0);
          std::vector<std::int32_t> tiles;
          for (std::int64_t row = 0; row < op.tiles_m; ++row) {
            tiles.push_back(static_cast<std::int32_t>(row * op.tiles_n + column));
          }
          const auto token =
              op.first_weight_token + static_cast<std::int32_t>(nb * static_cast<std::int64_t>(op.slices.size()) +
                                                                static_cast<std::int64_t>(s));
          const auto slot = static_cast<std::size_t>(token - program_.edge_tokens);
          program_.weight_expected[slot] = bytes;
          program_.weight_resident[slot] = op.resident;
          Load load{index, token, 0, -1, -1, true, op.resident, allocate(bytes), bytes};
          set_gate(op, column, round * static_cast<std::int64_t>(op.slices.size()) + static_cast<std::int64_t>(s),
                   load);
          add_load(load, tiles);
        }
      }
    }
  }

  void plan_outputs(std::int32_t index) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    auto& tiles = program_.outputs[static_cast<std::size_t>(index)];
    if (op.kind == OpKind::view) return;
    const std::vector<Reader> readers = readers_of(index);
    tiles.resize(static_cast<std::size_t>(op.tiles()));
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
        tiles[static_cast<std::size_t>(tile)].push_back(
            output_of(op, op.block(mb, nb), static_cast<std::int32_t>(tile), readers));
      });
    }
  }

  BlockOutput output_of(const LoweredOp& op, const Region& block, std::int32_t tile,
                        const std::vector<Reader>& readers) {
    BlockOutput output;
    for (const Reader& reader : readers) {
      cut(reader, block, [&](std::int64_t bytes, const std::vector<std::int32_t>& tiles) {
        Segment segment;
        segment.token = reader.edge->token;
        segment.bytes = bytes;
        std::vector<std::int32_t> others;
        for (const std::int32_t destination : tiles) {
          if (destination == tile) {
            segment.local = true;
          } else {
            others.push_back(destination);
          }
        }
        if (!others.empty()) segment.route = route(tile, others);
        expect(segment.token, tiles, bytes);
        output.segments.push_back(segment);
      });
    }
    if (op.graph_output) {
      const std::int32_t engine = config_.store_engine(tile / config_.mesh_width);
      Segment segment;
      segment.token = -1;
      segment.bytes = block.elements();
      segment.store = true;
      segment.address = allocate(segment.bytes);
      segment.route = route(tile, {config_.tiles + engine});
      program_.store_bytes += segment.bytes;
      output.segments.push_back(segment);
    }
    return output;
  }

  Program& program_;
  const KpuConfig& config_;
  std::map<std::pair<std::int32_t, std::vector<std::int32_t>>, std::int32_t> routes_;
  std::int64_t next_address_ = 0;
  int next_engine_ = 0;
};

}  // namespace

void plan_transfers(Program& program, const KpuConfig& config) { TransferPlanner(program, config).run(); }

}  // namespace cyclescope::kpu
