// One array of either model with its feeder, on a ledger that several may share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/compute/support.h"

namespace cyclescope::compute::test {

template <class Model>
struct Rig {
  Rig(ledger::Ledger& shared, const std::string& name, const ArrayGeometry& geometry, const std::vector<Call>& plan)
      : ledger(shared), lane(static_cast<ledger::LaneId>(shared.lane_count())), actions(declare_actions(shared)),
        feeder("feeder_" + name, plan),
        array("array_" + name, geometry, Clock(kPeriod), shared, "array." + name, actions, feeder) {
    feeder.begin(array, ledger);
  }
  void finish(std::int64_t clock) { array.finish(clock * kPeriod); }
  /// Clocks of the array's lane in a leaf.
  [[nodiscard]] std::int64_t time(ledger::Leaf leaf) const {
    return ledger.time(lane)[static_cast<std::size_t>(leaf)] / kPeriod;
  }
  [[nodiscard]] std::int64_t slots(ledger::Leaf leaf) const {
    return ledger.slots(lane)[static_cast<std::size_t>(leaf)];
  }
  [[nodiscard]] std::int64_t all_slots() const {
    std::int64_t sum = 0;
    for (const std::int64_t slots : ledger.slots(lane)) sum += slots;
    return sum;
  }
  /// Clocks per cause on the way back from the latest last_result to the beginning.
  [[nodiscard]] std::map<ledger::Leaf, std::int64_t> path_of_last() const {
    std::map<ledger::Leaf, std::int64_t> causes;
    ledger.walk({feeder.last_by(), feeder.last_clock() * kPeriod, ledger::Reason::data}, 0,
                [&](const ledger::PathSegment& part) { causes[part.cause] += (part.to - part.from) / kPeriod; });
    return causes;
  }

  [[nodiscard]] std::int64_t count(std::size_t action) const { return ledger.actions()[action].count; }

  ledger::Ledger& ledger;
  ledger::LaneId lane;  ///< of the array
  ArrayActions actions;
  Feeder feeder;
  Model array;
};

}  // namespace cyclescope::compute::test
