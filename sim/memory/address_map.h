// Address mapping of an external memory: granule address -> data bus, banks, row. A pure function.
//
// `interleaved`, most to least significant: row | rank | bank | column-high | bank group (low) | channel | column-low |
// bank group (high) | byte in burst. The bursts of a granule rotate over two bank groups (group g and g + groups/2), so
// one granule streams at tCCD_S and takes only two activates when it is alone; successive granules of a channel change
// the remaining group bits. The two banks of a granule are a refresh pair of LPDDR5 (bank b and b + 8), so one REFpb
// blocks whole granules. Pseudo-channels count as channels.
// `RoBaRaCoCh`: row | bank | bank group | rank | pseudo-channel | column | channel granule | byte; a granule lies in one
// bank. `ChRaBaRoCo`: channel | pseudo-channel | rank | bank group | bank | row | column. Both are the flat mappings of
// Ramulator 2, for comparison: one stream cannot keep them busy.
// With hashing (interleaved only), the row's digits are added to the bank (so that a stream never starts a row in the
// bank in which it ended the row before), row bits are XORed into the bank group (low), the granule number is folded into the channel and into which of the two groups comes first: bijective, power-of-two strides spread, and streams a
// power of two apart work in different banks. Data buses that are no power of two in number are taken modulo.
// Source: usual mapping for tiled traffic (DRAMSys address mappings, GPU 256 B interleave); Ramulator 2.
#pragma once

#include <cstdint>

#include "sim/memory/dram_config.h"

namespace cyclescope::memory {

struct Location {
  int data_bus = 0;   ///< channel * pseudo_channels + pseudo-channel
  int even_bank = 0;  ///< bank of bursts 0, 2, ... of the granule
  int odd_bank = 0;   ///< bank of bursts 1, 3, ...; the same when a granule lies in one bank
  std::int64_t row = 0;
};

class AddressMap {
 public:
  explicit AddressMap(const DramConfig& config);

  [[nodiscard]] Location locate(std::uint64_t address) const {
    const std::uint64_t line = granule_.is_power_of_two ? address >> granule_.bits : address / granule_.size;
    if (mapping_ == Mapping::interleaved) return interleaved(line);
    return mapping_ == Mapping::row_bank_column ? row_bank_column(line) : bank_row_column(line);
  }

  /// Bank groups a granule rotates over: 2, or 1 when it lies in one bank.
  [[nodiscard]] int rotation() const { return rotation_; }

 private:
  /// A digit of the address.
  struct Radix {
    std::uint64_t size = 1;
    unsigned bits = 0;  ///< of the smallest power of two that is not below size
    bool is_power_of_two = true;
    /// The lowest digit of x, which is taken off.
    std::uint64_t take(std::uint64_t& x) const;
  };
  static Radix radix(std::int64_t size);

  [[nodiscard]] Location interleaved(std::uint64_t line) const;
  [[nodiscard]] Location row_bank_column(std::uint64_t line) const;
  [[nodiscard]] Location bank_row_column(std::uint64_t line) const;
  [[nodiscard]] Location flat(std::uint64_t bus, std::uint64_t rank, std::uint64_t group, std::uint64_t bank,
                              std::uint64_t row) const;

  Mapping mapping_;
  int rotation_;
  bool hash_;
  Radix granule_;
  Radix channels_;
  Radix pseudo_channels_;
  Radix buses_;
  Radix row_granules_;
  Radix rotated_granules_;  ///< granules in one row of each bank that a granule rotates over
  Radix rows_;
  Radix groups_;
  Radix other_groups_;
  Radix banks_per_group_;
  Radix ranks_;
};

}  // namespace cyclescope::memory
