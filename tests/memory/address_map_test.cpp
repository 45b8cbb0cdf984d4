// The address mapping: one place per granule, and power-of-two strides spread.
#include "sim/memory/address_map.h"

#include <map>
#include <tuple>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

TEST_CASE("every row of every bank pair holds exactly its sixteen granules") {
  for (const int channels : {1, 3, 4, 16}) {
    for (const std::string hash : {"on", "off"}) {
      const AddressMap map(resolve_dram(settings(channels, {"dram.hash=" + hash})));
      std::map<std::tuple<int, int, std::int64_t>, int> granules;  // channel, pair, row
      // Two groups x 16 granules x 4 banks make one row of all banks of a channel; take 64 rows.
      const std::uint64_t lines = 64ULL * 128 * static_cast<std::uint64_t>(channels);
      for (std::uint64_t line = 0; line < lines; ++line) {
        const Location location = map.locate(line * 256);
        REQUIRE(location.data_bus < channels);
        REQUIRE(location.even_bank % 8 == location.odd_bank % 8);
        REQUIRE(location.even_bank != location.odd_bank);
        ++granules[{location.data_bus, location.even_bank % 8, location.row}];
      }
      CHECK(granules.size() == lines / 16);
      for (const auto& [place, count] : granules) REQUIRE(count == 16);
    }
  }
}

TEST_CASE("power-of-two strides use all channels and banks") {
  const AddressMap map(resolve_dram(settings(4)));
  for (unsigned shift = 0; shift <= 12; ++shift) {
    INFO("stride " << (256ULL << shift));
    std::map<int, int> channels;
    std::map<int, int> banks;
    for (std::uint64_t i = 0; i < 2048; ++i) {
      const Location location = map.locate(i << (8 + shift));
      ++channels[location.data_bus];
      ++banks[location.even_bank];
    }
    CHECK(channels.size() == 4);
    for (const auto& [channel, count] : channels) CHECK(count <= 2048 / 2);
    CHECK(banks.size() == 16);
  }
}

}  // namespace
}  // namespace cyclescope::memory::test
