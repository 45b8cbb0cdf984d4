#include "arch/kpu/commands.h"

#include <algorithm>
#include <map>

#include "arch/kpu/lowering.h"
#include "arch/kpu/tile_choice.h"

namespace cyclescope::kpu {
namespace {

/// Lines of a stretch of bytes that starts at `start`.
std::int64_t lines_of(std::int64_t start, std::int64_t bytes, std::int64_t line) {
  return bytes <= 0 ? 0 : (start + bytes - 1) / line - start / line + 1;
}

class Expander {
 public:
  /// Without a configuration only the moves are listed.
  Expander(const LoweredOp& op, std::int64_t tile, const KpuConfig* config)
      : op_(op),
        tile_(tile),
        config_(config),
        rows_(op.dealt ? Range{0, op.grid_m} : op.blocks_m(tile)),
        columns_(op.dealt ? Range{0, op.grid_n} : op.blocks_n(tile)) {}

  TileCommands run() {
    for_each_block(op_, tile_, [this](std::int64_t mb, std::int64_t nb) {
      if (op_.kind == OpKind::gemm) {
        gemm_block(mb, nb);
      } else {
        vector_block(mb, nb);
      }
    });
    return std::move(commands_);
  }

 private:
  /// Position of a block among those of the largest tile, in execution order.
  [[nodiscard]] std::int64_t ordinal(std::int64_t mb, std::int64_t nb) const {
    const std::int64_t i = mb - rows_.begin;
    const std::int64_t j = nb - columns_.begin;
    return op_.hold == Hold::a ? i * op_.most_n() + j : j * op_.most_m() + i;
  }
  [[nodiscard]] std::int64_t frame_of(std::int64_t mb) const { return mb / (op_.grid_m / op_.frames); }

  /// Number of the load that holds `key`, moving it in if it is not there; a streaming operand is moved for each block.
  std::int64_t load(std::map<std::int64_t, std::int64_t>& held, std::int64_t key, std::int64_t& next,
                    const Move& move) {
    const auto found = held.find(key);
    if (found != held.end()) return found->second;
    commands_.moves.push_back(move);
    held[key] = next;
    return next++;
  }

  /// The next delivery of a stream of this tile's own.
  [[nodiscard]] std::int32_t own_token(const Stream& stream, std::size_t edge) {
    return stream.first_token + static_cast<std::int32_t>(tile_ * stream.length + next_own_[edge]++);
  }

  Move input_move(Operand operand, std::size_t edge, std::int64_t bytes, std::int64_t at) {
    const InputEdge& input = op_.inputs[edge];
    const bool streams = input.stream.used;
    return {operand, streams ? -1 : input.token, bytes, streams, static_cast<std::int32_t>(edge), at};
  }

  /// A chunk of A for block (mb, nb): tiles of one row share deliveries when their columns need the same channels.
  Move a_move(std::int64_t mb, std::int64_t nb, std::int64_t chunk, std::int64_t bytes) {
    Move move = input_move(Operand::a, 0, bytes, ordinal(mb, nb));
    const Stream& stream = op_.inputs.front().stream;
    if (!stream.used || stream.lanes == op_.tiles()) return move;
    const std::int64_t use = op_.hold == Hold::a ? mb - rows_.begin : ordinal(mb, nb);
    move.token =
        stream.first_token + static_cast<std::int32_t>(tile_ / op_.tiles_n * stream.length + use * op_.chunks + chunk);
    return move;
  }

  Move b_move(std::int64_t mb, std::int64_t nb, std::int64_t s, std::int64_t bytes) {
    if (op_.weight_bytes == 0) return input_move(Operand::b, b_edge(), bytes, ordinal(mb, nb));
    const auto slices = static_cast<std::int64_t>(op_.slices.size());
    const std::int64_t use = op_.weights.reload ? ordinal(mb, nb) : nb - columns_.begin;
    const auto token = op_.weights.first_token +
                       static_cast<std::int32_t>(tile_ % op_.tiles_n * op_.weights.length + use * slices + s);
    const bool leaves = op_.weights.reload || op_.hold == Hold::b || mb == rows_.end - 1;
    return {Operand::b, token, bytes, leaves, -1, ordinal(mb, nb)};
  }

  [[nodiscard]] std::size_t b_edge() const {
    std::size_t edge = 0;
    while (op_.inputs[edge].role != EdgeRole::operand_b) ++edge;
    return edge;
  }

  /// Gives a move that reads a stream of the tile's own its token, at the moment when it is really made.
  void settle(std::size_t first) {
    for (std::size_t i = first; i < commands_.moves.size(); ++i) {
      Move& move = commands_.moves[i];
      if (move.token >= 0) continue;
      const auto edge = static_cast<std::size_t>(move.edge);
      move.token = own_token(op_.inputs[edge].stream, edge);
    }
  }

  void gemm_block(std::int64_t mb, std::int64_t nb) {
    const Region out = op_.block(mb, nb);
    const std::int64_t bytes = op_.element_bytes;
    std::int64_t pixels = window_pixels(op_, out.pixel_begin, out.pixel_end);
    const std::int64_t m = out.pixel_end - out.pixel_begin;
    const std::int64_t n = out.channel_end - out.channel_begin;
    const std::size_t first_move = commands_.moves.size();
    const bool next_group = nb == columns_.begin || op_.group_of(nb) != op_.group_of(nb - 1);
    const bool group_ends = nb == columns_.end - 1 || op_.group_of(nb) != op_.group_of(nb + 1);
    const bool next_frame = mb == rows_.begin || (op_.frames_apart && frame_of(mb) != frame_of(mb - 1));
    const bool frame_ends = mb == rows_.end - 1 || (op_.frames_apart && frame_of(mb) != frame_of(mb + 1));
    const bool last_reader_of_a = op_.hold != Hold::a || group_ends;
    const bool last_reader_of_b = op_.hold != Hold::b || frame_ends;
    if (op_.hold != Hold::a || next_group) held_a_.clear();
    if (op_.hold != Hold::b || next_frame) held_b_.clear();
    const std::vector<Slice>& slices = op_.slices_of(nb);
    for (std::size_t s = 0; s < slices.size(); ++s) {
      const Slice& slice = slices[s];
      const bool last_of_chunk = s + 1 == slices.size() || slices[s + 1].chunk != slice.chunk;
      if (op_.row_parts > 1) pixels = window_pixels(op_, out.pixel_begin, out.pixel_end, slice.kernel_rows);
      const std::int64_t chunk_bytes = pixels * slice.channels * bytes;
      const std::int64_t slice_bytes = slice.steps * n * bytes + (s == 0 ? n * op_.epilogue_bytes : 0);
      const std::int64_t load_a = load(held_a_, slice.chunk, next_a_, a_move(mb, nb, slice.chunk, chunk_bytes));
      const std::int64_t load_b = load(held_b_, static_cast<std::int64_t>(s), next_b_,
                                       b_move(mb, nb, static_cast<std::int64_t>(s), slice_bytes));
      if (config_ == nullptr) continue;
      const auto block = static_cast<std::int64_t>(commands_.blocks.size());
      const bool folds = op_.array.weight_stationary;
      commands_.runs_a.push_back({block, slice.array_first, folds ? ceil_div(m, op_.array.cell_m) : slice.array_steps,
                                  lines_of_slice(out, slice), slice.steps * m * bytes, load_a,
                                  last_reader_of_a && last_of_chunk ? chunk_bytes : 0, 0, 0});
      commands_.runs_b.push_back({block, slice.array_first, slice.array_steps,
                                  ceil_div(slice_bytes, op_.array.port_bytes), slice_bytes, load_b,
                                  last_reader_of_b ? slice_bytes : 0, 0, 0});
      if (folds) commands_.blocks.push_back(fold(slices, s, m, n));
    }
    std::int64_t residual = 0;
    for (std::size_t edge = 0; edge < op_.inputs.size(); ++edge) {
      if (op_.inputs[edge].role != EdgeRole::residual) continue;
      residual = m * n * op_.inputs[edge].element_bytes;
      commands_.moves.push_back(input_move(Operand::residual, edge, residual, ordinal(mb, nb)));
    }
    settle(first_move);
    if (config_ == nullptr) return;
    if (!op_.array.weight_stationary) {
      const Slice& last = slices.back();
      commands_.blocks.push_back({m, n, last.array_first + last.array_steps, m * n * (last.first_step + last.steps),
                                  m * n, n, op_.vector_passes});
    }
    commands_.blocks.back().out_bytes = m * n * op_.result_bytes;
    commands_.blocks.back().residual_bytes = residual;
  }

  /// Fold s of a block of m x n outputs.
  [[nodiscard]] BlockCommand fold(const std::vector<Slice>& slices, std::size_t s, std::int64_t m,
                                  std::int64_t n) const {
    const Slice& slice = slices[s];
    BlockCommand block;
    block.m = slice.array_steps;
    block.n = ceil_div(n, op_.array.cell_n);
    block.steps = ceil_div(m, op_.array.cell_m);
    block.macs = m * n * slice.steps;
    block.results = m * n;
    block.row_results = n * op_.array.cell_m;
    block.passes = fold_passes(op_, s, slices.size());
    block.adds = s > 0;
    block.leaves = s + 1 == slices.size();
    return block;
  }

  /// Lines of one slice: its share of its chunk's lines, so that shares add up exactly.
  [[nodiscard]] std::int64_t lines_of_slice(const Region& out, const Slice& slice) {
    const std::int64_t width = slice.channels * op_.element_bytes;
    if (out.pixel_begin != lines_from_ || width != lines_width_ || slice.kernel_rows.begin != lines_row_) {
      lines_from_ = out.pixel_begin;
      lines_width_ = width;
      lines_row_ = slice.kernel_rows.begin;
      lines_ = window_lines(op_, out.pixel_begin, out.pixel_end, width, op_.array.port_bytes, slice.kernel_rows);
    }
    const std::int64_t before = lines_ * (slice.first_step - slice.chunk_begin) / slice.chunk_steps;
    const std::int64_t after = lines_ * (slice.first_step - slice.chunk_begin + slice.steps) / slice.chunk_steps;
    return after - before;
  }

  void vector_block(std::int64_t mb, std::int64_t nb) {
    const Region out = op_.block(mb, nb);
    const std::int64_t pixels = window_pixels(op_, out.pixel_begin, out.pixel_end);
    const std::int64_t channels = out.channel_end - out.channel_begin;
    const std::size_t first_move = commands_.moves.size();
    StreamRun run;
    run.block = static_cast<std::int64_t>(commands_.blocks.size());
    std::int64_t operands = 0;
    for (std::size_t edge = 0; edge < op_.inputs.size(); ++edge) {
      const InputEdge& input = op_.inputs[edge];
      const bool parameters = input.role == EdgeRole::per_channel;
      const std::int64_t bytes = (parameters ? input.pixels : pixels) * channels * input.element_bytes;
      commands_.moves.push_back(input_move(Operand::a, edge, bytes, ordinal(mb, nb)));
      run.load = next_a_++;
      run.bytes += bytes;
      operands += parameters ? 0 : 1;
      if (config_ != nullptr) run.lines += ceil_div(bytes, config_->line_bytes);
    }
    settle(first_move);
    if (config_ == nullptr) return;
    run.elements = (op_.per_input ? operands * pixels * channels : out.elements()) * op_.vector_passes;
    run.clocks = vector_clocks(op_, out, operands * pixels, *config_);
    run.release_bytes = run.bytes;
    commands_.runs_a.push_back(run);
    BlockCommand block;
    block.m = out.pixel_end - out.pixel_begin;
    block.n = channels;
    block.results = out.elements();
    block.out_bytes = out.elements() * op_.result_bytes;
    commands_.blocks.push_back(block);
  }

  const LoweredOp& op_;
  std::int64_t tile_;
  const KpuConfig* config_;
  Range rows_, columns_;
  TileCommands commands_;
  std::map<std::int64_t, std::int64_t> held_a_, held_b_;
  std::map<std::size_t, std::int64_t> next_own_;  ///< [edge] deliveries of the tile's own so far
  std::int64_t next_a_ = 0, next_b_ = 0;
  std::int64_t lines_from_ = -1, lines_width_ = -1, lines_row_ = -1, lines_ = 0;  ///< of the chunk before
};

}  // namespace

void for_each_block(const LoweredOp& op, std::int64_t tile,
                    const std::function<void(std::int64_t, std::int64_t)>& visit) {
  if (op.dealt) {
    const Range run = split(op.grid_m * op.grid_n, op.tiles(), tile);
    for (std::int64_t block = run.begin; block < run.end; ++block) visit(block / op.grid_n, block % op.grid_n);
    return;
  }
  const Range rows = op.blocks_m(tile);
  const Range columns = op.blocks_n(tile);
  if (op.hold == Hold::a) {
    for (std::int64_t mb = rows.begin; mb < rows.end; ++mb) {
      for (std::int64_t nb = columns.begin; nb < columns.end; ++nb) visit(mb, nb);
    }
  } else {
    for (std::int64_t nb = columns.begin; nb < columns.end; ++nb) {
      for (std::int64_t mb = rows.begin; mb < rows.end; ++mb) visit(mb, nb);
    }
  }
}

std::int64_t window_lines(const LoweredOp& op, std::int64_t begin, std::int64_t end, std::int64_t channels,
                          std::int64_t line_bytes) {
  return window_lines(op, begin, end, channels, line_bytes, {0, op.window.kernel[0]});
}

std::int64_t window_lines(const LoweredOp& op, std::int64_t begin, std::int64_t end, std::int64_t channels,
                          std::int64_t line_bytes, const Range& kernel_rows) {
  const Window& w = op.window;
  const bool contiguous = w.dilation[1] == 1;
  const std::int64_t stretches = contiguous ? 1 : w.kernel[1];
  const std::int64_t width = contiguous ? w.kernel[1] : 1;
  std::int64_t lines = 0;
  for (std::int64_t pixel = begin; pixel < end; ++pixel) {
    const std::int64_t top = pixel / op.out_width % op.out_height * w.stride[0] - w.padding[0];
    const std::int64_t left = pixel % op.out_width * w.stride[1] - w.padding[1];
    std::int64_t rows = 0;
    for (std::int64_t tap = kernel_rows.begin; tap < kernel_rows.end; ++tap) {
      const std::int64_t row = top + tap * w.dilation[0];
      rows += row >= 0 && row < op.in_height ? 1 : 0;
    }
    std::int64_t per_row = 0;
    for (std::int64_t tap = 0; tap < stretches; ++tap) {
      const std::int64_t first = std::max<std::int64_t>(0, left + tap * w.dilation[1]);
      const std::int64_t last = std::min(op.in_width, left + tap * w.dilation[1] + width);
      per_row += lines_of(first * channels, (last - first) * channels, line_bytes);
    }
    lines += rows * per_row;
  }
  return lines;
}

std::int64_t vector_clocks(const LoweredOp& op, const Region& out, std::int64_t window, const KpuConfig& config) {
  const std::int64_t channels = out.channel_end - out.channel_begin;
  if (op.rows_whole) {
    std::int64_t levels = 0;  // of the adder tree over the lanes
    while ((std::int64_t{1} << levels) < config.vector_lanes) ++levels;
    const std::int64_t passes = op.vector_passes * ceil_div(channels, config.vector_lanes);
    return (out.pixel_end - out.pixel_begin) * (passes + config.vector_depth + levels);
  }
  const std::int64_t elements = op.per_input ? window * channels : out.elements();
  return ceil_div(elements * op.vector_passes, config.vector_lanes);
}

std::vector<Move> moves_of(const LoweredOp& op, std::int64_t tile) {
  if (op.kind == OpKind::view || tile >= op.tiles()) return {};
  return Expander(op, tile, nullptr).run().moves;
}

TileCommands expand(const LoweredOp& op, std::int64_t tile, const KpuConfig& config) {
  if (op.kind == OpKind::view || tile >= op.tiles()) return {};
  return Expander(op, tile, &config).run();
}

}  // namespace cyclescope::kpu
