#include "sim/memory/technology.h"

namespace cyclescope::memory {

const std::vector<Technology>& technologies() {
  static const std::vector<Technology> kAll = {
      {"lpddr4", 1, true, false, lpddr4_table}, {"lpddr5", 1, true, false, lpddr5_table},
      {"hbm2", 1, true, false, hbm2_table},     {"hbm3", 2, true, true, hbm3_table},
      {"ddr4", 1, false, false, ddr4_table},
  };
  return kAll;
}

std::vector<TimingRule> join(std::initializer_list<std::vector<TimingRule>> groups) {
  std::vector<TimingRule> all;
  for (const std::vector<TimingRule>& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace cyclescope::memory
