// Banked SRAM, granted as asked for: hand-timed conflicts, and burst arithmetic against a machine that goes line by
// line.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/memory/sram_arbiter.h"

namespace cyclescope::memory::test {
namespace {

constexpr Femtoseconds kClock = 1'000'000;
constexpr std::int64_t kLine = 64;
using ledger::Leaf;

std::uint64_t next_random(std::uint64_t& state, std::uint64_t below) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (state >> 33) % below;
}

SramGeometry geometry(int banks, SramPorts ports, int groups = 1) { return {banks, groups, kLine, ports, 2}; }

/// A request at a clock, and what came of it.
struct Planned {
  std::int64_t at = 0;
  SramRequest request;
};
struct Granted {
  std::int64_t at = 0;
  SramGrant grant;
};

/// Asks as planned, whatever is granted meanwhile.
class User : public kernel::Module {
 public:
  User(const std::string& name, SramArbiter& sram, ledger::Ledger& ledger)
      : Module(name), lane(ledger.add_lane(name, kClock)), sram_(sram) {
    number_ = sram.add_client(lane, [this](const SramGrant& grant) {
      grants.push_back({kernel::now() / kClock, grant});
    });
  }

  void add(std::int64_t at, Direction direction, std::int64_t bank, std::int64_t lines, int group = 0) {
    SramRequest request;
    request.tag = plan.size();
    request.direction = direction;
    request.group = group;
    request.bank = bank;
    request.bytes = lines * kLine;
    plan.push_back({at, request});
  }
  void start() {
    if (!plan.empty()) wake_at(plan.front().at * kClock);
  }

  ledger::LaneId lane;
  std::vector<Planned> plan;
  std::vector<Granted> grants;

 protected:
  void step() override {
    for (; next_ < plan.size() && plan[next_].at * kClock <= kernel::now(); ++next_) {
      SramRequest request = plan[next_].request;
      request.release.at = kernel::now();
      sram_.request(number_, request);
    }
    if (next_ < plan.size()) wake_at(plan[next_].at * kClock);
  }

 private:
  SramArbiter& sram_;
  int number_ = 0;
  std::size_t next_ = 0;
};

struct Rig {
  Rig(const SramGeometry& shape, int users, const std::string& name = "sram")
      : ledger((kernel::initialise(), true)),
        read(ledger.add_action("l2", "read_byte", 1)),
        write(ledger.add_action("l2", "write_byte", 2)),
        sram(name, shape, Clock(kClock), ledger, read, write) {
    for (int i = 0; i < users; ++i) {
      user.push_back(std::make_unique<User>(name + "_user" + std::to_string(i), sram, ledger));
    }
  }
  void run(bool backwards = false) {
    if (backwards) {
      for (auto one = user.rbegin(); one != user.rend(); ++one) (*one)->start();
    } else {
      for (const auto& one : user) one->start();
    }
  }
  [[nodiscard]] const SramBurst& burst(int who, std::size_t which = 0) const {
    return user[static_cast<std::size_t>(who)]->grants.at(which).grant.burst;
  }

  ledger::Ledger ledger;
  std::size_t read;
  std::size_t write;
  SramArbiter sram;
  std::vector<std::unique_ptr<User>> user;
};

TEST_CASE("SRAM: an access alone") {
  Rig rig(geometry(4, SramPorts::rw1), 1);
  rig.user[0]->add(5, Direction::read, 3, 6);
  rig.run();
  kernel::run_until_quiescent();
  // Considered a clock after it was asked for; six lines; data two clocks after the last.
  CHECK(rig.burst(0).start == 6);
  CHECK(rig.burst(0).end == 12);
  CHECK(rig.burst(0).data == 14);
  CHECK(rig.sram.lines_accessed() == 6);
  CHECK(rig.ledger.actions()[0].count == 6 * kLine);
  CHECK(rig.ledger.actions()[1].count == 0);
}

TEST_CASE("SRAM: a write meets a read on one port, not on two") {
  Rig one(geometry(4, SramPorts::rw1), 2, "one");
  Rig two(geometry(4, SramPorts::r1w1), 2, "two");
  for (Rig* rig : {&one, &two}) {
    rig->user[0]->add(0, Direction::read, 0, 8);
    rig->user[1]->add(0, Direction::write, 0, 8);
    rig->run();
  }
  kernel::run_until_quiescent();
  // One port: both want bank 0 at clock 1; the second client goes a clock later, one bank behind.
  CHECK(one.burst(0).start == 1);
  CHECK(one.burst(1).start == 2);
  CHECK(one.burst(1).end == 10);
  CHECK(two.burst(0).start == 1);
  CHECK(two.burst(1).start == 1);
  // The wait: a clock of the register, a clock of arbitration.
  Femtoseconds arbitration = 0;
  Femtoseconds covered = 0;
  one.ledger.walk(one.user[1]->grants[0].grant.release, 0, [&](const ledger::PathSegment& segment) {
    if (segment.cause == Leaf::waiting_arbitration) arbitration += segment.to - segment.from;
    covered += segment.to - segment.from;
  });
  CHECK(arbitration == kClock);
  CHECK(covered == 2 * kClock);
}

TEST_CASE("SRAM: two reads share the read port of a bank of 1R1W") {
  Rig rig(geometry(8, SramPorts::r1w1), 3);
  rig.user[0]->add(0, Direction::read, 2, 16);
  rig.user[1]->add(3, Direction::read, 5, 16);  // at clock 4 the first is at bank 2 + 3 = 5
  rig.user[2]->add(3, Direction::read, 6, 16);  // ahead of both
  rig.run();
  kernel::run_until_quiescent();
  CHECK(rig.burst(0).start == 1);
  CHECK(rig.burst(1).start == 5);
  CHECK(rig.burst(2).start == 4);
}

TEST_CASE("SRAM: fewer banks, later bursts") {
  // Four bursts of 8 lines from bank 0, asked for at 0. Eight banks: starts 1, 2, 3, 4, one bank behind each other. Two
  // banks hold two bursts at a time: 1, 2, then 9 when the first is over (bank 0 is free at 9: the second is at bank
  // 1), and 10. One bank: 1, 9, 17, 25.
  Rig eight(geometry(8, SramPorts::rw1), 4, "eight");
  Rig two(geometry(2, SramPorts::rw1), 4, "two");
  Rig one(geometry(1, SramPorts::rw1), 4, "one");
  for (Rig* rig : {&eight, &two, &one}) {
    for (const auto& user : rig->user) user->add(0, Direction::read, 0, 8);
    rig->run();
  }
  kernel::run_until_quiescent();
  const std::int64_t of_eight[] = {1, 2, 3, 4};
  const std::int64_t of_two[] = {1, 2, 9, 10};
  const std::int64_t of_one[] = {1, 9, 17, 25};
  for (int i = 0; i < 4; ++i) {
    CHECK(eight.burst(i).start == of_eight[i]);
    CHECK(two.burst(i).start == of_two[i]);
    CHECK(one.burst(i).start == of_one[i]);
  }
}

TEST_CASE("SRAM: groups of banks do not meet, bursts of one client go in order") {
  Rig rig(geometry(8, SramPorts::rw1, 2), 2);
  rig.user[0]->add(0, Direction::read, 0, 4, 0);
  rig.user[0]->add(0, Direction::read, 0, 4, 1);  // another group, but the client reads one line per clock
  rig.user[1]->add(0, Direction::write, 0, 4, 1);
  rig.run();
  kernel::run_until_quiescent();
  CHECK(rig.burst(0, 0).start == 1);
  CHECK(rig.burst(0, 1).start == 5);
  CHECK(rig.burst(1).start == 1);
}

/// Line by line: at every clock each client that is under way accesses its bank; then the oldest requests whose first
/// bank nobody accesses in this clock start.
std::vector<std::vector<SramBurst>> line_by_line(const SramGeometry& shape,
                                                 const std::vector<std::unique_ptr<User>>& users) {
  struct State {
    std::size_t next = 0;   ///< request
    std::int64_t left = 0;  ///< lines of the one under way
    std::int64_t bank = 0;
  };
  std::vector<State> states(users.size());
  std::vector<std::vector<SramBurst>> result(users.size());
  std::size_t open = 0;
  for (const auto& user : users) open += user->plan.size();
  for (std::int64_t clock = 0; open > 0; ++clock) {
    REQUIRE(clock < 1'000'000);
    std::set<std::tuple<int, int, std::int64_t>> accessed;  // port, group, bank
    const auto access = [&](std::size_t i, const SramRequest& request) {
      const bool free = accessed.insert({shape.port(request.direction), request.group, states[i].bank}).second;
      if (free) {
        states[i].bank = (states[i].bank + 1) % shape.group_banks();
        --states[i].left;
      }
      return free;
    };
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (states[i].left > 0) REQUIRE(access(i, users[i]->plan[states[i].next - 1].request));
    }
    std::vector<std::tuple<std::int64_t, std::size_t>> order;
    for (std::size_t i = 0; i < users.size(); ++i) {
      const State& state = states[i];
      const bool over = result[i].empty() || result[i].back().end <= clock;
      if (over && state.next < users[i]->plan.size() && users[i]->plan[state.next].at < clock) {
        order.emplace_back(users[i]->plan[state.next].at, i);
      }
    }
    std::sort(order.begin(), order.end());
    for (const auto& [at, i] : order) {
      const SramRequest& request = users[i]->plan[states[i].next].request;
      states[i].bank = request.bank;
      states[i].left = shape.lines(request.bytes);
      const std::int64_t end = clock + states[i].left;
      if (!access(i, request)) {
        states[i].left = 0;
        continue;
      }
      result[i].push_back({clock, end, end + shape.latency});
      ++states[i].next;
      --open;
    }
  }
  return result;
}

/// 200 random bursts of every user, a burst of 10 lines every 12 clocks on average.
void plan_random(int banks, int groups, std::uint64_t seed, Rig& rig) {
  std::uint64_t state = seed;
  for (const auto& user : rig.user) {
    std::int64_t at = 0;
    for (int n = 0; n < 200; ++n) {
      at += static_cast<std::int64_t>(next_random(state, 24));
      const auto direction = next_random(state, 2) == 0 ? Direction::read : Direction::write;
      const auto bank = static_cast<std::int64_t>(next_random(state, static_cast<std::uint64_t>(banks / groups)));
      const auto lines = 1 + static_cast<std::int64_t>(next_random(state, 20));
      user->add(at, direction, bank, lines, static_cast<int>(next_random(state, static_cast<std::uint64_t>(groups))));
    }
  }
}

TEST_CASE("SRAM: bursts equal lines on random traffic, whatever the order of calls") {
  struct Shape {
    int banks, groups;
    SramPorts ports;
  };
  const Shape shapes[] = {{1, 1, SramPorts::rw1}, {2, 1, SramPorts::rw1},  {4, 1, SramPorts::r1w1},
                          {8, 2, SramPorts::rw1}, {8, 1, SramPorts::r1w1}, {6, 2, SramPorts::r1w1}};
  std::vector<std::unique_ptr<Rig>> rigs;
  std::vector<std::unique_ptr<Rig>> mirrored;
  for (std::size_t i = 0; i < std::size(shapes); ++i) {
    const Shape& shape = shapes[i];
    for (auto* set : {&rigs, &mirrored}) {
      const std::string name = (set == &rigs ? "forward" : "mirrored") + std::to_string(i);
      set->push_back(std::make_unique<Rig>(geometry(shape.banks, shape.ports, shape.groups), 5, name));
      plan_random(shape.banks, shape.groups, 11 + i, *set->back());
    }
  }
  for (const auto& rig : rigs) rig->run();
  for (const auto& rig : mirrored) rig->run(true);
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < std::size(shapes); ++i) {
    const Shape& shape = shapes[i];
    const auto expected = line_by_line(geometry(shape.banks, shape.ports, shape.groups), rigs[i]->user);
    std::int64_t lines = 0;
    for (std::size_t u = 0; u < expected.size(); ++u) {
      const User& user = *rigs[i]->user[u];
      REQUIRE(user.grants.size() == user.plan.size());  // every burst granted once
      for (std::size_t n = 0; n < expected[u].size(); ++n) {
        const Granted& granted = user.grants[n];
        REQUIRE(granted.grant.tag == n);
        REQUIRE(granted.grant.burst.start == expected[u][n].start);
        REQUIRE(granted.grant.burst.end == expected[u][n].end);
        REQUIRE(granted.grant.burst.data == expected[u][n].data);
        REQUIRE(granted.at == granted.grant.burst.start);
        REQUIRE(granted.grant.release.at == granted.grant.burst.start * kClock);
        REQUIRE(mirrored[i]->user[u]->grants[n].grant.burst.start == expected[u][n].start);
        lines += granted.grant.burst.end - granted.grant.burst.start;
      }
    }
    CHECK(rigs[i]->sram.lines_accessed() == lines);
    std::int64_t bytes = 0;
    for (const auto& action : rigs[i]->ledger.actions()) bytes += action.count;
    CHECK(bytes == lines * kLine);
  }
}

}  // namespace
}  // namespace cyclescope::memory::test
