#include "sim/memory/address_map.h"

#include <utility>

namespace cyclescope::memory {
namespace {

/// XOR of every `step`-th bit of x, from bit `first` on.
std::uint64_t parity(std::uint64_t x, unsigned first, unsigned step) {
  std::uint64_t bit = 0;
  for (x >>= first; x != 0; x >>= step) bit ^= x & 1U;
  return bit;
}

/// XOR of the digits of x in base `modulus`, a power of two.
std::uint64_t fold(std::uint64_t x, std::uint64_t modulus) {
  std::uint64_t digits = 0;
  for (; x != 0 && modulus > 1; x /= modulus) digits ^= x % modulus;
  return digits;
}

}  // namespace

AddressMap::AddressMap(const DramConfig& config)
    : granule_(static_cast<std::uint64_t>(config.granule)),
      channels_(static_cast<std::uint64_t>(config.channels)),
      column_granules_(0),
      rotation_(config.bank_groups >= 2 ? 2 : 1),
      other_groups_(static_cast<std::uint64_t>(config.bank_groups / rotation_)),
      banks_per_group_(static_cast<std::uint64_t>(config.banks_per_group)),
      hash_(config.hash) {
  column_granules_ = static_cast<std::uint64_t>(config.row_bytes * rotation_ / config.granule);
  while (channel_digit_ < channels_) channel_digit_ *= 2;
}

Location AddressMap::locate(std::uint64_t address) const {
  const std::uint64_t line = address / granule_;
  const std::uint64_t in_channel = line / channels_;
  std::uint64_t channel = line % channels_;
  std::uint64_t group = in_channel % other_groups_;
  std::uint64_t bank = in_channel / (other_groups_ * column_granules_) % banks_per_group_;
  const std::uint64_t row = in_channel / (other_groups_ * column_granules_ * banks_per_group_);
  bool swapped = false;
  if (hash_) {
    channel = (channel + fold(in_channel, channel_digit_)) % channels_;
    bank ^= fold(row, banks_per_group_);
    group ^= parity(row, 2, 3) % other_groups_;
    swapped = parity(in_channel, 1, 3) != 0;
  }
  Location location;
  location.channel = static_cast<int>(channel);
  location.row = static_cast<std::int64_t>(row);
  location.even_bank = static_cast<int>(group * banks_per_group_ + bank);
  location.odd_bank = location.even_bank;
  if (rotation_ == 2) location.odd_bank += static_cast<int>(other_groups_ * banks_per_group_);
  if (swapped) std::swap(location.even_bank, location.odd_bank);
  return location;
}

}  // namespace cyclescope::memory
