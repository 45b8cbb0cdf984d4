// The ledger: modules post facts, only the ledger adds, checks and prices them. The model never reads it to decide;
// switching it off changes no cycle.
//
// Four books are kept:
//  * time: per lane, femtoseconds per leaf; postings of a lane must abut (a hole is charged to `unknown`);
//  * activities: dependency records (interval, what released the start and when), from which waits are cut into causes
//    and the critical path is walked back exactly;
//  * capacity: per array lane, MAC slots per leaf in quarter-MACs;
//  * actions and bytes: counts priced once, and conserved quantities per link.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/ledger/activity_log.h"
#include "sim/ledger/leaf.h"

namespace cyclescope::ledger {

constexpr ActivityId kOrigin = 0;

/// Why something could start, in the order that breaks ties.
enum class Reason : std::uint8_t { data, resource, credit, issue };

/// The last condition satisfied before a start or a resumption: which activity satisfied it, when (that instant lies
/// within the activity, which is cut there on the path), and of what kind it was.
struct Release {
  ActivityId by = kOrigin;
  Femtoseconds at = 0;
  Reason reason = Reason::issue;
};

/// The latest of several releases; ties go by reason in enum order, then by lane, then by number of the activity.
inline Release latest(std::initializer_list<Release> candidates) {
  const Release* best = candidates.begin();
  for (const Release& candidate : candidates) {
    if (candidate.at != best->at) {
      if (candidate.at > best->at) best = &candidate;
    } else if (candidate.reason != best->reason) {
      if (candidate.reason < best->reason) best = &candidate;
    } else if (candidate.by < best->by) {
      best = &candidate;
    }
  }
  return *best;
}

/// One interval of one lane on the way back from an instant.
struct PathSegment {
  Leaf cause = Leaf::unknown;  ///< as exposed to whoever waits for it
  LaneId lane = 0;
  OperatorIndex op = -1;
  Femtoseconds from = 0;
  Femtoseconds to = 0;
};

/// A conserved quantity of one link or memory level: sent * replication = received is the law.
struct Traffic {
  std::string name;
  std::int64_t sent = 0;
  std::int64_t received = 0;
  std::int64_t expected = 0;  ///< bytes that receivers must get: sent * replication
};

/// Faults that tests inject so that each law's mutant turns red. All zero in use.
struct Faults {
  std::int64_t drop_posting = -1;  ///< ordinal of the time posting to lose
};

/// Where a lane's book keeps each leaf: those that links and engines are in most share a cache line with the cursor.
constexpr std::array<std::uint8_t, kLeafCount> cells_of_leaves() {
  constexpr std::array<Leaf, 6> kFirst{Leaf::useful_transfer,     Leaf::idle_no_demand,     Leaf::waiting_output_space,
                                       Leaf::waiting_arbitration, Leaf::waiting_dependency, Leaf::waiting_operand_noc};
  std::array<std::uint8_t, kLeafCount> cells{};
  std::size_t next = kFirst.size();
  for (std::size_t leaf = 0; leaf < kLeafCount; ++leaf) {
    std::size_t place = 0;
    while (place < kFirst.size() && static_cast<std::size_t>(kFirst[place]) != leaf) ++place;
    cells[leaf] = static_cast<std::uint8_t>(place < kFirst.size() ? place : next++);
  }
  return cells;
}

class Ledger {
 public:
  explicit Ledger(bool enabled = true);

  // ---- lanes -------------------------------------------------------------------------------------------------------
  /// `name` is kind.index[.sub]; `period` the lane's clock period, bounding what may be called a clock crossing;
  /// `slots` the quarter-MACs per clock of an array lane, 0 for others.
  LaneId add_lane(const std::string& name, Femtoseconds period, std::int64_t slots = 0);
  [[nodiscard]] std::size_t lane_count() const { return lanes_.size(); }
  [[nodiscard]] const std::string& lane_name(LaneId lane) const { return lanes_[lane].name; }

  // ---- time --------------------------------------------------------------------------------------------------------
  /// Lane was in `leaf` during [from, to).
  void post(LaneId lane, Leaf leaf, Femtoseconds from, Femtoseconds to);

  /// Lane waited during [from, to) and `release` ended the wait: the interval is cut along the life of what released
  /// it. Useful or structural work of others becomes waiting.dependency, or waiting.output_space when the reason is a
  /// credit.
  void post_wait(LaneId lane, Femtoseconds from, Femtoseconds to, const Release& release);

  [[nodiscard]] LeafSums time(LaneId lane) const;

  /// A hint that the lane is posted to soon.
  void prefetch(LaneId lane) const {
    if (enabled_) __builtin_prefetch(&lanes_[lane]);
  }

  // ---- activities --------------------------------------------------------------------------------------------------
  /// Whether activities are kept, as they are at first. Without them open and record return kOrigin, memory stays
  /// bounded however long a run is, and there is no path to walk; the other books are as ever.
  void keep_activities(bool keep) { keep_activities_ = keep; }

  /// An activity begins at `start`, released by `release` (release.at <= start; the gap, less than one period, is a
  /// clock crossing). `cause` is what waiting for it is called. Its end is set by close.
  ActivityId open(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, const Release& release);
  void close(ActivityId activity, Femtoseconds end);

  /// open and close at once, when the end is known because the module itself determines it.
  ActivityId record(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, Femtoseconds end,
                    const Release& release);

  /// Walks back from `release` to `until`, newest first; segments abut and cover [until, release.at) exactly. What
  /// cannot be explained is one segment of cause unknown.
  template <class Visit>
  void walk(const Release& release, Femtoseconds until, Visit&& visit) const;

  // ---- capacity ----------------------------------------------------------------------------------------------------
  /// `slots` quarter-MACs of an array lane went to `leaf` while the lane was busy. Time posted under waiting, overhead
  /// and idle is added to the capacity book by itself.
  void post_slots(LaneId lane, Leaf leaf, std::int64_t slots);
  [[nodiscard]] const LeafSums& slots(LaneId lane) const { return lanes_[lane].slots; }
  [[nodiscard]] std::int64_t slots_per_cycle(LaneId lane) const { return lanes_[lane].slots_per_cycle; }
  [[nodiscard]] Femtoseconds lane_period(LaneId lane) const { return lanes_[lane].period; }

  // ---- actions and energy ------------------------------------------------------------------------------------------
  /// An action of a component at a price in attojoules each. Returns its index.
  std::size_t add_action(const std::string& component, const std::string& action, std::int64_t attojoules);
  /// `op`: the operator it is done for, -1 for none or where that is not known.
  void count(std::size_t action, std::int64_t times, OperatorIndex op = -1) {
    if (!enabled_) return;
    actions_[action].count += times;
    if (op >= 0) actions_[action].count_for(op, times);
  }
  /// Constant power of a component over the whole makespan.
  void add_power(const std::string& component, std::int64_t microwatts);

  struct Action {
    std::string component;
    std::string name;
    std::int64_t attojoules = 0;
    std::int64_t count = 0;
    std::vector<std::int64_t> by_operator = {};  ///< part of the count; may be shorter than there are operators

    void count_for(OperatorIndex op, std::int64_t times) {
      const auto index = static_cast<std::size_t>(op);
      if (by_operator.size() <= index) by_operator.resize(index + 1);
      by_operator[index] += times;
    }
  };
  struct Power {
    std::string component;
    std::int64_t microwatts = 0;
  };
  [[nodiscard]] const std::vector<Action>& actions() const { return actions_; }
  [[nodiscard]] const std::vector<Power>& powers() const { return powers_; }

  // ---- bytes -------------------------------------------------------------------------------------------------------
  std::size_t add_traffic(const std::string& name);
  void sent(std::size_t traffic, std::int64_t bytes, std::int64_t replication = 1);
  void received(std::size_t traffic, std::int64_t bytes) {
    if (enabled_) traffic_[traffic].received += bytes;
  }
  [[nodiscard]] const std::vector<Traffic>& traffic() const { return traffic_; }

  // ---- frame -------------------------------------------------------------------------------------------------------
  /// Forgets everything booked and starts a new frame at t0; lanes, actions and links stay declared. Activities of
  /// earlier frames count as the origin.
  void restart(Femtoseconds t0);
  /// Ends the frame: a lane whose postings do not reach `end` gets the hole as unknown.
  void finish(Femtoseconds end);

  [[nodiscard]] Femtoseconds origin() const { return origin_; }
  [[nodiscard]] Femtoseconds end() const { return end_; }
  [[nodiscard]] bool enabled() const { return enabled_; }
  /// Switches booking on or off, between frames: a frame that only warms the machine up need not be booked.
  void enable(bool enabled) { enabled_ = enabled; }
  [[nodiscard]] std::size_t activity_count() const { return activities_.size(); }
  void inject(const Faults& faults) { faults_ = faults; }

 private:
  static constexpr std::array<std::uint8_t, kLeafCount> kCells = cells_of_leaves();
  [[nodiscard]] static std::size_t cell(Leaf leaf) { return kCells[static_cast<std::size_t>(leaf)]; }
  struct alignas(64) LaneBook {
    Femtoseconds cursor = 0;
    std::int64_t slots_per_cycle = 0;
    LeafSums time{};  ///< by cell
    LeafSums slots{};
    Femtoseconds period = 0;
    std::string name;
  };

  void add_time(LaneBook& lane, Leaf leaf, Femtoseconds from, Femtoseconds to);
  /// A wait whose cuts must be posted oldest first.
  void post_cuts(LaneId lane, Femtoseconds from, Femtoseconds to, const Release& release);
  /// The part of a wait after its release.
  [[nodiscard]] PathSegment after_release(LaneId lane, Femtoseconds from, Femtoseconds to,
                                          const Release& release) const;
  [[nodiscard]] bool known(ActivityNumber number) const {
    return number >= first_ && number - first_ < activities_.size();
  }

  bool enabled_;
  Femtoseconds origin_ = 0;
  Femtoseconds end_ = 0;
  ActivityNumber first_ = 1;  ///< of the first activity of this frame; smaller numbers are the origin
  std::vector<LaneBook> lanes_;
  ActivityLog activities_;
  bool keep_activities_ = true;
  std::vector<PathSegment> cuts_;  ///< of the wait being posted
  std::vector<Action> actions_;
  std::vector<Power> powers_;
  std::vector<Traffic> traffic_;
  std::int64_t postings_ = 0;
  Faults faults_;
};

template <class Visit>
void Ledger::walk(const Release& release, Femtoseconds until, Visit&& visit) const {
  until = std::max(until, origin_);
  Femtoseconds t = release.at;
  ActivityNumber id = number_of(release.by);
  LaneId lane = known(id) ? activities_[id - first_].lane() : 0;
  const auto emit = [&](Leaf cause, OperatorIndex op, Femtoseconds from) {
    from = std::max(from, until);
    if (from < t) visit(PathSegment{cause, lane, op, from, t});
    t = std::min(t, from);
  };
  while (t > until) {
    if (!known(id) || activities_[id - first_].start > t || activities_[id - first_].end < t) {
      emit(Leaf::unknown, -1, until);  // nothing claims this interval
      return;
    }
    const ActivityLog::Activity& activity = activities_[id - first_];
    lane = activity.lane();
    emit(activity.cause(), activity.op, activity.start);
    if (t <= until) return;
    const Femtoseconds released_at = activities_.released_at(id - first_);
    if (released_at < t) {
      const bool crossing = t - released_at < lanes_[lane].period;
      emit(crossing ? Leaf::overhead_clock_crossing : Leaf::unknown, activity.op, released_at);
    }
    id = activity.released_by;
  }
}

}  // namespace cyclescope::ledger
