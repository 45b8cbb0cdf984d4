// The dependency records of a frame, 32 bytes each, in chunks: growing moves nothing, and a chunk lies on one large page
// where the system has them, because walks jump back and forth.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "sim/base/time.h"
#include "sim/ledger/leaf.h"

namespace cyclescope::ledger {

using LaneId = std::uint32_t;
using ActivityNumber = std::uint32_t;
/// Lane and number of an activity, so that equals go by lane, then by number; 0 is the origin: the start command at t = 0.
using ActivityId = std::uint64_t;
using OperatorIndex = std::int32_t;  ///< index of the lowered operator, -1 for none

constexpr int kNumberBits = 32;
constexpr ActivityId activity_id(LaneId lane, ActivityNumber number) {
  return ActivityId{lane} << kNumberBits | number;
}
constexpr ActivityNumber number_of(ActivityId id) { return static_cast<ActivityNumber>(id); }

class ActivityLog {
 public:
  static constexpr LaneId kMaxLanes = LaneId{1} << 24;

  /// One record; without initialisers: a chunk of them is touched when it is used, not before.
  class Activity {
   public:
    Femtoseconds start;
    Femtoseconds end;
    ActivityNumber released_by;
    OperatorIndex op;
    [[nodiscard]] LaneId lane() const { return lane_and_cause_ >> 8; }
    [[nodiscard]] Leaf cause() const { return static_cast<Leaf>(lane_and_cause_ & 0xff); }

   private:
    friend class ActivityLog;
    std::uint32_t gap_;  ///< from the release to the start
    std::uint32_t lane_and_cause_;
  };

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Activity& operator[](std::size_t index) const { return chunks_[index / kChunk][index % kChunk]; }

  /// Adds a record that has not ended; `lane` < kMaxLanes, `released_at` <= `start`.
  void push(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, Femtoseconds released_at,
            ActivityNumber released_by) {
    if (size_ == chunks_.size() * kChunk) chunks_.push_back(new_chunk());
    Activity& activity = (*this)[size_];
    activity.start = start;
    activity.end = kNever;
    activity.released_by = released_by;
    activity.op = op;
    activity.lane_and_cause_ = lane << 8 | static_cast<std::uint32_t>(cause);
    const Femtoseconds gap = start - released_at;  // less than a clock period, as a rule
    activity.gap_ = gap < kWide ? static_cast<std::uint32_t>(gap) : kWide;
    if (gap >= kWide) wide_gaps_[size_] = gap;
    ++size_;
  }

  [[nodiscard]] Femtoseconds released_at(std::size_t index) const {
    const Activity& activity = (*this)[index];
    return activity.start - (activity.gap_ != kWide ? Femtoseconds{activity.gap_} : wide_gaps_.at(index));
  }

  void clear() {
    size_ = 0;
    wide_gaps_.clear();
  }

 private:
  static constexpr std::size_t kChunk = 1 << 16;
  static constexpr std::uint32_t kWide = UINT32_MAX;
  struct Free {
    void operator()(Activity* chunk) const { std::free(chunk); }
  };
  using Chunk = std::unique_ptr<Activity[], Free>;

  static Chunk new_chunk() {
    constexpr std::size_t kBytes = kChunk * sizeof(Activity);
    Chunk chunk(static_cast<Activity*>(std::aligned_alloc(kBytes, kBytes)));
    if (!chunk) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    (void)madvise(chunk.get(), kBytes, MADV_HUGEPAGE);  // a hint: without it the records are as good
#endif
    return chunk;
  }

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
  std::map<std::size_t, Femtoseconds> wide_gaps_;  ///< those that do not fit their field
};

static_assert(sizeof(ActivityLog::Activity) == 32);

}  // namespace cyclescope::ledger
