#include "sim/ledger/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::ledger {
namespace {

/// What a wait on work of this cause is called on the lane that waits.
Leaf as_wait(Leaf cause, Reason reason) {
  if (is_waiting(cause) || cause == Leaf::unknown) return cause;
  if (cause >= Leaf::overhead_launch && cause <= Leaf::overhead_configuration) return cause;
  return reason == Reason::credit ? Leaf::waiting_output_space : Leaf::waiting_dependency;
}

/// True when slots of this leaf are posted by the array itself and not derived from its time.
bool slots_posted_apart(Leaf leaf) { return leaf <= Leaf::structural_issue; }

}  // namespace

Ledger::Ledger(bool enabled) : enabled_(enabled) {}

LaneId Ledger::add_lane(const std::string& name, Femtoseconds period, std::int64_t slots) {
  LaneBook lane;
  lane.name = name;
  lane.period = period;
  lane.slots_per_cycle = slots;
  lane.cursor = origin_;
  lanes_.push_back(std::move(lane));
  return static_cast<LaneId>(lanes_.size() - 1);
}

void Ledger::add_time(LaneBook& lane, Leaf leaf, Femtoseconds from, Femtoseconds to) {
  const auto index = static_cast<std::size_t>(leaf);
  lane.time[index] += to - from;
  if (lane.slots_per_cycle != 0 && !slots_posted_apart(leaf)) {
    const Clock clock(lane.period);
    const std::int64_t cycles = clock.ceil_cycles(to - origin_) - clock.ceil_cycles(from - origin_);
    lane.slots[index] += cycles * lane.slots_per_cycle;
  }
}

void Ledger::post(LaneId id, Leaf leaf, Femtoseconds from, Femtoseconds to) {
  if (!enabled_) return;
  LaneBook& lane = lanes_[id];
  from = std::max(from, origin_);
  if (to <= from) return;
  if (postings_++ == faults_.drop_posting) return;
  if (from < lane.cursor) {
    throw InternalError(fmt::format("lane {}: {} posted from {} fs but the lane is booked up to {} fs", lane.name,
                                    name(leaf), from, lane.cursor));
  }
  if (from > lane.cursor) add_time(lane, Leaf::unknown, lane.cursor, from);
  add_time(lane, leaf, from, to);
  lane.cursor = to;
}

void Ledger::post_wait(LaneId id, Femtoseconds from, Femtoseconds to, const Release& release) {
  if (!enabled_) return;
  from = std::max(from, origin_);
  if (to <= from) return;
  // Newest first from the walk; the lane is posted oldest first.
  std::vector<PathSegment> cuts;
  if (release.at < to) {
    const bool crossing = to - release.at < lanes_[id].period;
    cuts.push_back({crossing ? Leaf::overhead_clock_crossing : Leaf::unknown, id, -1, std::max(release.at, from), to});
  }
  if (release.at > from) {
    walk(release, from, [&cuts](const PathSegment& segment) { cuts.push_back(segment); });
  }
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    post(id, as_wait(cut->cause, release.reason), cut->from, std::min(cut->to, to));
  }
}

ActivityId Ledger::open(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, const Release& release) {
  if (!enabled_ || !keep_activities_) return kOrigin;
  if (release.at > start) {
    throw InternalError(fmt::format("lane {}: activity starts at {} fs before its release at {} fs", lanes_[lane].name,
                                    start, release.at));
  }
  if (activity_count_ == activities_.size() * kChunk) activities_.emplace_back(new Activity[kChunk]);
  activity_at(activity_count_) = {start, kNever, release.at, release.by, lane, op, cause, release.reason};
  return first_ + static_cast<ActivityId>(activity_count_++);
}

void Ledger::close(ActivityId id, Femtoseconds end) {
  if (!enabled_ || id < first_) return;
  Activity& activity = activity_at(id - first_);
  if (end < activity.start) throw InternalError("activity closed before its start on " + lanes_[activity.lane].name);
  activity.end = end;
}

ActivityId Ledger::record(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, Femtoseconds end,
                          const Release& release) {
  const ActivityId id = open(lane, op, cause, start, release);
  close(id, end);
  return id;
}

const Ledger::Activity* Ledger::find(ActivityId id) const {
  if (id < first_ || id - first_ >= activity_count_) return nullptr;
  return &activity_at(id - first_);
}

void Ledger::walk(const Release& release, Femtoseconds until,
                  const std::function<void(const PathSegment&)>& visit) const {
  until = std::max(until, origin_);
  Femtoseconds t = release.at;
  const Activity* activity = find(release.by);
  LaneId lane = activity != nullptr ? activity->lane : 0;
  const auto emit = [&](Leaf cause, OperatorIndex op, Femtoseconds from) {
    from = std::max(from, until);
    if (from < t) visit({cause, lane, op, from, t});
    t = std::min(t, from);
  };
  while (t > until) {
    if (activity == nullptr || activity->start > t || activity->end < t) {
      emit(Leaf::unknown, -1, until);  // nothing claims this interval
      return;
    }
    lane = activity->lane;
    emit(activity->cause, activity->op, activity->start);
    if (t <= until) return;
    if (activity->released_at < t) {
      const bool crossing = t - activity->released_at < lanes_[lane].period;
      emit(crossing ? Leaf::overhead_clock_crossing : Leaf::unknown, activity->op, activity->released_at);
    }
    activity = find(activity->released_by);
  }
}

void Ledger::post_slots(LaneId lane, Leaf leaf, std::int64_t slots) {
  if (enabled_) lanes_[lane].slots[static_cast<std::size_t>(leaf)] += slots;
}

std::size_t Ledger::add_action(const std::string& component, const std::string& action, std::int64_t attojoules) {
  actions_.push_back({component, action, attojoules, 0});
  return actions_.size() - 1;
}

void Ledger::add_power(const std::string& component, std::int64_t microwatts) {
  powers_.push_back({component, microwatts});
}

std::size_t Ledger::add_traffic(const std::string& name) {
  traffic_.push_back({name, 0, 0, 0});
  return traffic_.size() - 1;
}

void Ledger::sent(std::size_t traffic, std::int64_t bytes, std::int64_t replication) {
  if (!enabled_) return;
  traffic_[traffic].sent += bytes;
  traffic_[traffic].expected += checked_mul(bytes, replication);
}

void Ledger::restart(Femtoseconds t0) {
  origin_ = t0;
  end_ = t0;
  first_ += static_cast<ActivityId>(activity_count_);
  activity_count_ = 0;
  for (LaneBook& lane : lanes_) {
    lane.cursor = t0;
    lane.time.fill(0);
    lane.slots.fill(0);
  }
  for (Action& action : actions_) action.count = 0;
  for (Traffic& link : traffic_) link.sent = link.received = link.expected = 0;
}

void Ledger::finish(Femtoseconds end) {
  end_ = end;
  if (!enabled_) return;
  for (LaneBook& lane : lanes_) {
    if (lane.cursor < end) add_time(lane, Leaf::unknown, lane.cursor, end);
    lane.cursor = end;
  }
}

}  // namespace cyclescope::ledger
