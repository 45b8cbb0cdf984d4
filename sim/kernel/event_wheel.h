// Timing wheel: pending events of one module by clock, for modules with many of them in the near future.
//
// Timing: events come out in order of their clock; events of one clock come out together, in the order of operator<.
// Cost is constant for events within kSlots clocks of the current one, logarithmic beyond.
// Errors: an event before the current clock is an InternalError.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "sim/base/error.h"

namespace cyclescope::kernel {

template <class Event>
class EventWheel {
 public:
  static constexpr std::int64_t kSlots = 256;
  static constexpr std::int64_t kNone = INT64_MAX;

  void push(std::int64_t clock, const Event& event) {
    if (clock < current_) throw InternalError("event wheel: an event lies in the past");
    if (clock - current_ >= kSlots) {
      far_.push({clock, event});
    } else {
      add(clock, event);
    }
    next_ = std::min(next_, clock);
  }

  /// Clock of the earliest event, kNone when there is none.
  [[nodiscard]] std::int64_t next() const { return next_; }

  /// Moves to clock next() and hands over its events in order. Events pushed meanwhile for the same clock come with the
  /// next call.
  void take(std::vector<Event>& events) {
    events.clear();
    current_ = next_;
    while (!far_.empty() && far_.top().first - current_ < kSlots) {
      add(far_.top().first, far_.top().second);
      far_.pop();
    }
    events.swap(slots_[index(current_)]);
    mark(current_, false);
    std::sort(events.begin(), events.end());
    next_ = earliest();
  }

 private:
  using Entry = std::pair<std::int64_t, Event>;
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const { return a.first > b.first; }
  };

  static std::size_t index(std::int64_t clock) { return static_cast<std::size_t>(clock % kSlots); }

  void mark(std::int64_t clock, bool used) {
    const std::uint64_t bit = std::uint64_t{1} << (index(clock) % 64);
    std::uint64_t& word = used_[index(clock) / 64];
    word = used ? word | bit : word & ~bit;
  }

  void add(std::int64_t clock, const Event& event) {
    slots_[index(clock)].push_back(event);
    mark(clock, true);
  }

  /// First used slot from the current clock on, else the earliest far event.
  [[nodiscard]] std::int64_t earliest() const {
    const std::size_t start = index(current_);
    for (std::size_t step = 0; step <= used_.size(); ++step) {
      const std::size_t word = (start / 64 + step) % used_.size();
      std::uint64_t bits = used_[word];
      if (step == 0) bits &= ~std::uint64_t{0} << (start % 64);
      if (step == used_.size()) bits &= ~(~std::uint64_t{0} << (start % 64));
      if (bits == 0) continue;
      const std::size_t slot = word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
      return current_ + static_cast<std::int64_t>((slot + kSlots - start) % kSlots);
    }
    return far_.empty() ? kNone : far_.top().first;
  }

  std::int64_t current_ = 0;
  std::int64_t next_ = kNone;
  std::array<std::vector<Event>, kSlots> slots_;
  std::array<std::uint64_t, kSlots / 64> used_{};
  std::priority_queue<Entry, std::vector<Entry>, Later> far_;
};

}  // namespace cyclescope::kernel
