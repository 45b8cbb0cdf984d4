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

/// The lowest digit of x in base `radix`, which is taken off.
std::uint64_t take(std::uint64_t& x, std::uint64_t radix) {
  const std::uint64_t digit = x % radix;
  x /= radix;
  return digit;
}

}  // namespace

AddressMap::AddressMap(const DramConfig& config)
    : mapping_(config.mapping),
      granule_(static_cast<std::uint64_t>(config.granule)),
      channels_(static_cast<std::uint64_t>(config.channels)),
      pseudo_channels_(static_cast<std::uint64_t>(config.pseudo_channels)),
      buses_(static_cast<std::uint64_t>(config.data_buses())),
      row_granules_(static_cast<std::uint64_t>(config.row_bytes / config.granule)),
      rows_(static_cast<std::uint64_t>(config.rows)),
      rotation_(config.mapping == Mapping::interleaved && config.banks.bank_groups >= 2 ? 2 : 1),
      other_groups_(static_cast<std::uint64_t>(config.banks.bank_groups / rotation_)),
      groups_(static_cast<std::uint64_t>(config.banks.bank_groups)),
      banks_per_group_(static_cast<std::uint64_t>(config.banks.banks_per_group)),
      ranks_(static_cast<std::uint64_t>(config.banks.ranks)),
      hash_(config.hash) {
  while (bus_digit_ < buses_) bus_digit_ *= 2;
}

Location AddressMap::interleaved(std::uint64_t line) const {
  std::uint64_t rest = line;
  std::uint64_t bus = take(rest, buses_);
  const std::uint64_t in_bus = rest;
  std::uint64_t group = take(rest, other_groups_);
  take(rest, row_granules_ * static_cast<std::uint64_t>(rotation_));
  std::uint64_t bank = take(rest, banks_per_group_);
  const std::uint64_t rank = take(rest, ranks_);
  const std::uint64_t row = rest;
  bool swapped = false;
  if (hash_) {
    bus = (bus + fold(in_bus, bus_digit_)) % buses_;
    bank ^= fold(row, banks_per_group_);
    group ^= parity(row, 2, 3) % other_groups_;
    swapped = parity(in_bus, 1, 3) != 0;
  }
  Location location = flat(bus, rank, group, bank, row);
  if (rotation_ == 2) location.odd_bank += static_cast<int>(other_groups_ * banks_per_group_);
  if (swapped) std::swap(location.even_bank, location.odd_bank);
  return location;
}

Location AddressMap::row_bank_column(std::uint64_t line) const {
  std::uint64_t rest = line;
  const std::uint64_t channel = take(rest, channels_);
  take(rest, row_granules_);
  const std::uint64_t pseudo_channel = take(rest, pseudo_channels_);
  const std::uint64_t rank = take(rest, ranks_);
  const std::uint64_t group = take(rest, groups_);
  const std::uint64_t bank = take(rest, banks_per_group_);
  return flat(channel * pseudo_channels_ + pseudo_channel, rank, group, bank, rest);
}

Location AddressMap::bank_row_column(std::uint64_t line) const {
  std::uint64_t rest = line;
  take(rest, row_granules_);
  const std::uint64_t row = take(rest, rows_);
  const std::uint64_t bank = take(rest, banks_per_group_);
  const std::uint64_t group = take(rest, groups_);
  const std::uint64_t rank = take(rest, ranks_);
  return flat(rest, rank, group, bank, row);  // the rest is channel | pseudo-channel
}

Location AddressMap::flat(std::uint64_t bus, std::uint64_t rank, std::uint64_t group, std::uint64_t bank,
                          std::uint64_t row) const {
  Location location;
  location.data_bus = static_cast<int>(bus);
  location.even_bank = static_cast<int>((rank * groups_ + group) * banks_per_group_ + bank);
  location.odd_bank = location.even_bank;
  location.row = static_cast<std::int64_t>(row);
  return location;
}

}  // namespace cyclescope::memory
