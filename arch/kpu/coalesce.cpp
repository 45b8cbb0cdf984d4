#include "arch/kpu/coalesce.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace cyclescope::kpu {
namespace {

/// What segments have in common that can be one.
using Way = std::tuple<std::int32_t, std::int32_t, bool, bool>;

Way way_of(const Segment& segment) { return {segment.token, segment.route, segment.local, segment.store}; }

/// Whether `later`, which goes the same way, can follow `earlier` in one segment.
bool follows(const Segment& earlier, const Segment& later) {
  return earlier.route >= 0 && (!earlier.store || earlier.address + earlier.bytes == later.address);
}

/// Rectangles of one block with the same receivers become one segment.
void join_within(std::vector<Segment>& segments) {
  std::vector<Segment> joined;
  for (const Segment& segment : segments) {
    const auto same = std::find_if(joined.begin(), joined.end(), [&segment](const Segment& other) {
      return way_of(other) == way_of(segment) && follows(other, segment);
    });
    if (same != joined.end()) {
      same->bytes += segment.bytes;
    } else {
      joined.push_back(segment);
    }
  }
  segments = std::move(joined);
}

class Coalescer {
 public:
  Coalescer(std::vector<BlockOutput>& blocks, const std::vector<std::int64_t>& bytes, const CoalesceLimits& limits)
      : blocks_(blocks), limits_(limits), before_(bytes.size() + 1, 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) before_[i + 1] = before_[i] + bytes[i];
  }

  void run() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      join_within(blocks_[i].segments);
      blocks_[i].first_staged = static_cast<std::int64_t>(i) + 1;
      for (std::size_t s = 0; s < blocks_[i].segments.size(); ++s) add(i, s);
    }
    for (BlockOutput& block : blocks_) {
      const auto moved = [](const Segment& segment) { return segment.bytes == 0; };
      block.segments.erase(std::remove_if(block.segments.begin(), block.segments.end(), moved), block.segments.end());
    }
  }

 private:
  /// Data of blocks `first` to `block`, in a segment of the latter.
  struct Run {
    std::size_t first = 0, block = 0, segment = 0;
  };

  void add(std::size_t block, std::size_t index) {
    Segment& segment = blocks_[block].segments[index];
    const auto [found, added] = runs_.try_emplace(way_of(segment), Run{block, block, index});
    if (added) return;
    Run& run = found->second;
    Segment& earlier = blocks_[run.block].segments[run.segment];
    const bool fits =
        earlier.bytes + segment.bytes <= limits_.packet && before_[block + 1] - before_[run.first] <= limits_.room;
    if (!fits || !follows(earlier, segment)) {
      run = {block, block, index};
      return;
    }
    segment.bytes += earlier.bytes;
    segment.address = earlier.address;
    earlier.bytes = 0;
    for (std::size_t waiting = run.block; waiting < block; ++waiting) {
      std::int64_t& first = blocks_[waiting].first_staged;
      first = std::min(first, static_cast<std::int64_t>(run.first));
    }
    run.block = block;
    run.segment = index;
  }

  std::vector<BlockOutput>& blocks_;
  const CoalesceLimits limits_;
  std::vector<std::int64_t> before_;  ///< [i] bytes of the blocks before block i
  std::map<Way, Run> runs_;           ///< the latest of each way
};

}  // namespace

void coalesce(std::vector<BlockOutput>& blocks, const std::vector<std::int64_t>& bytes, const CoalesceLimits& limits) {
  Coalescer(blocks, bytes, limits).run();
}

}  // namespace cyclescope::kpu
