// What moves between tiles and to and from external memory: who needs which part of every output block, in which order
// weights, inputs and spilled activations are loaded, how many bytes each receiver waits for.
#include <algorithm>
#include <map>
#include <tuple>

#include "arch/kpu/coalesce.h"
#include "arch/kpu/commands.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/readers.h"

namespace cyclescope::kpu {
namespace {

/// One delivery of a stream, gathered from the moves of the tiles that use it.
struct Delivery {
  std::int64_t ordinal = 0, position = 0;  ///< of its first move on the way through the blocks
  std::int64_t bytes = 0;
  std::int32_t edge = -1;
  std::vector<std::int32_t> sites;
};

/// A spilled tensor or a stretch of one, read or written from front to back and over again.
struct Stretch {
  std::int64_t begin = 0, bytes = 0, next = 0;
  std::int64_t take(std::int64_t room) {
    if (next + room > bytes) next = 0;
    const std::int64_t at = begin + next;
    next += room;
    return at;
  }
};

/// A stretch that a streamed edge is read from.
struct Source {
  Stretch* stretch = nullptr;
  std::int64_t elements = 0;  ///< of the edge, that lie there
  std::int64_t read = 0;      ///< bytes
};

class TransferPlanner {
 public:
  TransferPlanner(Program& program, const KpuConfig& config) : program_(program), config_(config) {}

  void run() {
    program_.loads.resize(static_cast<std::size_t>(config_.dma_engines));
    program_.edge_expected.assign(static_cast<std::size_t>(program_.edge_tokens),
                                  std::vector<std::int64_t>(static_cast<std::size_t>(config_.tiles), 0));
    const auto deliveries = static_cast<std::size_t>(program_.tokens - program_.edge_tokens);
    program_.stream_bytes.assign(deliveries, 0);
    program_.stream_resident.assign(deliveries, 0);
    program_.stream_tiles.assign(deliveries, 0);
    program_.outputs.resize(program_.ops.size());
    program_.store_expected.assign(program_.ops.size(), 0);
    stored_.resize(program_.ops.size());
    list_readers();
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      const auto index = static_cast<std::int32_t>(j);
      plan_given(index);
      plan_deliveries(index);
      plan_outputs(index);
    }
    program_.external_bytes = next_address_;
  }

 private:
  struct PieceReader {
    Reader reader;
    const Piece* piece;
  };

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
    next_address_ += aligned(bytes);
    return address;
  }

  /// With the space up to the next descriptor.
  [[nodiscard]] std::int64_t aligned(std::int64_t bytes) const { return round_up(bytes, config_.load_alignment); }

  void add_load(Load load, const std::vector<std::int32_t>& destinations) {
    const auto engine = static_cast<std::size_t>(engine_for(load, destinations));
    load.route = route(config_.tiles + static_cast<std::int32_t>(engine), destinations);
    program_.loads[engine].push_back(load);
  }

  /// Of the engines on the mesh rows of the receivers (of all, if there is none) the one with least to load for the
  /// operator.
  int engine_for(const Load& load, const std::vector<std::int32_t>& destinations) {
    if (load.op != balanced_op_) {
      balanced_op_ = load.op;
      balance_.assign(static_cast<std::size_t>(config_.dma_engines), 0);
    }
    std::vector<char> rows(static_cast<std::size_t>(config_.mesh_height), 0);
    for (const std::int32_t site : destinations) rows[static_cast<std::size_t>(site / config_.mesh_width)] = 1;
    int best = -1;
    for (const bool near : {true, false}) {
      for (int engine = 0; engine < config_.dma_engines; ++engine) {
        if (near && rows[static_cast<std::size_t>(config_.dma_row(engine))] == 0) continue;
        const auto index = static_cast<std::size_t>(engine);
        if (best < 0 || balance_[index] < balance_[static_cast<std::size_t>(best)]) best = engine;
      }
      if (best >= 0) break;
    }
    balance_[static_cast<std::size_t>(best)] += load.bytes;
    return best;
  }

  /// Edges that are pushed, by the operator that makes each of their pieces.
  void list_readers() {
    readers_.resize(program_.ops.size());
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      for (const InputEdge& edge : program_.ops[j].inputs) {
        if (edge.stream.used) continue;
        for (const Piece& piece : edge.pieces) {
          if (piece.producer < 0) continue;
          readers_[static_cast<std::size_t>(piece.producer)].push_back(
              {Reader(program_.ops[j], static_cast<std::int32_t>(j), edge), &piece});
        }
      }
    }
  }

  void expect(std::int32_t token, const std::vector<std::int32_t>& sites, std::int64_t bytes) {
    for (const std::int32_t site : sites) {
      program_.edge_expected[static_cast<std::size_t>(token)][static_cast<std::size_t>(site)] += bytes;
    }
  }

  /// Inputs of the graph and constants that are not streamed, in the pixels and channels of the edge: a reader that
  /// works channel by channel gets its column blocks one by one. Constants come while the operator before runs.
  void plan_given(std::int32_t index) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    for (const InputEdge& edge : op.inputs) {
      if (edge.stream.used) continue;
      const Reader reader(op, index, edge);
      for (const Piece& piece : edge.pieces) {
        if (piece.producer >= 0) continue;
        const bool per_channel = edge.role == EdgeRole::per_channel;
        const std::int64_t frames = per_channel ? 1 : op.frames;
        const std::int64_t pixels = piece.source.pixel_end - piece.source.pixel_begin;
        const std::int64_t channels = piece.source.channel_end - piece.source.channel_begin;
        const bool by_column = edge.role == EdgeRole::residual || op.kind == OpKind::vector;
        const std::int64_t width = by_column ? std::min(op.block_n, channels) : channels;
        const std::int64_t run = std::max<std::int64_t>(1, config_.load_bytes / (width * edge.element_bytes));
        for (std::int64_t frame = 0; frame < frames; ++frame) {
          for (std::int64_t c = 0; c < channels; c += width) {
            for (std::int64_t p = 0; p < pixels; p += run) {
              const std::int64_t first = frame * edge.pixels + piece.pixel + p;
              load_given(reader, piece.producer == kConstant, index,
                         {first, first + std::min(run, pixels - p), piece.channel + c,
                          piece.channel + std::min(channels, c + width)});
            }
          }
        }
      }
    }
  }

  void load_given(const Reader& reader, bool constant, std::int32_t index, const Region& part) {
    reader.cut(part, [&](const Region&, std::int64_t bytes, const std::vector<std::int32_t>& sites) {
      Load load;
      load.op = index;
      load.token = reader.edge().token;
      load.gate = constant ? std::max(index - 2, -1) : -1;
      load.weights = constant;
      load.address = allocate(bytes);
      load.bytes = bytes;
      add_load(load, sites);
      expect(load.token, sites, bytes);
    });
  }

  /// Weight delivery number `slice` of a lane may be loaded while the first operator runs that leaves it a slot, or,
  /// when the slots never reach so far, once an earlier one has left its slot.
  static void set_gate(const LoweredOp& op, const std::vector<std::int32_t>& before, Load& load) {
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

  /// Deliveries in the order in which the tiles use them.
  void plan_deliveries(std::int32_t index) {
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
    for (const auto& [token, delivery] : order) load_delivery(index, token, *delivery);
  }

  void load_delivery(std::int32_t index, std::int32_t token, const Delivery& delivery) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    const auto slot = static_cast<std::size_t>(token - program_.edge_tokens);
    Load load;
    load.op = index;
    load.token = token;
    load.bytes = delivery.bytes;
    if (delivery.edge < 0) {
      load.resident = op.resident;
      set_gate(op, before_in(op.weights, token), load);
      load.address = op.weights.reload ? again(index) : allocate(load.bytes);
    } else {
      const InputEdge& edge = op.inputs[static_cast<std::size_t>(delivery.edge)];
      const std::vector<std::int32_t>& before = before_in(edge.stream, token);
      const auto slots = static_cast<std::size_t>(edge.stream.slots);
      load.weights = false;
      load.gate = index - 1;
      if (before.size() >= slots) load.credit = before[before.size() - slots];
      load.address = read_edge(op, edge, load.bytes);
      for (const Piece& piece : edge.pieces) load.stored = std::max(load.stored, piece.producer);
    }
    program_.stream_bytes[slot] = load.bytes;
    program_.stream_resident[slot] = load.resident ? 1 : 0;
    program_.stream_tiles[slot] = static_cast<std::int32_t>(delivery.sites.size());
    add_load(load, delivery.sites);
    lanes_[lane_of(delivery.edge < 0 ? op.weights : op.inputs[static_cast<std::size_t>(delivery.edge)].stream, token)]
        .push_back(token);
  }

  /// First token of the lane that a delivery belongs to.
  static std::int32_t lane_of(const Stream& stream, std::int32_t token) {
    return token - static_cast<std::int32_t>((token - stream.first_token) % stream.length);
  }

  /// Deliveries of the same lane that come before: smaller tiles leave numbers of the largest one unused.
  const std::vector<std::int32_t>& before_in(const Stream& stream, std::int32_t token) {
    return lanes_[lane_of(stream, token)];
  }

  /// Where weights lie that are loaded for every use: in one copy.
  std::int64_t again(std::int32_t index) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    Stretch& stretch = reloaded_[index];
    if (stretch.bytes == 0) {
      stretch.bytes =
          aligned(op.weight_bytes) + op.grid_n * static_cast<std::int64_t>(op.slices.size()) * config_.load_alignment;
      stretch.begin = allocate(stretch.bytes);
    }
    return stretch.take(aligned(op.weights.slot_bytes));
  }

  /// Where the next delivery of a streamed edge is read. Of an edge with several producers each is read in turn, as much
  /// as its share of the edge.
  std::int64_t read_edge(const LoweredOp& op, const InputEdge& edge, std::int64_t bytes) {
    std::vector<Source>& sources = sources_[&edge];
    if (sources.empty()) sources = list_sources(op, edge);
    const auto behind = [](const Source& a, const Source& b) {
      return Int128{a.read} * b.elements < Int128{b.read} * a.elements;
    };
    Source& next = *std::min_element(sources.begin(), sources.end(), behind);
    next.read += bytes;
    return next.stretch->take(aligned(bytes));
  }

  /// What the producers of an edge have stored, and a stretch for what the graph gives of it.
  std::vector<Source> list_sources(const LoweredOp& op, const InputEdge& edge) {
    std::vector<Source> sources;
    for (const Piece& piece : edge.pieces) {
      Stretch& stretch = piece.producer >= 0 ? stored_[static_cast<std::size_t>(piece.producer)] : given_[&edge];
      const auto same = [&](const Source& source) { return source.stretch == &stretch; };
      auto source = std::find_if(sources.begin(), sources.end(), same);
      if (source == sources.end()) source = sources.insert(source, {&stretch, 0, 0});
      source->elements += piece.source.elements();
    }
    for (Source& source : sources) {
      if (source.stretch->bytes > 0) continue;  // stored
      source.stretch->bytes =
          aligned(std::max(source.elements * op.frames * edge.element_bytes, edge.stream.slot_bytes));
      source.stretch->begin = allocate(source.stretch->bytes);
    }
    return sources;
  }

  void plan_outputs(std::int32_t index) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    auto& tiles = program_.outputs[static_cast<std::size_t>(index)];
    if (op.kind == OpKind::view) return;
    const std::int64_t start = next_address_;
    tiles.resize(static_cast<std::size_t>(op.tiles()));
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      auto& blocks = tiles[static_cast<std::size_t>(tile)];
      std::vector<std::int64_t> bytes;
      for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
        const Region block = op.block(mb, nb);
        blocks.push_back(output_of(index, block, tile));
        bytes.push_back(block.elements() * op.result_bytes);
      });
      coalesce(blocks, bytes, {config_.packet_bytes, staging_for_runs(op, tile)});
    }
    stored_[static_cast<std::size_t>(index)] = {start, next_address_ - start, 0};
  }

  /// Of staging that does not hold all results of a tile, a run of blocks may take half, so that the next one comes in
  /// while it leaves.
  static std::int64_t staging_for_runs(const LoweredOp& op, std::int64_t tile) {
    const std::int64_t all = op.output_region(tile).elements() * op.result_bytes;
    return all <= op.staging_bytes ? all : op.staging_bytes / 2;
  }

  BlockOutput output_of(std::int32_t index, const Region& block, std::int64_t tile) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    const std::int32_t own = op.sites[static_cast<std::size_t>(tile)];
    BlockOutput output;
    for (const PieceReader& one : readers_[static_cast<std::size_t>(index)]) {
      one.reader.place(*one.piece, block, [&](const Region& placed) {
        one.reader.cut(placed, [&](const Region&, std::int64_t bytes, const std::vector<std::int32_t>& sites) {
          output.segments.push_back(segment_to(one.reader.edge().token, own, bytes, sites));
          expect(one.reader.edge().token, sites, bytes);
        });
      });
    }
    if (op.graph_output || op.stored) {
      Segment segment;
      segment.token = index;
      segment.bytes = block.elements() * op.result_bytes;
      segment.store = true;
      segment.address = allocate(segment.bytes);
      segment.route = route(own, {config_.tiles + config_.store_engine(own / config_.mesh_width)});
      program_.store_bytes += segment.bytes;
      program_.store_expected[static_cast<std::size_t>(index)] += segment.bytes;
      output.segments.push_back(segment);
    }
    return output;
  }

  Segment segment_to(std::int32_t token, std::int32_t own, std::int64_t bytes, const std::vector<std::int32_t>& sites) {
    Segment segment;
    segment.token = token;
    segment.bytes = bytes;
    std::vector<std::int32_t> others;
    for (const std::int32_t site : sites) {
      if (site == own) {
        segment.local = true;
      } else {
        others.push_back(site);
      }
    }
    if (!others.empty()) segment.route = route(own, others);
    return segment;
  }

  Program& program_;
  const KpuConfig& config_;
  std::map<std::pair<std::int32_t, std::vector<std::int32_t>>, std::int32_t> routes_;
  std::vector<std::vector<PieceReader>> readers_;            ///< [producer]
  std::vector<Stretch> stored_;                              ///< [operator] its output in external memory
  std::map<std::int32_t, Stretch> reloaded_;                 ///< [operator] weights that are loaded for every use
  std::map<const InputEdge*, Stretch> given_;                ///< what the graph gives of a streamed edge
  std::map<const InputEdge*, std::vector<Source>> sources_;  ///< of streamed edges
  std::map<std::int32_t, std::vector<std::int32_t>> lanes_;  ///< [first token] deliveries planned, in order
  std::int64_t next_address_ = 0;
  std::int32_t balanced_op_ = -1;
  std::vector<std::int64_t> balance_;  ///< [engine] bytes to load for that operator
};

}  // namespace

void plan_transfers(Program& program, const KpuConfig& config) { TransferPlanner(program, config).run(); }

}  // namespace cyclescope::kpu
