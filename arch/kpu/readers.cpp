#include "arch/kpu/readers.h"

#include <algorithm>

#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

bool meet(const Range& range, std::int64_t begin, std::int64_t end) { return range.begin < end && begin < range.end; }

/// The first to the last of the ranges that meet [begin, end). A range that begins within a row of windows begins
/// behind the next one, which goes on to other rows: those between need not meet it.
Range meeting(const std::vector<Range>& ranges, std::int64_t begin, std::int64_t end) {
  const auto meets = [&](const Range& range) { return meet(range, begin, end); };
  const auto first = std::find_if(ranges.begin(), ranges.end(), meets);
  const auto last = std::find_if(ranges.rbegin(), std::make_reverse_iterator(first), meets).base();
  return {first - ranges.begin(), last - ranges.begin()};
}

/// Begin, end and every limit of the ranges between.
std::vector<std::int64_t> cuts_of(const std::vector<Range>& ranges, const Range& which, std::int64_t begin,
                                  std::int64_t end) {
  std::vector<std::int64_t> cuts{begin, end};
  for (std::int64_t i = which.begin; i < which.end; ++i) {
    for (const std::int64_t at : {ranges[static_cast<std::size_t>(i)].begin, ranges[static_cast<std::size_t>(i)].end}) {
      if (at > begin && at < end) cuts.push_back(at);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

}  // namespace

Reader::Reader(const LoweredOp& op, std::int32_t index, const InputEdge& edge) : op_(&op), index_(index), edge_(&edge) {
  for (std::int64_t im = 0; im < op.tiles_m; ++im) pixels_.push_back(needed_pixels(op, edge, im));
  for (std::int64_t in = 0; in < op.tiles_n; ++in) channels_.push_back(needed_channels(op, edge, in));
}

void Reader::cut(const Region& part, const Emit& emit) const {
  if (part.empty()) return;
  const Range rows = meeting(pixels_, part.pixel_begin, part.pixel_end);
  const Range columns = meeting(channels_, part.channel_begin, part.channel_end);
  if (rows.size() <= 0 || columns.size() <= 0) return;
  const std::vector<std::int64_t> at_pixels = cuts_of(pixels_, rows, part.pixel_begin, part.pixel_end);
  const std::vector<std::int64_t> at_channels = cuts_of(channels_, columns, part.channel_begin, part.channel_end);
  std::vector<std::int32_t> sites;
  for (std::size_t p = 0; p + 1 < at_pixels.size(); ++p) {
    const Range here = meeting(pixels_, at_pixels[p], at_pixels[p + 1]);
    const std::int64_t used = edge_pixels(*op_, *edge_, at_pixels[p], at_pixels[p + 1]);
    if (here.size() <= 0 || used == 0) continue;
    for (std::size_t c = 0; c + 1 < at_channels.size(); ++c) {
      const Range across = meeting(channels_, at_channels[c], at_channels[c + 1]);
      if (across.size() <= 0) continue;
      sites.clear();
      for (std::int64_t im = here.begin; im < here.end; ++im) {
        if (!meet(pixels_[static_cast<std::size_t>(im)], at_pixels[p], at_pixels[p + 1])) continue;
        for (std::int64_t in = across.begin; in < across.end; ++in) {
          sites.push_back(op_->sites[static_cast<std::size_t>(im * op_->tiles_n + in)]);
        }
      }
      const Region rect{at_pixels[p], at_pixels[p + 1], at_channels[c], at_channels[c + 1]};
      emit(rect, used * (rect.channel_end - rect.channel_begin) * edge_->element_bytes, sites);
    }
  }
}

void Reader::place(const Piece& piece, const Region& rect, const std::function<void(const Region&)>& use) const {
  const bool whole = piece.pixel == 0 && piece.source.pixel_begin == 0 &&
                     piece.source.pixel_end == piece.source_pixels && edge_->pixels == piece.source_pixels;
  const std::int64_t frames = whole ? 1 : op_->frames;
  const std::int64_t length =
      whole ? op_->frames * piece.source_pixels : piece.source.pixel_end - piece.source.pixel_begin;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const std::int64_t begin = frame * piece.source_pixels + piece.source.pixel_begin;
    const Region common =
        intersect(rect, {begin, begin + length, piece.source.channel_begin, piece.source.channel_end});
    if (common.empty()) continue;
    const std::int64_t pixel = frame * edge_->pixels + piece.pixel - begin;
    const std::int64_t channel = piece.channel - piece.source.channel_begin;
    use({common.pixel_begin + pixel, common.pixel_end + pixel, common.channel_begin + channel,
         common.channel_end + channel});
  }
}

}  // namespace cyclescope::kpu
