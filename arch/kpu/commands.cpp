#include "arch/kpu/commands.h"

#include <algorithm>
#include <map>

#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

/// Lines of a stretch of bytes that starts at `start`.
std::int64_t lines_of(std::int64_t start, std::int64_t bytes, std::int64_t line) {
  return bytes <= 0 ? 0 : (start + bytes - 1) / line - start / line + 1;
}

class Expander {
 public:
  Expander(const LoweredOp& op, std::int64_t tile, const KpuConfig& config) : op_(op), tile_(tile), config_(config) {}

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
  /// Number of the load that holds `key`, moving it in if it is not there; a streaming operand is moved for each block.
  std::int64_t load(std::map<std::int64_t, std::int64_t>& held, std::int64_t key, std::int64_t& next,
                    const Move& move) {
    const auto found = held.find(key);
    if (found != held.end()) return found->second;
    commands_.moves.push_back(move);
    held[key] = next;
    return next++;
  }

  void gemm_block(std::int64_t mb, std::int64_t nb) {
    const Region out = op_.block(mb, nb);
    const std::int64_t pixels = window_pixels(op_, out.pixel_begin, out.pixel_end);
    const std::int64_t m = out.pixel_end - out.pixel_begin;
    const std::int64_t n = out.channel_end - out.channel_begin;
    const auto id = static_cast<std::int64_t>(commands_.blocks.size());
    const Range rows = op_.blocks_m(tile_);
    const Range columns = op_.blocks_n(tile_);
    const bool last_reader_of_a = op_.hold != Hold::a || nb == columns.end - 1;
    const bool last_reader_of_b = op_.hold != Hold::b || mb == rows.end - 1;
    if (op_.hold != Hold::a || nb == columns.begin) held_a_.clear();
    if (op_.hold != Hold::b || mb == rows.begin) held_b_.clear();
    for (std::size_t s = 0; s < op_.slices.size(); ++s) {
      const Slice& slice = op_.slices[s];
      const bool last_of_chunk = s + 1 == op_.slices.size() || op_.slices[s + 1].chunk != slice.chunk;
      const std::int64_t channels = std::min(op_.chunk_channels, op_.in_channels - slice.chunk * op_.chunk_channels);
      const std::int64_t chunk_bytes = pixels * channels;
      const std::int64_t slice_bytes = slice.steps * n + (s == 0 ? n * op_.epilogue_bytes : 0);
      const auto weight_token =
          op_.first_weight_token +
          static_cast<std::int32_t>(nb * static_cast<std::int64_t>(op_.slices.size()) + static_cast<std::int64_t>(s));
      const std::int64_t load_a =
          load(held_a_, slice.chunk, next_a_, {Operand::a, op_.inputs.front().token, chunk_bytes, -1});
      const std::int64_t load_b = load(held_b_, static_cast<std::int64_t>(s), next_b_,
                                       {Operand::b, weight_token, slice_bytes, credit(mb, nb, s)});
      commands_.runs_a.push_back({id, slice.first_step, slice.steps, lines_of_slice(out, slice, channels),
                                  slice.steps * m, load_a, last_reader_of_a && last_of_chunk ? chunk_bytes : 0, 0});
      commands_.runs_b.push_back({id, slice.first_step, slice.steps, ceil_div(slice_bytes, config_.line_bytes),
                                  slice_bytes, load_b, last_reader_of_b ? slice_bytes : 0, 0});
    }
    const std::int64_t residual = op_.vector_passes > 1 ? m * n : 0;
    if (residual > 0) commands_.moves.push_back({Operand::residual, op_.inputs.back().token, residual, -1});
    commands_.blocks.push_back({m, n, op_.k, m * n * op_.k, m * n, residual});
  }

  /// The credit that the move of weight slice s for block (mb, nb) returns: the last move of that slice out of L3.
  [[nodiscard]] std::int32_t credit(std::int64_t mb, std::int64_t nb, std::size_t s) const {
    const bool last = op_.hold == Hold::b || mb == op_.blocks_m(tile_).end - 1;
    if (!last) return -1;
    const std::int64_t column = tile_ % op_.tiles_n;
    const std::int64_t slice =
        (nb - op_.blocks_n(tile_).begin) * static_cast<std::int64_t>(op_.slices.size()) + static_cast<std::int64_t>(s);
    return op_.first_credit + static_cast<std::int32_t>(column * op_.column_slices() + slice);
  }

  /// Lines of one slice: its share of its chunk's lines, so that shares add up exactly.
  [[nodiscard]] std::int64_t lines_of_slice(const Region& out, const Slice& slice, std::int64_t channels) const {
    const std::int64_t total = window_lines(op_, out.pixel_begin, out.pixel_end, channels, config_.line_bytes);
    const std::int64_t taps = op_.window.kernel[0] * op_.window.kernel[1];
    const std::int64_t chunk_first = slice.chunk * op_.chunk_channels * taps;
    const std::int64_t chunk_steps = channels * taps;
    const std::int64_t before = total * (slice.first_step - chunk_first) / chunk_steps;
    const std::int64_t after = total * (slice.first_step - chunk_first + slice.steps) / chunk_steps;
    return after - before;
  }

  void vector_block(std::int64_t mb, std::int64_t nb) {
    const Region out = op_.block(mb, nb);
    const std::int64_t bytes =
        window_pixels(op_, out.pixel_begin, out.pixel_end) * (out.channel_end - out.channel_begin);
    StreamRun run;
    run.block = static_cast<std::int64_t>(commands_.blocks.size());
    for (const InputEdge& edge : op_.inputs) {
      commands_.moves.push_back({Operand::a, edge.token, bytes, -1});
      run.load = next_a_++;
      run.bytes += bytes;
      run.lines += ceil_div(bytes, config_.line_bytes);
    }
    run.elements = run.bytes;
    run.release_bytes = run.bytes;
    commands_.runs_a.push_back(run);
    commands_.blocks.push_back(
        {out.pixel_end - out.pixel_begin, out.channel_end - out.channel_begin, 0, 0, out.elements(), 0});
  }

  const LoweredOp& op_;
  std::int64_t tile_;
  const KpuConfig& config_;
  TileCommands commands_;
  std::map<std::int64_t, std::int64_t> held_a_, held_b_;
  std::int64_t next_a_ = 0, next_b_ = 0;
};

}  // namespace

void for_each_block(const LoweredOp& op, std::int64_t tile,
                    const std::function<void(std::int64_t, std::int64_t)>& visit) {
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
  const Window& w = op.window;
  const bool contiguous = w.dilation[1] == 1;
  std::int64_t lines = 0;
  for (std::int64_t pixel = begin; pixel < end; ++pixel) {
    const std::int64_t top = pixel / op.out_width * w.stride[0] - w.padding[0];
    const std::int64_t left = pixel % op.out_width * w.stride[1] - w.padding[1];
    std::int64_t rows = 0;
    for (std::int64_t tap = 0; tap < w.kernel[0]; ++tap) {
      const std::int64_t row = top + tap * w.dilation[0];
      rows += row >= 0 && row < op.in_height ? 1 : 0;
    }
    std::int64_t per_row = 0;
    const std::int64_t stretches = contiguous ? 1 : w.kernel[1];
    for (std::int64_t tap = 0; tap < stretches; ++tap) {
      const std::int64_t first = std::max<std::int64_t>(0, left + tap * w.dilation[1]);
      const std::int64_t width = contiguous ? w.kernel[1] : 1;
      const std::int64_t last = std::min(op.in_width, left + tap * w.dilation[1] + width);
      per_row += lines_of(first * channels, (last - first) * channels, line_bytes);
    }
    lines += rows * per_row;
  }
  return lines;
}

TileCommands expand(const LoweredOp& op, std::int64_t tile, const KpuConfig& config) {
  if (op.kind == OpKind::view || tile >= op.tiles()) return {};
  return Expander(op, tile, config).run();
}

}  // namespace cyclescope::kpu
