// The constraint engine: every rule of the LPDDR5 table is refused one clock early and accepted on time.
#include "sim/memory/timing.h"

#include "sim/base/error.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

constexpr BankGeometry kTwoRanks{2, 4, 4};

DramConfig config() { return resolve_dram(settings(1)); }

/// A table of one rule only, so that no other rule hides it; commands take no time and begin on any clock.
ConstraintTable only(const TimingRule& rule) {
  ConstraintTable table;
  table.rules = {rule};
  table.forms.fill({0, 1, Bus::row});
  return table;
}

/// A following bank that a rule of this level reaches from bank 0, and one it does not.
int inside(Level level) {
  switch (level) {
    case Level::bank:
      return 0;
    case Level::bank_group:
      return 1;
    case Level::rank:
      return 5;
    case Level::other_rank:
      return 16;
  }
  return 0;
}
int outside(Level level) {
  switch (level) {
    case Level::bank:
      return 1;
    case Level::bank_group:
      return 5;
    case Level::rank:
      return 16;
    case Level::other_rank:
      return 5;
  }
  return 0;
}

TEST_CASE("every timing rule of every technology is refused one clock early and accepted on time") {
  TimingClocks t = config().timing;
  t.rank_gap = 2;
  for (const Technology& technology : technologies()) {
    const ConstraintTable table = technology.table(t);
    REQUIRE(table.rules.size() >= 28);
    for (const TimingRule& rule : table.rules) {
      INFO(technology.name << ": " << name(rule.preceding) << " to " << name(rule.following) << " " << rule.parameter);
      REQUIRE(rule.clocks > 0);
      constexpr Tick kStart = 1000;
      CommandBuses buses;
      TimingEngine engine(only(rule), kTwoRanks, buses);
      engine.issue(rule.preceding, 0, kStart);
      const int bank = inside(rule.level);
      TimingEngine early = engine;
      CHECK_THROWS_AS(early.issue(rule.following, bank, kStart + rule.clocks - 1), InternalError);
      TimingEngine on_time = engine;
      CHECK_NOTHROW(on_time.issue(rule.following, bank, kStart + rule.clocks));
      buses = {};  // shared by the copies
      TimingEngine elsewhere = engine;
      CHECK_NOTHROW(elsewhere.issue(rule.following, outside(rule.level), kStart));
    }
  }
}

TEST_CASE("the LPDDR5X-8000 table has the clocks of its part file") {
  // Nanoseconds of the part file at tCK 1.0 ns, rounded up.
  const TimingClocks t = config().timing;
  CHECK(t.RL == 22);
  CHECK(t.WL == 12);
  CHECK(t.tRCD == 19);
  CHECK(t.tRCD_WR == 19);
  CHECK(t.tRP == 19);
  CHECK(t.tRPab == 22);
  CHECK(t.tRAS == 43);
  CHECK(t.tRC == 62);
  CHECK(t.tRRD_S == 4);
  CHECK(t.tFAW == 15);
  CHECK(t.tCCD_S == 2);
  CHECK(t.tCCD_L == 4);
  CHECK(t.tWTR_S == 7);
  CHECK(t.tWTR_L == 13);
  CHECK(t.tWR == 35);
  CHECK(t.tRTP == 10);
  CHECK(t.tRTW == 15);
  CHECK(t.tREFI == 3906);
  CHECK(t.tRFCab == 280);
  CHECK(t.tRFCpb == 140);
  CHECK(t.tPBR2ACT == 8);
  CHECK(t.tPBR2PBR == 90);
}

TEST_CASE("the fifth activate waits for the four-activate window") {
  ConstraintTable table = config().table;
  table.windows.front().clocks = 20;  // beyond four times tRRD, so that it is the window that binds
  CommandBuses buses;
  TimingEngine engine(table, kTwoRanks, buses);
  for (int i = 0; i < 4; ++i) engine.issue(Command::ACT, 4 * i, 100 + 4 * i);
  CHECK(engine.earliest(Command::ACT, 1) == 120);
  TimingEngine early = engine;
  CHECK_THROWS_AS(early.issue(Command::ACT, 1, 119), InternalError);
  CHECK_NOTHROW(engine.issue(Command::ACT, 1, 120));
  CHECK(engine.earliest(Command::ACT, 5) == 124);   // tRRD after the fifth; the window opened at 104 ends then too
  CHECK(engine.earliest(Command::ACT, 16) == 121);  // another rank waits for the bus only
}

TEST_CASE("a command takes its bus as long as its form says") {
  const TimingClocks t = config().timing;
  {
    CommandBuses buses;
    TimingEngine engine(lpddr5_table(t), kTwoRanks, buses);
    engine.issue(Command::ACT, 0, 50);
    CHECK(engine.earliest(Command::PRE, 9) == 51);  // ACT-2 beside another command
    engine.issue(Command::PRE, 9, 51);
    CHECK(engine.earliest(Command::ACT, 20) == 52);
  }
  {
    CommandBuses buses;
    TimingEngine engine(lpddr4_table(t), kTwoRanks, buses);
    engine.issue(Command::ACT, 0, 50);
    CHECK(engine.earliest(Command::RD, 20) == 54);  // two parts of two clocks
    engine.issue(Command::RD, 20, 54);
    CHECK(engine.earliest(Command::PRE, 9) == 58);
    engine.issue(Command::PRE, 9, 58);
    CHECK(engine.earliest(Command::ACT, 16) == 60);
  }
  {
    CommandBuses buses;
    TimingEngine engine(hbm2_table(t), kTwoRanks, buses);
    engine.issue(Command::ACT, 0, 50);
    CHECK(engine.earliest(Command::PRE, 9) == 52);
    CHECK(engine.earliest(Command::RD, 9) == 0);  // a bus of its own
  }
}

TEST_CASE("HBM3 row commands end on half clocks, ACT and column commands begin on whole ones") {
  CommandBuses buses;
  TimingEngine first(hbm3_table(config().timing), kTwoRanks, buses);
  TimingEngine second(hbm3_table(config().timing), kTwoRanks, buses);  // the other pseudo-channel
  first.issue(Command::ACT, 0, 50);
  CHECK(second.earliest(Command::PRE, 0) == 53);  // one and a half clocks later
  CHECK(second.earliest(Command::ACT, 0) == 54);
  second.issue(Command::PRE, 0, 53);
  CHECK(first.earliest(Command::ACT, 20) == 54);
  CHECK_THROWS_AS(first.issue(Command::ACT, 20, 55), InternalError);
  CHECK(first.earliest(Command::RD, 20) == 0);
  second.issue(Command::RD, 20, 60);
  CHECK(first.earliest(Command::RD, 20) == 62);
}

TEST_CASE("a per-bank refresh covers both banks of its pair and leaves the others") {
  CommandBuses buses;
  TimingEngine engine(config().table, {1, 4, 4}, buses);
  const auto pair = [](int bank) { return BankMask{0x101} << bank; };
  engine.issue_refresh(pair(3), 1000);
  CHECK(engine.earliest(Command::ACT, 3) == 1000 + 140);
  CHECK(engine.earliest(Command::ACT, 11) == 1000 + 140);
  CHECK(engine.earliest(Command::ACT, 4) == 1000 + 8);
  CHECK(engine.earliest_refresh(pair(4)) == 1000 + 90);
  engine.issue(Command::ACT, 4, 1008);
  CHECK_THROWS_AS(engine.issue_refresh(pair(5), 1089), InternalError);
}

TEST_CASE("contradicting memory parameters are named") {
  const auto message = [](const std::string& overriding) {
    try {
      resolve_dram(settings(1, {overriding}));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(message("dram.tRC=61 ns").find("dram.tRC >= dram.tRAS + dram.tRP") != std::string::npos);
  CHECK(message("dram.burst_clocks=3 cycles").find("dram.burst_clocks <= dram.tCCD_S") != std::string::npos);
  CHECK(message("dram.tCCD_L=1 cycles").find("dram.tCCD_L") != std::string::npos);
  CHECK(message("dram.write_high=65 bursts").find("dram.write_high <= dram.write_queue") != std::string::npos);
  CHECK(message("dram.controller_latency=0 ns").find("dram.controller_latency") != std::string::npos);
  CHECK(message("dram.refresh_banks_per_command=3 banks").find("dram.refresh_banks_per_command") != std::string::npos);
  CHECK(message("dram.bank_groups=3 groups").find("powers of two") != std::string::npos);
  CHECK(message("dram.tREFI=190 ns").find("dram.tREFI") != std::string::npos);
  CHECK(message("dram.channel_capacity=1024 MiB").find("dram.channel_capacity is 1073741824 B") != std::string::npos);
  CHECK(message("dram.rows=32768 rows").find("dram.rows") != std::string::npos);
  CHECK(message("dram.ranks=8 ranks").find("dram.ranks") != std::string::npos);
  CHECK(message("dram.technology=ddr4").find("dram.technology = ddr4 has no such command") != std::string::npos);
  CHECK(message("dram.tRFCpb=0 ns").find("dram.tRFCpb is zero") != std::string::npos);
}

}  // namespace
}  // namespace cyclescope::memory::test
