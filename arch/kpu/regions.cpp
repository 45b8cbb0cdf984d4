// Which rectangles of a plane a tile makes and what it reads for them. Pure geometry.
#include <algorithm>
#include <map>

#include "arch/kpu/lowering.h"
#include "sim/base/checked.h"

namespace cyclescope::kpu {

Range split(std::int64_t total, std::int64_t parts, std::int64_t index) {
  return {total * index / parts, total * (index + 1) / parts};
}

Region LoweredOp::block(std::int64_t mb, std::int64_t nb) const {
  return {mb * block_m, std::min(m, (mb + 1) * block_m), nb * block_n, std::min(n, (nb + 1) * block_n)};
}

Region LoweredOp::output_region(std::int64_t tile) const {
  const Range rows = blocks_m(tile);
  const Range columns = blocks_n(tile);
  return {rows.begin * block_m, std::min(m, rows.end * block_m), columns.begin * block_n,
          std::min(n, columns.end * block_n)};
}

Region input_region(const LoweredOp& op, const Region& out) {
  Region in{0, op.in_height * op.in_width, 0, op.in_channels};
  if (op.kind != OpKind::gemm) {  // channel by channel
    in.channel_begin = out.channel_begin;
    in.channel_end = out.channel_end;
  }
  if (op.whole_input) return in;
  const std::int64_t first_row = out.pixel_begin / op.out_width;
  const std::int64_t last_row = (out.pixel_end - 1) / op.out_width;
  const bool one_row = first_row == last_row;
  const std::int64_t first_column = one_row ? out.pixel_begin % op.out_width : 0;
  const std::int64_t last_column = one_row ? (out.pixel_end - 1) % op.out_width : op.out_width - 1;
  const Window& w = op.window;
  const auto clamp = [](std::int64_t v, std::int64_t limit) { return std::clamp<std::int64_t>(v, 0, limit - 1); };
  const std::int64_t top = clamp(first_row * w.stride[0] - w.padding[0], op.in_height);
  const std::int64_t bottom =
      clamp(last_row * w.stride[0] - w.padding[0] + (w.kernel[0] - 1) * w.dilation[0], op.in_height);
  const std::int64_t left = clamp(first_column * w.stride[1] - w.padding[1], op.in_width);
  const std::int64_t right =
      clamp(last_column * w.stride[1] - w.padding[1] + (w.kernel[1] - 1) * w.dilation[1], op.in_width);
  in.pixel_begin = top * op.in_width + left;
  in.pixel_end = bottom * op.in_width + right + 1;
  return in;
}

std::int64_t used_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end) {
  std::int64_t count = 0;
  while (begin < end) {
    const std::int64_t row = begin / op.in_width;
    const std::int64_t row_end = std::min(end, (row + 1) * op.in_width);
    if (op.row_used[static_cast<std::size_t>(row)]) {
      const auto first = static_cast<std::size_t>(begin - row * op.in_width);
      const auto last = static_cast<std::size_t>(row_end - row * op.in_width);
      count += op.columns_used_before[last] - op.columns_used_before[first];
    }
    begin = row_end;
  }
  return count;
}

std::int64_t window_pixels(const LoweredOp& op, std::int64_t begin, std::int64_t end) {
  if (op.whole_input) return op.in_height * op.in_width;
  const Window& w = op.window;
  std::map<std::int64_t, std::vector<std::pair<std::int64_t, std::int64_t>>> columns;  // of each input row, in order
  while (begin < end) {
    const std::int64_t row = begin / op.out_width;
    const std::int64_t row_end = std::min(end, (row + 1) * op.out_width);
    const std::int64_t left = (begin - row * op.out_width) * w.stride[1] - w.padding[1];
    const std::int64_t right =
        (row_end - 1 - row * op.out_width) * w.stride[1] - w.padding[1] + (w.kernel[1] - 1) * w.dilation[1] + 1;
    for (std::int64_t tap = 0; tap < w.kernel[0]; ++tap) {
      const std::int64_t in_row = row * w.stride[0] - w.padding[0] + tap * w.dilation[0];
      if (in_row < 0 || in_row >= op.in_height) continue;
      columns[in_row].emplace_back(std::max<std::int64_t>(0, left), std::min(op.in_width, right));
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
