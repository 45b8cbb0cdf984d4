// Parts of neighbouring blocks in one segment, on lists of blocks written by hand.
#include "arch/kpu/coalesce.h"

#include <catch2/catch.hpp>

namespace {

using namespace cyclescope::kpu;

constexpr std::int64_t kPacket = 1024;
constexpr std::int64_t kAmple = 1 << 20;

Segment part(std::int32_t token, std::int32_t route, std::int64_t bytes, bool local = false) {
  Segment segment;
  segment.token = token;
  segment.route = route;
  segment.bytes = bytes;
  segment.local = local;
  return segment;
}

Segment store(std::int64_t address, std::int64_t bytes) {
  Segment segment = part(0, 0, bytes);
  segment.store = true;
  segment.address = address;
  return segment;
}

using Blocks = std::vector<std::vector<Segment>>;

std::vector<BlockOutput> coalesced(const Blocks& lists, std::int64_t block_bytes, std::int64_t room = kAmple) {
  std::vector<BlockOutput> blocks;
  for (const auto& list : lists) blocks.push_back({list, 0});
  coalesce(blocks, std::vector<std::int64_t>(blocks.size(), block_bytes), {kPacket, room});
  return blocks;
}

/// Bytes of the only segment of each block, 0: it has none.
std::vector<std::int64_t> sizes(const std::vector<BlockOutput>& blocks) {
  std::vector<std::int64_t> bytes;
  for (const BlockOutput& block : blocks) {
    REQUIRE(block.segments.size() <= 1);
    bytes.push_back(block.segments.empty() ? 0 : block.segments.front().bytes);
  }
  return bytes;
}

std::vector<std::int64_t> first_staged(const std::vector<BlockOutput>& blocks) {
  std::vector<std::int64_t> first;
  for (const BlockOutput& block : blocks) first.push_back(block.first_staged);
  return first;
}

using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("blocks of 128 B to the same tiles leave eight at a time") {
  const auto blocks = coalesced(Blocks(10, {part(3, 5, 128)}), 128);
  CHECK(sizes(blocks) == Numbers{0, 0, 0, 0, 0, 0, 0, 1024, 0, 256});
  CHECK(first_staged(blocks) == Numbers{0, 0, 0, 0, 0, 0, 0, 8, 8, 10});
}

TEST_CASE("what would not fit one packet leaves on its own") {
  CHECK(sizes(coalesced(Blocks(3, {part(3, 5, 600)}), 600)) == Numbers{600, 600, 600});
  CHECK(sizes(coalesced({{part(3, 5, 1500)}, {part(3, 5, 24)}, {part(3, 5, 1000)}}, 2000)) == Numbers{1500, 0, 1024});
}

TEST_CASE("blocks that wait and the one they wait for fit the room in staging") {
  const auto blocks = coalesced(Blocks(5, {part(3, 5, 16)}), 128, 256);
  CHECK(sizes(blocks) == Numbers{0, 32, 0, 32, 16});
  CHECK(first_staged(blocks) == Numbers{0, 2, 2, 4, 5});
  CHECK(sizes(coalesced(Blocks(2, {part(3, 5, 16)}), 128, 255)) == Numbers{16, 16});
}

TEST_CASE("only the same token, receivers and kind go together, with the latest of its way") {
  CHECK(sizes(coalesced({{part(3, 5, 16)}, {part(4, 5, 16)}}, 128)) == Numbers{16, 16});
  CHECK(sizes(coalesced({{part(3, 5, 16)}, {part(3, 6, 16)}}, 128)) == Numbers{16, 16});
  CHECK(sizes(coalesced({{part(3, 5, 16)}, {part(3, 5, 16, true)}}, 128)) == Numbers{16, 16});
  CHECK(sizes(coalesced({{part(3, 5, 16)}, {}, {part(3, 5, 16)}}, 128)) == Numbers{0, 0, 32});
  CHECK(sizes(coalesced({{part(3, 5, 16)}, {part(3, 6, 16)}, {part(3, 5, 16)}, {part(3, 6, 16)}}, 128)) ==
        Numbers{0, 0, 32, 32});
  CHECK(sizes(coalesced({{part(3, 5, 16)}, {part(3, 5, 1024)}, {part(3, 5, 16)}}, 128)) == Numbers{16, 1024, 16});
  CHECK(sizes(coalesced({{part(3, -1, 16, true)}, {part(3, -1, 16, true)}}, 128)) == Numbers{16, 16});  // stay here
}

TEST_CASE("stores go together when their addresses follow each other") {
  const auto blocks = coalesced({{store(256, 256)}, {store(512, 200)}, {store(768, 256)}}, 256);
  CHECK(sizes(blocks) == Numbers{0, 456, 256});
  CHECK(blocks[1].segments.front().address == 256);
  CHECK(first_staged(blocks) == Numbers{0, 2, 3});
}

TEST_CASE("rectangles of one block to the same tiles are one segment") {
  const auto blocks = coalesced({{part(3, 5, 900), part(3, 6, 10), part(3, 5, 900)}}, 2000);
  REQUIRE(blocks.front().segments.size() == 2);
  CHECK(blocks.front().segments[0].bytes == 1800);
  CHECK(blocks.front().segments[1].bytes == 10);
}

TEST_CASE("a block waits for the last of its parts and of those before it") {
  // Route 5 takes blocks 0 and 1, route 6 blocks 1 to 3.
  const auto blocks =
      coalesced({{part(3, 5, 16)}, {part(3, 5, 16), part(3, 6, 16)}, {part(3, 6, 16)}, {part(3, 6, 16)}}, 128);
  CHECK(sizes(blocks) == Numbers{0, 32, 0, 48});
  CHECK(first_staged(blocks) == Numbers{0, 1, 1, 4});
  // Route 5 takes blocks 0 and 3; what block 1 itself had has left with it, but rooms are returned in order.
  const auto apart = coalesced({{part(3, 5, 16)}, {part(3, 6, 16)}, {}, {part(3, 5, 16)}}, 128);
  CHECK(sizes(apart) == Numbers{0, 16, 0, 32});
  CHECK(first_staged(apart) == Numbers{0, 0, 0, 4});
}
