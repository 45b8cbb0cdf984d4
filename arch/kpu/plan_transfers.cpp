// What moves between tiles and to and from external memory: who needs which part of every output block, in which order
// weights, inputs and spilled activations are loaded, how many bytes each receiver waits for.
#include <algorithm>

#include "arch/kpu/coalesce.h"
#include "arch/kpu/commands.h"
#include "arch/kpu/external.h"
#include "arch/kpu/lowering.h"
#include "arch/kpu/plan_deliveries.h"
#include "arch/kpu/readers.h"
#include "arch/kpu/transfer_lists.h"

namespace cyclescope::kpu {
namespace {

class TransferPlanner {
 public:
  TransferPlanner(Program& program, const KpuConfig& config)
      : program_(program),
        config_(config),
        lists_(program, config),
        memory_(program.ops.size(), config.load_alignment),
        deliveries_(program, lists_, memory_) {}

  void run() {
    program_.outputs.resize(program_.ops.size());
    program_.store_expected.assign(program_.ops.size(), 0);
    list_readers();
    for (std::size_t j = 0; j < program_.ops.size(); ++j) {
      const auto index = static_cast<std::int32_t>(j);
      plan_given(index);
      deliveries_.plan(index);
      plan_outputs(index);
    }
    program_.external_bytes = memory_.end();
  }

 private:
  struct PieceReader {
    Reader reader;
    const Piece* piece;
  };

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
      load.address = memory_.allocate(bytes);
      load.bytes = bytes;
      lists_.add_load(load, sites);
      lists_.expect(load.token, sites, bytes);
    });
  }

  void plan_outputs(std::int32_t index) {
    const LoweredOp& op = program_.ops[static_cast<std::size_t>(index)];
    auto& tiles = program_.outputs[static_cast<std::size_t>(index)];
    if (op.kind == OpKind::view) return;
    memory_.align();
    const std::int64_t start = memory_.end();
    tiles.resize(static_cast<std::size_t>(op.tiles()));
    for (std::int64_t tile = 0; tile < op.tiles(); ++tile) {
      auto& blocks = tiles[static_cast<std::size_t>(tile)];
      std::vector<std::int64_t> bytes;
      memory_.align();  // the results of a tile lie behind each other
      for_each_block(op, tile, [&](std::int64_t mb, std::int64_t nb) {
        const Region block = op.block(mb, nb);
        blocks.push_back(output_of(index, block, tile));
        bytes.push_back(block.elements() * op.result_bytes);
      });
      coalesce(blocks, bytes, {config_.packet_bytes, staging_for_runs(op, tile)});
    }
    memory_.set_results(index, start);
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
          lists_.expect(one.reader.edge().token, sites, bytes);
        });
      });
    }
    if (op.graph_output || op.stored) {
      Segment segment;
      segment.token = index;
      segment.bytes = block.elements() * op.result_bytes;
      segment.store = true;
      segment.address = memory_.append(segment.bytes);
      segment.route = lists_.route(own, {config_.tiles + config_.store_engine(own / config_.mesh_width)});
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
    if (!others.empty()) segment.route = lists_.route(own, others);
    return segment;
  }

  Program& program_;
  const KpuConfig& config_;
  TransferLists lists_;
  ExternalMemory memory_;
  DeliveryPlanner deliveries_;
  std::vector<std::vector<PieceReader>> readers_;  ///< [producer]
};

}  // namespace

void plan_transfers(Program& program, const KpuConfig& config) { TransferPlanner(program, config).run(); }

}  // namespace cyclescope::kpu
