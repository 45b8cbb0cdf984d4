// Which rectangles of a plane a tile makes and what it reads for them. Pure geometry.
#include <algorithm>
#include <map>

#include "arch/kpu/lowering.h"
#include "sim/base/checked.h"

namespace cyclescope::kpu {

Range split(std::int64_t total, std::int64_t parts, std::int64_t index) {
  return {total * index / parts, total * (index + 1) / parts};
}

Region intersect(const Region& a, const Region& b) {
  return {std::max(a.pixel_begin, b.pixel_begin), std::min(a.pixel_end, b.pixel_end),
          std::max(a.channel_begin, b.channel_begin), std::min(a.channel_end, b.channel_end)};
}

Region LoweredOp::block(std::int64_t mb, std::int64_t nb) const {
  const std::int64_t frame_m = frames_apart ? m / frames : m;
  const std::int64_t per_frame = frames_apart ? grid_m / frames : grid_m;
  const std::int64_t row = mb / per_frame * frame_m;
  const std::int64_t group_n = n / groups;
  const std::int64_t column = group_of(nb) * group_n;
  const std::int64_t i = mb % per_frame;
  const std::int64_t j = nb % blocks_per_group();
  return {row + i * block_m, row + std::min(frame_m, (i + 1) * block_m), column + j * block_n,
          column + std::min(group_n, (j + 1) * block_n)};
}

Region LoweredOp::output_region(std::int64_t tile) const {
  const Range rows = blocks_m(tile);
  const Range columns = blocks_n(tile);
  const Region first = block(rows.begin, columns.begin);
  const Region last = block(rows.end - 1, columns.end - 1);
  return {first.pixel_begin, last.pixel_end, first.channel_begin, last.channel_end};
}

namespace {

/// First or last input row that an output row of a frame needs.
std::int64_t input_row(const LoweredOp& op, std::int64_t row, bool last) {
  std::int64_t in = 0;
  if (op.resize) {
    // Every coordinate transformation lies within a row of row * in / out.
    in = last ? (row + 1) * op.in_height / op.out_height + 1 : row * op.in_height / op.out_height - 1;
  } else {
    const Window& w = op.window;
    in = row * w.stride[0] - w.padding[0] + (last ? (w.kernel[0] - 1) * w.dilation[0] : 0);
  }
  return std::clamp<std::int64_t>(in, 0, op.in_height - 1);
}

}  // namespace

Region input_region(const LoweredOp& op, const Region& out) {
  const std::int64_t in_frame = op.in_height * op.in_width;
  const std::int64_t out_frame = op.frame_pixels();
  Region in{0, 0, 0, op.in_channels};
  if (op.kind != OpKind::gemm) {  // channel by channel
    in.channel_begin = out.channel_begin;
    in.channel_end = out.channel_end;
  } else if (op.groups > 1) {
    const std::int64_t group_n = op.n / op.groups;
    in.channel_begin = op.channels_of(out.channel_begin / group_n).begin;
    in.channel_end = op.channels_of((out.channel_end - 1) / group_n).end;
  }
  const std::int64_t first_frame = out.pixel_begin / out_frame;
  const std::int64_t last_frame = (out.pixel_end - 1) / out_frame;
  if (op.whole_input) {
    in.pixel_begin = first_frame * in_frame;
    in.pixel_end = (last_frame + 1) * in_frame;
    return in;
  }
  const std::int64_t first = out.pixel_begin - first_frame * out_frame;
  const std::int64_t last = out.pixel_end - 1 - last_frame * out_frame;
  const std::int64_t first_row = first / op.out_width;
  const std::int64_t last_row = last / op.out_width;
  // Within a row of windows the columns are tight, at either end; frames do not share input.
  const bool one_frame = first_frame == last_frame;
  const bool tight_begin = !op.resize && first_row == (one_frame ? last_row : op.out_height - 1);
  const bool tight_end = !op.resize && last_row == (one_frame ? first_row : 0);
  const std::int64_t first_column = tight_begin ? first % op.out_width : 0;
  const std::int64_t last_column = tight_end ? last % op.out_width : op.out_width - 1;
  const Window& w = op.window;
  const auto column = [&op](std::int64_t c) { return std::clamp<std::int64_t>(c, 0, op.in_width - 1); };
  const std::int64_t left = op.resize ? 0 : column(first_column * w.stride[1] - w.padding[1]);
  const std::int64_t right = op.resize
                                 ? op.in_width - 1
                                 : column(last_column * w.stride[1] - w.padding[1] + (w.kernel[1] - 1) * w.dilation[1]);
  in.pixel_begin = first_frame * in_frame + input_row(op, first_row, false) * op.in_width + left;
  in.pixel_end = last_frame * in_frame + input_row(op, last_row, true) * op.in_width + right + 1;
  return in;
}

Range needed_pixels(const LoweredOp& op, const InputEdge& edge, std::int64_t im) {
  const Range rows = split(op.grid_m, op.tiles_m, im);
  const Region first = op.block(rows.begin, 0);
  const Region last = op.block(rows.end - 1, 0);
  if (edge.role == EdgeRole::residual) return {first.pixel_begin, last.pixel_end};
  if (edge.role == EdgeRole::operand_b) {
    return {first.pixel_begin / op.frame_pixels() * edge.pixels,
            ((last.pixel_end - 1) / op.frame_pixels() + 1) * edge.pixels};
  }
  if (edge.role == EdgeRole::per_channel) return {0, edge.pixels};
  if (edge.reshaped) return {0, op.frames * edge.pixels};
  const Region in = input_region(op, {first.pixel_begin, last.pixel_end, 0, 1});
  return {in.pixel_begin, in.pixel_end};
}

Range needed_channels(const LoweredOp& op, const InputEdge& edge, std::int64_t in) {
  const Range columns = split(op.grid_n, op.tiles_n, in);
  const Region first = op.block(0, columns.begin);
  const Region last = op.block(0, columns.end - 1);
  if (edge.role == EdgeRole::residual || edge.role == EdgeRole::per_channel) {
    return {first.channel_begin, last.channel_end};
  }
  if (edge.role == EdgeRole::operand_b) {
    const std::int64_t width = edge.channels / op.groups;
    return {op.group_of(columns.begin) * width, (op.group_of(columns.end - 1) + 1) * width};
  }
  if (edge.reshaped) return {0, edge.channels};
  const Region needed = input_region(op, {0, 1, first.channel_begin, last.channel_end});
  return {needed.channel_begin, needed.channel_end};
}

std::int64_t used_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end) {
  // The frame repeats: whole frames are counted once and multiplied.
  const std::int64_t frame = op.in_height * op.in_width;
  const auto before = [&op](std::int64_t pixel) {  // in a frame
    std::int64_t count = 0;
    const std::int64_t row = pixel / op.in_width;
    const std::int64_t per_row = op.columns_used_before.back();
    count += op.rows_used_before[static_cast<std::size_t>(row)] * per_row;
    if (pixel % op.in_width != 0 && op.row_used[static_cast<std::size_t>(row)]) {
      count += op.columns_used_before[static_cast<std::size_t>(pixel % op.in_width)];
    }
    return count;
  };
  const std::int64_t per_frame = before(frame);
  return end / frame * per_frame + before(end % frame) - begin / frame * per_frame - before(begin % frame);
}

std::int64_t edge_pixels(const LoweredOp& op, const InputEdge& edge, std::int64_t begin, std::int64_t end) {
  return edge.role == EdgeRole::input && !edge.reshaped ? used_pixels(op, begin, end) : end - begin;
}

std::int64_t window_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end) {
  return window_pixels(op, begin, end, {0, op.window.kernel[0]});
}

std::int64_t window_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end, const Range& kernel_rows) {
  if (op.whole_input || op.resize) {
    const Region in = input_region(op, {begin, end, 0, 1});
    return in.pixel_end - in.pixel_begin;
  }
  const Window& w = op.window;
  std::map<std::int64_t, std::vector<std::pair<std::int64_t, std::int64_t>>> columns;  // of each input row, in order
  while (begin < end) {
    const std::int64_t row = begin / op.out_width;  // counted over all frames
    const std::int64_t frame = row / op.out_height;
    const std::int64_t row_end = std::min(end, (row + 1) * op.out_width);
    const std::int64_t left = (begin - row * op.out_width) * w.stride[1] - w.padding[1];
    const std::int64_t right =
        (row_end - 1 - row * op.out_width) * w.stride[1] - w.padding[1] + (w.kernel[1] - 1) * w.dilation[1] + 1;
    for (std::int64_t tap = kernel_rows.begin; tap < kernel_rows.end; ++tap) {
      const std::int64_t in_row = row % op.out_height * w.stride[0] - w.padding[0] + tap * w.dilation[0];
      if (in_row < 0 || in_row >= op.in_height) continue;
      columns[frame * op.in_height + in_row].emplace_back(std::max<std::int64_t>(0, left),
                                                          std::min(op.in_width, right));
    }
    begin = row_end;
  }
  std::int64_t pixels = 0;
  for (auto& [row, intervals] : columns) {
    std::sort(intervals.begin(), intervals.end());
    std::int64_t counted = 0;
    for (const auto& [from, to] : intervals) {
      const std::int64_t first = std::max(from, counted);
      if (to <= first) continue;
      pixels += used_pixels(op, row * op.in_width + first, row * op.in_width + to);
      counted = to;
    }
  }
  return pixels;
}

std::int64_t used_elements(const LoweredOp& op, const Region& in) {
  return used_pixels(op, in.pixel_begin, in.pixel_end) * (in.channel_end - in.channel_begin);
}

}  // namespace cyclescope::kpu
