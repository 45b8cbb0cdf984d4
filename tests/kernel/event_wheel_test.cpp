// The timing wheel against a sorted list.
#include "sim/kernel/event_wheel.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace cyclescope::kernel {
namespace {

using Wheel = EventWheel<int>;

/// What the wheel hands over next.
std::vector<int> take(Wheel& wheel) {
  std::vector<int> events;
  wheel.take(events);
  return events;
}

TEST_CASE("events come by clock, those of one clock together and in order") {
  Wheel wheel;
  CHECK(wheel.next() == Wheel::kNone);
  for (const auto& [clock, event] : std::vector<std::pair<std::int64_t, int>>{{9, 3}, {5, 8}, {9, 1}, {5, 2}, {7, 4}}) {
    wheel.push(clock, event);
  }
  CHECK(wheel.next() == 5);
  CHECK(take(wheel) == std::vector<int>{2, 8});
  CHECK(wheel.next() == 7);
  CHECK(take(wheel) == std::vector<int>{4});
  CHECK(wheel.next() == 9);
  CHECK(take(wheel) == std::vector<int>{1, 3});
  CHECK(wheel.next() == Wheel::kNone);
}

TEST_CASE("an event for the clock being handled comes with the next call, one before it is an error") {
  Wheel wheel;
  wheel.push(100, 1);
  CHECK(take(wheel) == std::vector<int>{1});
  wheel.push(100, 2);
  CHECK(wheel.next() == 100);
  CHECK(take(wheel) == std::vector<int>{2});
  CHECK_THROWS_AS(wheel.push(99, 3), InternalError);
}

TEST_CASE("the far future keeps its order with the near one at every turn of the wheel") {
  constexpr std::int64_t kTurn = Wheel::kSlots;
  Wheel wheel;
  // The same slot in four turns, the first and last clock of the window, and one beyond.
  for (const std::int64_t clock : {3 * kTurn, 2 * kTurn, kTurn, std::int64_t{0}, kTurn - 1, kTurn + 1}) {
    wheel.push(clock, static_cast<int>(clock));
  }
  for (const std::int64_t clock : {std::int64_t{0}, kTurn - 1, kTurn, kTurn + 1, 2 * kTurn, 3 * kTurn}) {
    CHECK(wheel.next() == clock);
    CHECK(take(wheel) == std::vector<int>{static_cast<int>(clock)});
  }
  CHECK(wheel.next() == Wheel::kNone);
}

TEST_CASE("a far event and a later near one for the same clock come together") {
  constexpr std::int64_t kFar = Wheel::kSlots + 10;
  Wheel wheel;
  wheel.push(kFar, 2);  // beyond the window
  wheel.push(20, 5);
  CHECK(take(wheel) == std::vector<int>{5});
  wheel.push(kFar, 1);  // within the window of clock 20
  CHECK(wheel.next() == kFar);
  CHECK(take(wheel) == std::vector<int>{1, 2});
}

TEST_CASE("random events come out as from a sorted list") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&random](std::int64_t n) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    Wheel wheel;
    std::vector<std::pair<std::int64_t, int>> list;  // sorted before each look
    std::int64_t clock = 0;
    for (int round = 0; round < 300; ++round) {
      // Mostly near, sometimes several turns away.
      for (std::int64_t n = below(4); n > 0; --n) {
        const std::int64_t at = clock + below(below(4) == 0 ? 5 * Wheel::kSlots : 300);
        const auto event = static_cast<int>(below(1000));
        wheel.push(at, event);
        list.emplace_back(at, event);
      }
      std::sort(list.begin(), list.end());
      if (list.empty()) {
        REQUIRE(wheel.next() == Wheel::kNone);
        continue;
      }
      clock = list.front().first;
      std::vector<int> expected;
      while (!list.empty() && list.front().first == clock) {
        expected.push_back(list.front().second);
        list.erase(list.begin());
      }
      INFO("seed " << seed << " round " << round);
      REQUIRE(wheel.next() == clock);
      REQUIRE(take(wheel) == expected);
    }
  }
}

}  // namespace
}  // namespace cyclescope::kernel
