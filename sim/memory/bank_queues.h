// The requests waiting in one channel: by age per direction, and per bank in order of arrival. Plain data, no time.
//
// A request of at most one granule becomes one or two segments (bursts of one row of one bank). Requests enter the
// scheduler's queue in order of arrival as far as its depth in bursts allows; the rest wait before it.
#pragma once

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/memory/port.h"
#include "sim/memory/timing.h"

namespace tlm {
class tlm_generic_payload;
}

namespace cyclescope::memory {

constexpr int kNone = -1;
/// A request as it arrives at a channel, decoded.
struct Arrival {
  tlm::tlm_generic_payload* payload = nullptr;
  std::uint64_t tag = 0;
  Direction direction = Direction::read;
  int client = 0;
  Femtoseconds issued = 0;
  Tick tick = 0;  ///< first memory clock at which the controller sees it
  std::int64_t row = 0;
  std::array<int, 2> bank{};    ///< of even and odd bursts
  std::array<int, 2> bursts{};  ///< in each
};

struct Slot {
  Arrival arrival;
  std::uint64_t seq = 0;  ///< order of arrival in the channel
  int left = 0;           ///< bursts not yet commanded
  std::array<int, 2> segment{kNone, kNone};
  std::uint64_t mark = 0;  ///< where its wait begins in the log
  int older = kNone;
  int younger = kNone;
};

struct Segment {
  std::uint64_t seq = 0;
  std::int64_t row = 0;
  int slot = kNone;
  int left = 0;
  int next = kNone;
};

constexpr std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }

class BankQueues {
 public:
  /// Depths in bursts, reads and writes.
  explicit BankQueues(std::array<int, 2> depth) : depth_(depth) {}

  /// Takes a request into the channel; it is queued when admit() finds room.
  void add(const Arrival& arrival, std::uint64_t seq, std::uint64_t mark);
  /// Moves requests into the scheduler's queue while it has room; `open_row` of each bank decides what is a hit.
  void admit(Direction direction, const std::array<std::int64_t, kMaxBanks>& open_row);
  /// One burst of a segment is commanded. True when it was the last one of its request, which then stays readable
  /// until release.
  bool take_burst(int bank, Direction direction, int segment, std::int64_t open_row);
  /// Some bursts of a segment are commanded, not its last one.
  void take_bursts(Direction direction, int segment, int bursts);
  void release(int slot);
  /// Finds the oldest segment of each direction that hits the row now open in the bank (kNoRow when closed).
  void row_changed(int bank, std::int64_t open_row);

  static constexpr std::int64_t kNoRow = -1;

  [[nodiscard]] BankMask banks_waiting(Direction direction) const { return waiting_[index(direction)]; }
  /// Of those, the banks for whose open row a request waits.
  [[nodiscard]] BankMask banks_hit(Direction direction) const { return hits_[index(direction)]; }
  [[nodiscard]] int head(Direction direction, int bank) const { return list(direction, bank).head; }
  [[nodiscard]] int hit(Direction direction, int bank) const { return list(direction, bank).hit; }
  /// True when requests wait for the bank, but none of them for the row that is open.
  [[nodiscard]] bool only_conflicts(int bank) const {
    const BankMask waiting = waiting_[0] | waiting_[1];
    return ((waiting & ~hits_[0] & ~hits_[1]) >> bank & 1U) != 0;
  }
  [[nodiscard]] const Segment& segment(int i) const { return segments_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] const Slot& slot(int i) const { return slots_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] int oldest(Direction direction) const { return oldest_[index(direction)]; }
  [[nodiscard]] int queued_bursts(Direction direction) const { return queued_[index(direction)]; }
  [[nodiscard]] int requests() const { return requests_; }
  /// Bursts of this direction that must be commanded before the next waiting request can be queued; INT_MAX when none
  /// waits.
  [[nodiscard]] int bursts_to_admission(Direction direction) const {
    const int next = next_to_admit_[index(direction)];
    if (next == kNone) return INT_MAX;
    return queued_[index(direction)] + slot(next).left - depth_[index(direction)];
  }

 private:
  struct List {
    int head = kNone;
    int tail = kNone;
    int hit = kNone;
  };

  [[nodiscard]] const List& list(Direction direction, int bank) const {
    return lists_[index(direction)][static_cast<std::size_t>(bank)];
  }
  List& list(Direction direction, int bank) { return lists_[index(direction)][static_cast<std::size_t>(bank)]; }
  Segment& at(int segment) { return segments_[static_cast<std::size_t>(segment)]; }
  void set_hit(Direction direction, int bank, int segment);
  [[nodiscard]] int find_hit(const List& list, int from, std::int64_t open_row) const;
  void unlink(List& list, int segment);

  std::array<int, 2> depth_;
  std::array<int, 2> queued_{};
  std::array<BankMask, 2> waiting_{};
  std::array<BankMask, 2> hits_{};
  std::array<std::array<List, kMaxBanks>, 2> lists_{};
  std::array<int, 2> oldest_{kNone, kNone};
  std::array<int, 2> youngest_{kNone, kNone};
  std::array<int, 2> next_to_admit_{kNone, kNone};
  int requests_ = 0;
  std::vector<Slot> slots_;
  std::vector<Segment> segments_;
  std::vector<int> free_slots_;
};

}  // namespace cyclescope::memory
