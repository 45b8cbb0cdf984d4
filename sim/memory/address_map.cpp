#include "sim/memory/address_map.h"

#include <utility>

namespace cyclescope::memory {
namespace {

constexpr std::uint64_t kEveryThirdBit = 0x9249249249249249;

/// XOR of every third bit of x, from bit `first` on.
std::uint64_t parity(std::uint64_t x, unsigned first) {
  return static_cast<std::uint64_t>(__builtin_parityll(x >> first & kEveryThirdBit));
}

/// XOR of the digits of x in base 2^bits.
std::uint64_t fold(std::uint64_t x, unsigned bits) {
  std::uint64_t digits = 0;
  for (; x != 0 && bits > 0; x >>= bits) digits ^= x;
  return digits & ((std::uint64_t{1} << bits) - 1);
}

/// Sum of the digits of x in base 2^bits.
std::uint64_t digit_sum(std::uint64_t x, unsigned bits) {
  std::uint64_t sum = 0;
  for (; x != 0 && bits > 0; x >>= bits) sum += x & ((std::uint64_t{1} << bits) - 1);
  return sum;
}

}  // namespace

std::uint64_t AddressMap::Radix::take(std::uint64_t& x) const {
  std::uint64_t digit = 0;
  if (is_power_of_two) {
    digit = x & (size - 1);
    x >>= bits;
  } else {
    digit = x % size;
    x /= size;
  }
  return digit;
}

AddressMap::Radix AddressMap::radix(std::int64_t size) {
  Radix radix;
  radix.size = static_cast<std::uint64_t>(size);
  while ((std::uint64_t{1} << radix.bits) < radix.size) ++radix.bits;
  radix.is_power_of_two = radix.size == std::uint64_t{1} << radix.bits;
  return radix;
}

AddressMap::AddressMap(const DramConfig& config)
    : mapping_(config.mapping),
      rotation_(config.mapping == Mapping::interleaved && config.banks.bank_groups >= 2 ? 2 : 1),
      hash_(config.hash),
      granule_(radix(config.granule)),
      channels_(radix(config.channels)),
      pseudo_channels_(radix(config.pseudo_channels)),
      buses_(radix(config.data_buses())),
      row_granules_(radix(config.row_bytes / config.granule)),
      rotated_granules_(radix(config.row_bytes / config.granule * rotation_)),
      rows_(radix(config.rows)),
      groups_(radix(config.banks.bank_groups)),
      other_groups_(radix(config.banks.bank_groups / rotation_)),
      banks_per_group_(radix(config.banks.banks_per_group)),
      ranks_(radix(config.banks.ranks)) {}

Location AddressMap::interleaved(std::uint64_t line) const {
  std::uint64_t rest = line;
  std::uint64_t bus = buses_.take(rest);
  const std::uint64_t in_bus = rest;
  std::uint64_t group = other_groups_.take(rest);
  rotated_granules_.take(rest);
  std::uint64_t bank = banks_per_group_.take(rest);
  const std::uint64_t rank = ranks_.take(rest);
  const std::uint64_t row = rest;
  bool swapped = false;
  if (hash_) {
    if (buses_.size > 1) bus = (bus + fold(in_bus, buses_.bits)) % buses_.size;
    bank = (bank + digit_sum(row, banks_per_group_.bits)) & (banks_per_group_.size - 1);
    group ^= parity(row, 2) & (other_groups_.size - 1);
    swapped = parity(in_bus, 1) != 0;
  }
  Location location = flat(bus, rank, group, bank, row);
  if (rotation_ == 2) location.odd_bank += static_cast<int>(other_groups_.size * banks_per_group_.size);
  if (swapped) std::swap(location.even_bank, location.odd_bank);
  return location;
}

Location AddressMap::row_bank_column(std::uint64_t line) const {
  std::uint64_t rest = line;
  const std::uint64_t channel = channels_.take(rest);
  row_granules_.take(rest);
  const std::uint64_t pseudo_channel = pseudo_channels_.take(rest);
  const std::uint64_t rank = ranks_.take(rest);
  const std::uint64_t group = groups_.take(rest);
  const std::uint64_t bank = banks_per_group_.take(rest);
  return flat(channel * pseudo_channels_.size + pseudo_channel, rank, group, bank, rest);
}

Location AddressMap::bank_row_column(std::uint64_t line) const {
  std::uint64_t rest = line;
  row_granules_.take(rest);
  const std::uint64_t row = rows_.take(rest);
  const std::uint64_t bank = banks_per_group_.take(rest);
  const std::uint64_t group = groups_.take(rest);
  const std::uint64_t rank = ranks_.take(rest);
  return flat(rest, rank, group, bank, row);  // the rest is channel | pseudo-channel
}

Location AddressMap::flat(std::uint64_t bus, std::uint64_t rank, std::uint64_t group, std::uint64_t bank,
                          std::uint64_t row) const {
  Location location;
  location.data_bus = static_cast<int>(bus);
  location.even_bank = static_cast<int>((rank * groups_.size + group) * banks_per_group_.size + bank);
  location.odd_bank = location.even_bank;
  location.row = static_cast<std::int64_t>(row);
  return location;
}

}  // namespace cyclescope::memory
