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
  if (lanes_.size() == ActivityLog::kMaxLanes) throw InternalError("the ledger has too many lanes");
  LaneBook lane;
  lane.name = name;
  lane.period = period;
  lane.slots_per_cycle = slots;
  lane.cursor = origin_;
  lanes_.push_back(std::move(lane));
  return static_cast<LaneId>(lanes_.size() - 1);
}

void Ledger::add_time(LaneBook& lane, Leaf leaf, Femtoseconds from, Femtoseconds to) {
  lane.time[cell(leaf)] += to - from;
  if (lane.slots_per_cycle != 0 && !slots_posted_apart(leaf)) {
    const Clock clock(lane.period);
    const std::int64_t cycles = clock.ceil_cycles(to - origin_) - clock.ceil_cycles(from - origin_);
    lane.slots[static_cast<std::size_t>(leaf)] += cycles * lane.slots_per_cycle;
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

PathSegment Ledger::after_release(LaneId id, Femtoseconds from, Femtoseconds to, const Release& release) const {
  const bool crossing = to - release.at < lanes_[id].period;
  return {crossing ? Leaf::overhead_clock_crossing : Leaf::unknown, id, -1, std::max(release.at, from), to};
}

void Ledger::post_wait(LaneId id, Femtoseconds from, Femtoseconds to, const Release& release) {
  if (!enabled_) return;
  from = std::max(from, origin_);
  if (to <= from) return;
  LaneBook& lane = lanes_[id];
  if (lane.slots_per_cycle != 0 || from < lane.cursor || faults_.drop_posting >= 0) {
    post_cuts(id, from, to, release);
    return;
  }
  // Sums do not ask for the order of the cuts, which cover [from, to).
  if (from > lane.cursor) add_time(lane, Leaf::unknown, lane.cursor, from);
  const auto book = [&](const PathSegment& cut) {
    const Femtoseconds end = std::min(cut.to, to);
    if (cut.from < end) lane.time[cell(as_wait(cut.cause, release.reason))] += end - cut.from;
  };
  if (release.at < to) book(after_release(id, from, to, release));
  if (release.at > from) walk(release, from, book);
  lane.cursor = to;
}

void Ledger::post_cuts(LaneId id, Femtoseconds from, Femtoseconds to, const Release& release) {
  cuts_.clear();  // newest first from the walk
  if (release.at < to) cuts_.push_back(after_release(id, from, to, release));
  if (release.at > from) {
    walk(release, from, [this](const PathSegment& segment) { cuts_.push_back(segment); });
  }
  for (auto cut = cuts_.rbegin(); cut != cuts_.rend(); ++cut) {
    post(id, as_wait(cut->cause, release.reason), cut->from, std::min(cut->to, to));
  }
}

LeafSums Ledger::time(LaneId lane) const {
  LeafSums sums;
  for (std::size_t leaf = 0; leaf < kLeafCount; ++leaf) sums[leaf] = lanes_[lane].time[cell(static_cast<Leaf>(leaf))];
  return sums;
}

ActivityId Ledger::open(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, const Release& release) {
  if (!enabled_ || !keep_activities_) return kOrigin;
  if (release.at > start) {
    throw InternalError(fmt::format("lane {}: activity starts at {} fs before its release at {} fs", lanes_[lane].name,
                                    start, release.at));
  }
  activities_.push(lane, op, cause, start, release.at, number_of(release.by));
  return activity_id(lane, first_ + static_cast<ActivityNumber>(activities_.size() - 1));
}

void Ledger::close(ActivityId id, Femtoseconds end) {
  if (!enabled_ || number_of(id) < first_) return;
  ActivityLog::Activity& activity = activities_[number_of(id) - first_];
  if (end < activity.start) throw InternalError("activity closed before its start on " + lanes_[activity.lane()].name);
  activity.end = end;
}

ActivityId Ledger::record(LaneId lane, OperatorIndex op, Leaf cause, Femtoseconds start, Femtoseconds end,
                          const Release& release) {
  const ActivityId id = open(lane, op, cause, start, release);
  close(id, end);
  return id;
}

void Ledger::post_slots(LaneId lane, Leaf leaf, std::int64_t slots) {
  if (enabled_) lanes_[lane].slots[static_cast<std::size_t>(leaf)] += slots;
}

std::size_t Ledger::add_action(const std::string& component, const std::string& action, std::int64_t attojoules) {
  actions_.push_back({component, action, attojoules});
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
  first_ += static_cast<ActivityNumber>(activities_.size());
  activities_.clear();
  for (LaneBook& lane : lanes_) {
    lane.cursor = t0;
    lane.time.fill(0);
    lane.slots.fill(0);
  }
  for (Action& action : actions_) {
    action.count = 0;
    action.by_operator.clear();
  }
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
