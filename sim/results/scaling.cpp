#include "sim/results/scaling.h"

#include <fmt/format.h>

#include <numeric>
#include <set>
#include <vector>

#include "sim/base/checked.h"

namespace cyclescope::results {
namespace {

constexpr std::size_t index(ScalingCause cause) { return static_cast<std::size_t>(cause); }

std::int64_t sum(const ledger::LeafSums& sums) {
  std::int64_t total = 0;
  for (const std::int64_t value : sums) total = checked_add(total, value);
  return total;
}

std::int64_t useful(const LaneResult& lane) { return lane.slots[static_cast<std::size_t>(ledger::Leaf::useful_mac)]; }

[[noreturn]] void open(const RunResult& result, const std::string& what) {
  throw CheckFailed(
      fmt::format("{} on {}: the capacity ledger does not close: {}", result.model, result.platform, what));
}

/// The slots of a lane, after everything one lane can tell about them.
std::int64_t checked_slots(const RunResult& result, const LaneResult& lane) {
  constexpr auto kUnknown = static_cast<std::size_t>(ledger::Leaf::unknown);
  const std::int64_t slots = sum(lane.slots);
  if (lane.slots[kUnknown] != 0 || lane.time[kUnknown] != 0) {
    open(result, fmt::format("{} has {} quarter-MACs and {} fs in 'unknown', expected none", lane.name,
                             lane.slots[kUnknown], lane.time[kUnknown]));
  }
  if (sum(lane.time) != result.makespan) {
    open(result, fmt::format("{} has {} fs, expected the makespan {} fs", lane.name, sum(lane.time), result.makespan));
  }
  if (result.cycles <= 0 || slots % result.cycles != 0) {
    open(result, fmt::format("{} has {} quarter-MACs in {} cycles, expected a whole number per cycle", lane.name, slots,
                             result.cycles));
  }
  return slots;
}

/// Adds a lane's leaves to what they are, or all of it to heterogeneity.
void add(const LaneResult& lane, bool heterogeneous, ArraySlotSums& sums) {
  for (std::size_t leaf = 0; leaf < lane.slots.size(); ++leaf) {
    const LeafRole role = role_of(static_cast<ledger::Leaf>(leaf));
    if (role.kind == LeafRole::Kind::unaccounted) continue;  // 0, as checked
    const ScalingCause cause = heterogeneous ? ScalingCause::heterogeneity : role.cause;
    std::int64_t& book = role.kind == LeafRole::Kind::useful ? sums.useful : sums.lost[index(cause)];
    book = checked_add(book, lane.slots[leaf]);
  }
}

}  // namespace

ArraySlotSums array_slots(const RunResult& result) {
  constexpr std::int64_t kQuarterMacs = 4;
  ArraySlotSums sums;
  std::vector<const LaneResult*> arrays;
  std::set<std::int64_t> working;  // slots of the kinds of array that executed MACs
  for (const LaneResult& lane : result.lanes) {
    if (sum(lane.slots) == 0) continue;
    arrays.push_back(&lane);
    sums.all = checked_add(sums.all, checked_slots(result, lane));
    if (useful(lane) != 0) working.insert(sum(lane.slots));
  }
  for (const LaneResult* lane : arrays) {
    const bool another_kind = !working.empty() && working.count(sum(lane->slots)) == 0;
    add(*lane, another_kind, sums);
  }
  const Int128 of_chip = Int128{kQuarterMacs} * result.peak_macs_per_second * result.cycles;
  if (result.peak_macs_per_second > 0 && Int128{sums.all} * result.clock_hz > of_chip) {
    throw NotModelled(
        fmt::format("scaling of {} on {}: its arrays take turns in several contexts, and their capacity is more "
                    "than the chip's {} MAC/s",
                    result.model, result.platform, result.peak_macs_per_second));
  }
  sums.arrays = static_cast<std::int64_t>(arrays.size());
  sums.slots_per_cycle = result.cycles > 0 ? sums.all / result.cycles : 0;
  if (sums.useful != checked_mul(kQuarterMacs, result.macs_executed)) {
    open(result, fmt::format("{} useful quarter-MACs, expected 4 for each of the {} MACs executed", sums.useful,
                             result.macs_executed));
  }
  std::int64_t total = sums.useful;
  for (const std::int64_t slots : sums.lost) total = checked_add(total, slots);
  if (total != sums.all) open(result, fmt::format("useful and lost are {} of {} quarter-MACs", total, sums.all));
  return sums;
}

double LostEfficiency::efficiency() const { return 1 - static_cast<double>(lost) / static_cast<double>(denominator); }

LostEfficiency lost_efficiency(const ArraySlotSums& base, std::int64_t base_work, const ArraySlotSums& point,
                               std::int64_t work) {
  if (base.all <= 0 || point.all <= 0)
    throw InputError("scaling of a run without MAC slots: expected MAC arrays and time");
  if (base_work <= 0 || work <= 0) throw InputError("scaling of a run without work: expected a batch of at least 1");
  const std::int64_t common = std::gcd(base_work, work);
  LostEfficiency result;
  result.base_work = base_work / common;
  result.work = work / common;
  const auto difference = [&](std::int64_t mine, std::int64_t of_base) {
    return checked_narrow(Int128{result.base_work} * mine - Int128{result.work} * of_base);
  };
  result.denominator = checked_mul(result.base_work, point.all);
  result.lost = difference(point.all, base.all);
  Int128 total = 0;
  for (std::size_t cause = 0; cause < kScalingCauses; ++cause) {
    result.terms[cause] = difference(point.lost[cause], base.lost[cause]);
  }
  result.terms[index(ScalingCause::elsewhere)] = difference(point.useful, base.useful);
  for (const std::int64_t term : result.terms) total += term;
  if (total != result.lost) {
    throw CheckFailed(fmt::format("lost efficiency does not close: causes are {} of {} quarter-MACs lost",
                                  checked_narrow(total), result.lost));
  }
  return result;
}

}  // namespace cyclescope::results
