// SRAM in fixed turns: hand-timed, and random bursts that never meet.
#include "sim/memory/sram_turns.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <tuple>
#include <vector>

namespace cyclescope::memory::test {
namespace {

SramGeometry geometry(int banks, SramPorts ports) { return {banks, 1, 64, ports, 2}; }

std::uint64_t next_random(std::uint64_t& state, std::uint64_t below) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (state >> 33) % below;
}

TEST_CASE("SRAM in turns: at most clients - 1 clocks late") {
  SramTurns turns(geometry(4, SramPorts::rw1), std::vector<Direction>(4, Direction::read));
  // Client 0 owns phase 0: bank 0 at clocks 0, 4, 8 ...; client 2 bank 0 at clocks 2, 6, ...: (0 - 2) mod 4 = 2.
  CHECK(turns.burst(0, 0, 3, 4).start == 4);
  CHECK(turns.next_bank(0) == 3);
  CHECK(turns.burst(2, 0, 5, 4).start == 6);
  CHECK(turns.burst(2, 1, 1, 4).start == 11);  // its burst before is over at 11, when bank 1 is its: (1 - 11) mod 4 = 2
  const SramBurst late = turns.burst(1, 0, 8, 4);  // (0 - c) mod 4 = 1 at c = 7
  CHECK(late.start == 7);
  CHECK(late.end == 15);
  CHECK(late.data == 17);
  const SramBurst empty = turns.burst(3, 0, 0, 4);  // waits for (0 - c) mod 4 = 3, accesses nothing
  CHECK(empty.start == 5);
  CHECK(empty.end == 5);
  CHECK(turns.next_bank(3) == 0);
}

TEST_CASE("SRAM in turns: readers and writers of 1R1W have turns of their own") {
  const std::vector<Direction> clients{Direction::read, Direction::write, Direction::read};
  SramTurns turns(geometry(4, SramPorts::r1w1), clients);
  CHECK(turns.burst(1, 3, 4, 0).start == 0);  // the only writer: always its turn
  CHECK(turns.burst(0, 0, 4, 0).start == 0);  // readers 0 and 2: even and odd phases
  CHECK(turns.burst(2, 0, 4, 0).start == 1);
  CHECK_THROWS_AS(SramTurns(geometry(3, SramPorts::r1w1), clients), InternalError);
  CHECK_THROWS_AS(turns.burst(0, 4, 1, 9), InternalError);
  CHECK_THROWS_AS(turns.burst(0, 0, -1, 9), InternalError);
}

TEST_CASE("SRAM in turns: random bursts never meet on a bank") {
  for (const SramPorts ports : {SramPorts::rw1, SramPorts::r1w1}) {
    const std::vector<Direction> clients{Direction::read, Direction::read, Direction::write, Direction::write};
    const SramGeometry shape = geometry(8, ports);
    SramTurns turns(shape, clients);
    std::uint64_t state = 3;
    std::set<std::tuple<int, std::int64_t, std::int64_t>> accessed;  // port, clock, bank
    for (std::size_t i = 0; i < clients.size(); ++i) {               // a client's answers do not depend on the others
      std::int64_t now = 0;
      std::int64_t before = 0;
      for (int n = 0; n < 300; ++n) {
        now += static_cast<std::int64_t>(next_random(state, 16));
        const auto bank = static_cast<std::int64_t>(next_random(state, 8));
        const auto lines = 1 + static_cast<std::int64_t>(next_random(state, 12));
        const SramBurst burst = turns.burst(i, bank, lines, now);
        REQUIRE(burst.start >= std::max(now, before));
        REQUIRE(burst.start < std::max(now, before) + (ports == SramPorts::rw1 ? 4 : 2));
        REQUIRE(burst.end == burst.start + lines);
        before = burst.end;
        for (std::int64_t line = 0; line < lines; ++line) {
          REQUIRE(accessed.insert({shape.port(clients[i]), burst.start + line, (bank + line) % 8}).second);
        }
      }
    }
  }
}

}  // namespace
}  // namespace cyclescope::memory::test
