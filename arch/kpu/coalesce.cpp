#include "arch/kpu/coalesce.h"

#include <algorithm>

namespace cyclescope::kpu {
namespace {

/// Whether `later` can follow `earlier` in one segment.
bool continues(const Segment& earlier, const Segment& later) {
  return earlier.route >= 0 && earlier.token == later.token && earlier.route == later.route &&
         earlier.local == later.local && earlier.store == later.store &&
         (!earlier.store || earlier.address + earlier.bytes == later.address);
}

/// Rectangles of one block with the same receivers.
void join_within(std::vector<Segment>& segments) {
  std::vector<Segment> joined;
  for (const Segment& segment : segments) {
    const auto same = std::find_if(joined.begin(), joined.end(),
                                   [&segment](const Segment& other) { return continues(other, segment); });
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
      first_.assign(blocks_[i].segments.size(), i);
      if (i > 0) take_from_block_before(i);
      blocks_[i].first_staged = static_cast<std::int64_t>(i) + 1;
      first_before_ = first_;
    }
  }

 private:
  void take_from_block_before(std::size_t i) {
    std::vector<Segment>& earlier = blocks_[i - 1].segments;
    std::vector<Segment> rest;
    for (std::size_t e = 0; e < earlier.size(); ++e) {
      const std::size_t first = first_before_[e];
      Segment* later = staging_has_room(first, i) ? find_continuation(earlier[e], i) : nullptr;
      if (later == nullptr) {
        rest.push_back(earlier[e]);
        continue;
      }
      later->bytes += earlier[e].bytes;
      later->address = earlier[e].address;
      first_[static_cast<std::size_t>(later - blocks_[i].segments.data())] = first;
      blocks_[i - 1].first_staged = std::min(blocks_[i - 1].first_staged, static_cast<std::int64_t>(first));
    }
    earlier = std::move(rest);
  }

  Segment* find_continuation(const Segment& earlier, std::size_t i) {
    for (Segment& later : blocks_[i].segments) {
      if (continues(earlier, later) && earlier.bytes + later.bytes <= limits_.packet) return &later;
    }
    return nullptr;
  }

  [[nodiscard]] bool staging_has_room(std::size_t first, std::size_t last) const {
    return before_[last + 1] - before_[first] <= limits_.room;
  }

  std::vector<BlockOutput>& blocks_;
  const CoalesceLimits limits_;
  std::vector<std::int64_t> before_;       ///< [i] bytes of the blocks before block i
  std::vector<std::size_t> first_;         ///< [segment of this block] first block whose data it carries
  std::vector<std::size_t> first_before_;  ///< the same of the block before
};

}  // namespace

void coalesce(std::vector<BlockOutput>& blocks, const std::vector<std::int64_t>& bytes, const CoalesceLimits& limits) {
  Coalescer(blocks, bytes, limits).run();
}

}  // namespace cyclescope::kpu
