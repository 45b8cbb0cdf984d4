// Address mapping of an external memory: granule address -> channel, banks, row. A pure function.
//
// Most to least significant: row | bank | column-high | bank group (low) | channel | column-low | bank group (high) |
// byte in burst. The bursts of a granule rotate over two bank groups (group g and g + groups/2), so one granule streams
// at tCCD_S and takes only two activates when it is alone; successive granules of a channel change the remaining group
// bits. The two banks of a granule are a refresh pair of LPDDR5 (bank b and b + 8), so one REFpb blocks whole granules.
// With hashing, row bits are XORed into bank and bank group (low) and the granule number is folded into the channel:
// bijective, and power-of-two strides spread.
// Source: usual mapping for tiled traffic (DRAMSys address mappings, GPU 256 B interleave).
#pragma once

#include <cstdint>

#include "sim/memory/dram_config.h"

namespace cyclescope::memory {

struct Location {
  int channel = 0;
  int bank = 0;        ///< bank of the even bursts; odd ones go to bank + rotation_step
  std::int64_t row = 0;
};

class AddressMap {
 public:
  explicit AddressMap(const DramConfig& config);

  [[nodiscard]] Location locate(std::uint64_t address) const;

  /// Bank groups a granule rotates over: 2, or 1 when the device has no groups.
  [[nodiscard]] int rotation() const { return rotation_; }
  /// Distance in banks between the even and the odd bursts of a granule.
  [[nodiscard]] int rotation_step() const { return other_groups_ * banks_per_group_; }

 private:
  std::uint64_t granule_;
  std::uint64_t channels_;
  std::uint64_t column_granules_;  ///< granules in a row of all banks that share one granule
  int rotation_;
  int other_groups_;
  int banks_per_group_;
  bool hash_;
};

}  // namespace cyclescope::memory
