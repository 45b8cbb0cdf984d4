// The constraint engine: every rule of the LPDDR5 table is refused one clock early and accepted on time.
#include "sim/base/error.h"
#include "sim/memory/timing.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

constexpr int kGroups = 4;
constexpr int kBanks = 4;
constexpr int kSets = 8;

DramConfig config() { return resolve_dram(settings(1)); }

/// A table of one rule only, so that no other rule hides it; the command bus takes no time.
ConstraintTable only(const TimingRule& rule) {
  ConstraintTable table;
  table.rules = {rule};
  table.command_slot = 0;
  return table;
}

/// A following bank that a rule of this level reaches from bank 0, and one it does not (-1: none).
int inside(Level level) { return level == Level::bank ? 0 : level == Level::bank_group ? 1 : 5; }
int outside(Level level) { return level == Level::bank ? 1 : level == Level::bank_group ? 5 : -1; }

TEST_CASE("every timing rule is refused one clock early and accepted on time") {
  const DramConfig dram = config();
  REQUIRE(dram.table.rules.size() == 34);
  for (const TimingRule& rule : dram.table.rules) {
    INFO(name(rule.preceding) << " to " << name(rule.following) << " " << rule.parameter);
    REQUIRE(rule.clocks > 0);
    constexpr Tick kStart = 1000;
    TimingEngine engine(only(rule), kGroups, kBanks, kSets);
    engine.issue(rule.preceding, 0, kStart);
    const int bank = inside(rule.level);
    TimingEngine early = engine;
    CHECK_THROWS_AS(early.issue(rule.following, bank, kStart + rule.clocks - 1), InternalError);
    TimingEngine on_time = engine;
    CHECK_NOTHROW(on_time.issue(rule.following, bank, kStart + rule.clocks));
    if (outside(rule.level) >= 0) {
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
  TimingEngine engine(table, kGroups, kBanks, kSets);
  for (int i = 0; i < 4; ++i) engine.issue(Command::ACT, 4 * i, 100 + 4 * i);
  CHECK(engine.earliest(Command::ACT, 1) == 120);
  TimingEngine early = engine;
  CHECK_THROWS_AS(early.issue(Command::ACT, 1, 119), InternalError);
  CHECK_NOTHROW(engine.issue(Command::ACT, 1, 120));
  CHECK(engine.earliest(Command::ACT, 5) == 124);  // tRRD after the fifth; the window opened at 104 ends then too
}

TEST_CASE("the command bus takes one command per clock") {
  TimingEngine engine(config().table, kGroups, kBanks, kSets);
  engine.issue(Command::ACT, 0, 50);
  CHECK(engine.earliest(Command::PRE, 9) == 51);
}

TEST_CASE("a per-bank refresh covers both banks of its pair and leaves the others") {
  TimingEngine engine(config().table, kGroups, kBanks, kSets);
  engine.issue(Command::REFpb, 3, 1000);
  CHECK(engine.earliest(Command::ACT, 3) == 1000 + 140);
  CHECK(engine.earliest(Command::ACT, 11) == 1000 + 140);
  CHECK(engine.earliest(Command::ACT, 4) == 1000 + 8);
  CHECK(engine.earliest_refresh(4) == 1000 + 90);
  engine.issue(Command::ACT, 4, 1008);
  CHECK_THROWS_AS(engine.issue(Command::REFpb, 5, 1089), InternalError);
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
  CHECK(message("dram.tREFI=300 ns").find("dram.tREFI") != std::string::npos);
}

}  // namespace
}  // namespace cyclescope::memory::test
