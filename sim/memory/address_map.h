// Address mapping of an external memory: granule address -> channel, banks, row. A pure function.
//
// Most to least significant: row | bank | column-high | bank group (low) | channel | column-low | bank group (high) |
// byte in burst. The bursts of a granule rotate over two bank groups (group g and g + groups/2), so one granule streams
// at tCCD_S and takes only two activates when it is alone; successive granules of a channel change the remaining group
// bits. The two banks of a granule are a refresh pair of LPDDR5 (bank b and b + 8), so one REFpb blocks whole granules.
// With hashing, folded row bits are XORed into bank and bank group (low), the granule number is folded into the
// channel and into which of the two groups comes first: bijective, power-of-two strides spread, and streams a power of
// two apart work in different banks.
// Source: usual mapping for tiled traffic (DRAMSys address mappings, GPU 256 B interleave).
#pragma once

#include <cstdint>

#include "sim/memory/dram_config.h"

namespace cyclescope::memory {

struct Location {
  int channel = 0;
  int even_bank = 0;  ///< bank of bursts 0, 2, ... of the granule
  int odd_bank = 0;   ///< bank of bursts 1, 3, ...; the same when the device has no bank groups
  std::int64_t row = 0;
};

class AddressMap {
 public:
  explicit AddressMap(const DramConfig& config);

  [[nodiscard]] Location locate(std::uint64_t address) const;

  /// Bank groups a granule rotates over: 2, or 1 when the device has no groups.
  [[nodiscard]] int rotation() const { return rotation_; }

 private:
  std::uint64_t granule_;
  std::uint64_t channels_;
  std::uint64_t channel_digit_ = 1;  ///< smallest power of two that is not below the channels
  std::uint64_t column_granules_;    ///< granules in a row of all banks that share one granule
  int rotation_;
  std::uint64_t other_groups_;
  std::uint64_t banks_per_group_;
  bool hash_;
};

}  // namespace cyclescope::memory
