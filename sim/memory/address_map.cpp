#include "sim/memory/address_map.h"

namespace cyclescope::memory {

AddressMap::AddressMap(const DramConfig& config)
    : granule_(static_cast<std::uint64_t>(config.granule)),
      channels_(static_cast<std::uint64_t>(config.channels)),
      column_granules_(0),
      rotation_(config.bank_groups >= 2 ? 2 : 1),
      other_groups_(config.bank_groups / rotation_),
      banks_per_group_(config.banks_per_group),
      hash_(config.hash) {
  column_granules_ = static_cast<std::uint64_t>(config.row_bytes * rotation_ / config.granule);
}

Location AddressMap::locate(std::uint64_t address) const {
  const std::uint64_t line = address / granule_;
  std::uint64_t rest = line / channels_;
  std::uint64_t channel = line % channels_;
  if (hash_) channel = (channel + (rest ^ (rest >> 3) ^ (rest >> 7))) % channels_;
  const auto groups = static_cast<std::uint64_t>(other_groups_);
  const auto banks = static_cast<std::uint64_t>(banks_per_group_);
  std::uint64_t group = rest % groups;
  rest /= groups * column_granules_;
  std::uint64_t bank = rest % banks;
  const std::uint64_t row = rest / banks;
  if (hash_) {
    bank ^= row % banks;
    group ^= (row / banks) % groups;
  }
  return {static_cast<int>(channel), static_cast<int>(group * banks + bank), static_cast<std::int64_t>(row)};
}

}  // namespace cyclescope::memory
