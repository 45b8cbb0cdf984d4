// The names of time.
#include "sim/ledger/leaf.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "sim/base/error.h"

namespace cyclescope::ledger {
namespace {

TEST_CASE("every leaf has a name of its own that parses back to it") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kLeafCount; ++i) {
    const auto leaf = static_cast<Leaf>(i);
    REQUIRE(name(leaf) != nullptr);
    names.insert(name(leaf));
    CHECK(parse_leaf(name(leaf)) == leaf);
  }
  CHECK(names.size() == kLeafCount);
}

TEST_CASE("names are those of the design") {
  // One of each group and those at the borders of the enum's ranges: a row too many or too few shifts them.
  CHECK(name(Leaf::useful_mac) == std::string("useful.mac"));
  CHECK(name(Leaf::structural_issue) == std::string("structural.issue"));
  CHECK(name(Leaf::waiting_operand_l1) == std::string("waiting.operand.l1"));
  CHECK(name(Leaf::waiting_operand_dram_row) == std::string("waiting.operand.dram_row"));
  CHECK(name(Leaf::waiting_operand_host_link) == std::string("waiting.operand.host_link"));
  CHECK(name(Leaf::waiting_output_space) == std::string("waiting.output_space"));
  CHECK(name(Leaf::waiting_weights) == std::string("waiting.weights"));
  CHECK(name(Leaf::overhead_clock_crossing) == std::string("overhead.clock_crossing"));
  CHECK(name(Leaf::idle_after_last_work) == std::string("idle.after_last_work"));
  CHECK(name(Leaf::unknown) == std::string("unknown"));
}

TEST_CASE("a name that is no leaf is bad input") {
  for (const char* text : {"", "waiting", "waiting.operand", "useful.mac ", "Useful.mac", "overhead.fudge"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_leaf(text), InputError);
  }
}

TEST_CASE("groups have the sizes of the design's table") {
  std::map<std::string, int> sizes;
  for (std::size_t i = 0; i < kLeafCount; ++i) ++sizes[group(static_cast<Leaf>(i))];
  // operand: l1 l2 l3 noc, five of DRAM, host_link = 10; and output_space dependency arbitration weights = 4.
  const std::map<std::string, int> expected{{"useful", 3},   {"structural", 4}, {"waiting", 14},
                                            {"overhead", 5}, {"idle", 4},       {"unknown", 1}};
  CHECK(sizes == expected);
}

TEST_CASE("the range predicates agree with the names") {
  for (std::size_t i = 0; i < kLeafCount; ++i) {
    const auto leaf = static_cast<Leaf>(i);
    const std::string text = name(leaf);
    INFO(text);
    CHECK(is_waiting(leaf) == (text.rfind("waiting.", 0) == 0));
    CHECK(is_operand_wait(leaf) == (text.rfind("waiting.operand.", 0) == 0));
  }
}

}  // namespace
}  // namespace cyclescope::ledger
