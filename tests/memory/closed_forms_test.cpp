// What each part must attain by hand: latencies to the clock, row cycles, streams, activate bounds, refresh, ranks.
#include <cmath>
#include <cstdio>
#include <deque>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

config::Settings part(const std::string& name, const std::vector<std::string>& overrides) {
  config::Schema schema;
  declare(schema);
  return config::resolve(schema, std::string(CYCLESCOPE_SOURCE_DIR) + "/configs/memory/" + name + ".ini", overrides);
}

/// A part with one client on its memory clock; requests of one burst, addresses by bank and row.
struct Rig {
  Rig(const std::string& name, std::vector<std::string> overrides, int outstanding = 256)
      : settings(part(name, overrides)),
        config(resolve_dram(settings)),
        clock(config.clock.cycles(config.ticks_per_clock)),
        bench(settings),
        client("client_" + std::to_string(count++), *bench.memory, clock, outstanding, 2 * config.data_buses()) {
    client.keep_life = false;
  }

  [[nodiscard]] Femtoseconds clocks(Tick n) const { return n * clock.period(); }
  [[nodiscard]] std::uint32_t burst() const { return static_cast<std::uint32_t>(config.burst_bytes); }
  /// With dram.mapping=RoBaRaCoCh: row | bank | bank group | rank | pseudo-channel | column.
  [[nodiscard]] std::uint64_t at(std::uint64_t row, int bank, int group, int rank = 0, int pseudo_channel = 0) const {
    std::uint64_t place =
        row * static_cast<std::uint64_t>(config.banks.banks_per_group) + static_cast<std::uint64_t>(bank);
    place = place * static_cast<std::uint64_t>(config.banks.bank_groups) + static_cast<std::uint64_t>(group);
    place = place * static_cast<std::uint64_t>(config.banks.ranks) + static_cast<std::uint64_t>(rank);
    place = place * static_cast<std::uint64_t>(config.pseudo_channels) + static_cast<std::uint64_t>(pseudo_channel);
    return place * static_cast<std::uint64_t>(config.row_bytes);
  }
  void add(std::uint64_t address, Femtoseconds t = 0) { client.add(read_at(address, burst()), t); }
  /// Ends the frame when the client has its last answer; everything has run by then.
  void finish() {
    bench.end = client.last();
    bench.memory->finish(bench.end);
    bench.ledger.finish(bench.end);
  }
  /// Share of peak of everything moved.
  [[nodiscard]] double share() const {
    const double bytes = static_cast<double>(bench.memory->bytes_read() + bench.memory->bytes_written());
    return bytes / (static_cast<double>(bench.end) * 1e-15) /
           static_cast<double>(bench.memory->peak_bytes_per_second());
  }
  /// Shares of the first lane's time, of what is above 1 %.
  void print_lane(const std::string& what) const {
    std::printf("%-46s %.4f of peak:", what.c_str(), share());
    for (std::size_t i = 0; i < ledger::kLeafCount; ++i) {
      const double part = static_cast<double>(bench.ledger.time(0)[i]) / static_cast<double>(bench.end);
      if (part > 0.01) std::printf("  %s %.3f", ledger::name(static_cast<ledger::Leaf>(i)), part);
    }
    std::printf("\n");
  }

  static inline int count = 0;
  config::Settings settings;
  DramConfig config;
  Clock clock;
  Bench bench;
  Client client;
};

/// Requests in known banks: flat mapping, nothing hashed, no refresh.
std::vector<std::string> plain(std::vector<std::string> more = {}) {
  std::vector<std::string> all = {"dram.mapping=RoBaRaCoCh", "dram.hash=off", "dram.refresh=off"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Clocks of a part by hand.
struct Form {
  const char* name;
  Tick controller;  ///< each way, from 20 ns (HBM 20 ns too), rounded up where it enters the memory clock
  Tick closed;      ///< tRCD + RL + burst
  Tick hit;         ///< RL + burst
  Tick conflict;    ///< tRP + tRCD + RL + burst
  Tick row_cycle;   ///< tRC, or tRAS + tRP where those round up to more
  double command;   ///< part of a stream lost to activates on the command bus
};

// LPDDR5: ACT-1 and ACT-2 are modelled adjacent, column commands come on every second clock: a row of 64
// bursts = 128 clocks costs a clock more. All other commands fit between column commands.
constexpr Form kForms[] = {
    {"lpddr4x_4266", 43, 39 + 36 + 8, 36 + 8, 39 + 39 + 36 + 8, 129, 0},
    {"lpddr5_6400", 16, 15 + 17 + 2, 17 + 2, 15 + 15 + 17 + 2, 49, 1.0 / 129},
    {"lpddr5x_8000", 20, 19 + 22 + 2, 22 + 2, 19 + 19 + 22 + 2, 62, 1.0 / 129},
    {"lpddr5x_8533", 22, 20 + 23 + 2, 23 + 2, 20 + 20 + 23 + 2, 65, 1.0 / 129},
    {"hbm2e_3200", 32, 23 + 23 + 2, 23 + 2, 23 + 23 + 23 + 2, 54 + 23, 0},
    {"hbm3_3200", 16, 16 + 10 + 2, 10 + 2, 13 + 16 + 10 + 2, 36, 0},
    {"hbm3_5230", 27, 26 + 17 + 2, 17 + 2, 22 + 26 + 17 + 2, 59, 0},
    {"ddr4_3200", 32, 22 + 22 + 4, 22 + 4, 22 + 22 + 22 + 4, 74, 0},
};

TEST_CASE("idle reads of every part to the clock: closed row, row hit, row conflict") {
  std::deque<Rig> rigs;
  for (const Form& form : kForms) {
    // The controller latency is a whole number of clocks, so that nothing is rounded on the way.
    const Femtoseconds clock =
        resolve_dram(part(form.name, {})).clock.cycles(resolve_dram(part(form.name, {})).ticks_per_clock);
    std::string latency = "dram.controller_latency=";
    latency += std::to_string(form.controller * clock) + " fs";
    rigs.emplace_back(form.name, plain({latency}));
    Rig& rig = rigs.back();
    rig.client.keep_life = true;
    rig.add(rig.at(0, 0, 0));
    rig.add(rig.at(0, 0, 0), rig.clocks(100));
    rig.add(rig.at(1, 0, 0), rig.clocks(200));
    rig.client.start(0);
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < rigs.size(); ++i) {
    const Form& form = kForms[i];
    INFO(form.name);
    const auto clocks = [&](std::size_t n) {
      const Answer& answer = rigs[i].client.answers.at(n);
      return (answer.at - answer.issued) / rigs[i].clock.period();
    };
    CHECK(clocks(0) == form.controller + form.closed + form.controller);
    CHECK(clocks(1) == form.controller + form.hit + form.controller);
    CHECK(clocks(2) == form.controller + form.conflict + form.controller);
  }
}

TEST_CASE("rows of one bank in turn: one burst per row cycle, less the refresh") {
  std::deque<Rig> off;
  std::deque<Rig> on;
  constexpr int kReads = 4000;
  for (const Form& form : kForms) {
    off.emplace_back(form.name, plain());
    on.emplace_back(form.name, plain({"dram.refresh=all_bank", "dram.refresh_postpone=1"}));
    for (Rig* rig : {&off.back(), &on.back()}) {
      rig->client.keep_life = true;
      for (std::uint64_t n = 0; n < kReads; ++n) rig->add(rig->at(n % 4096, 0, 0));
      rig->client.start(0);
    }
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < off.size(); ++i) {
    const Form& form = kForms[i];
    INFO(form.name);
    const auto period = [&](const Rig& rig) {
      return static_cast<double>(rig.client.last() - rig.client.answers.at(0).at) / (kReads - 1) /
             static_cast<double>(rig.clock.period());
    };
    CHECK(period(off[i]) == Approx(form.row_cycle).epsilon(1e-9));
    // The precharge of the row cycle under way is the one the refresh needs: only tRFCab is lost.
    const TimingClocks& t = off[i].config.timing;
    const double bound = 1.0 - static_cast<double>(t.tRFCab) / static_cast<double>(t.tREFI);
    INFO(period(off[i]) / period(on[i]) << " against " << bound);
    CHECK(std::abs(period(off[i]) / period(on[i]) - bound) < 0.01);
  }
}

void stream(Rig& rig, int bursts, bool write = false) {
  const auto granule = static_cast<std::uint64_t>(rig.config.granule);
  const std::uint64_t requests = static_cast<std::uint64_t>(bursts) * rig.burst() / granule;
  for (std::uint64_t i = 0; i < requests; ++i) {
    const auto bytes = static_cast<std::uint32_t>(granule);
    rig.client.add(write ? write_at(i * granule, bytes) : read_at(i * granule, bytes));
  }
  rig.client.start(0);
}

TEST_CASE("a sequential stream attains 90 % of peak on every part") {
  std::deque<Rig> reads;
  std::deque<Rig> writes;
  for (const Form& form : kForms) {
    stream(reads.emplace_back(form.name, std::vector<std::string>{}), 160'000);
    stream(writes.emplace_back(form.name, std::vector<std::string>{}), 160'000, true);
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < reads.size(); ++i) {
    for (Rig* rig : {&reads[i], &writes[i]}) {
      rig->finish();
      rig->print_lane(std::string(kForms[i].name) + (rig == &reads[i] ? " read" : " write"));
      INFO(kForms[i].name);
      CHECK(rig->share() >= 0.90);
    }
  }
}

TEST_CASE("all-bank refresh costs a stream (tRTP + tRPab + tRFCab + tRCD) of every tREFI on every part") {
  std::deque<Rig> on;
  std::deque<Rig> off;
  for (const Form& form : kForms) {
    stream(on.emplace_back(form.name, std::vector<std::string>{"dram.refresh=all_bank", "dram.refresh_postpone=1"}),
           200'000);
    stream(off.emplace_back(form.name, std::vector<std::string>{"dram.refresh=off"}), 200'000);
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < on.size(); ++i) {
    on[i].finish();
    off[i].finish();
    const TimingClocks& t = on[i].config.timing;
    const double bound = 1.0 - static_cast<double>(t.tRTP + t.tRPab + t.tRFCab + t.tRCD) / static_cast<double>(t.tREFI);
    on[i].print_lane(std::string(kForms[i].name) + " all-bank");
    const double ratio = on[i].share() / off[i].share();
    INFO(kForms[i].name << ": " << on[i].share() << " of peak, without refresh " << off[i].share() << ", bound "
                        << bound);
    CHECK(std::abs(ratio - bound) < 0.01);
    CHECK(std::abs(on[i].share() - bound * (1 - kForms[i].command)) < 0.009);
  }
}

/// Four activates of one data bus in clocks: tFAW, four tRRD_S, four row cycles over the banks, or the row command bus.
struct Scatter {
  const char* name;
  double four;
  std::vector<std::string> overrides;
};

/// Reads of one burst, each of a new row, over pseudo-channels, bank groups, banks.
void scatter(Rig& rig) {
  const BankGeometry& banks = rig.config.banks;
  for (int n = 0; n < 20'000; ++n) {
    int rest = n;
    const auto digit = [&rest](int radix) {
      const int d = rest % radix;
      rest /= radix;
      return d;
    };
    const int pseudo_channel = digit(rig.config.pseudo_channels);
    const int group = digit(banks.bank_groups);
    const int bank = digit(banks.banks_per_group);
    rig.add(rig.at(static_cast<std::uint64_t>(rest), bank, group, 0, pseudo_channel));
  }
  rig.client.start(0);
}

void check_scatter(const std::vector<Scatter>& scatters) {
  std::deque<Rig> rigs;
  for (const Scatter& entry : scatters) scatter(rigs.emplace_back(entry.name, plain(entry.overrides)));
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < rigs.size(); ++i) {
    Rig& rig = rigs[i];
    rig.finish();
    const Tick burst = rig.config.timing.burst / rig.config.ticks_per_clock;
    const double bound = 4.0 * static_cast<double>(burst) / scatters[i].four;
    rig.print_lane(std::string(scatters[i].name) + " scattered, bound " + std::to_string(bound));
    INFO(scatters[i].name << ": " << rig.share() << " of peak, bound " << bound);
    CHECK(rig.share() <= bound * 1.001);
    CHECK(rig.share() >= bound * 0.95);
  }
}

TEST_CASE("reads of new rows over all banks attain the activate bound of every part") {
  // HBM3 with one stack id: tFAW is counted in each.
  const std::vector<std::string> one_id = {"dram.ranks=1 ranks", "dram.channel_capacity=512 MiB"};
  check_scatter({
      {"lpddr4x_4266", 88, {}},     // 4 tRRD = 88, beyond tFAW 86 and 4 x 129 / 8 banks = 64.5
      {"lpddr5_6400", 16, {}},      // tFAW = 4 tRRD = 16, beyond 4 x 49 / 16 = 12.25
      {"lpddr5x_8000", 16, {}},     // 4 tRRD = 16, beyond tFAW 15 and 4 x 62 / 16 = 15.5
      {"lpddr5x_8533", 16.25, {}},  // 4 x 65 / 16 banks = 16.25, beyond tFAW 16
      {"hbm2e_3200", 28, {}},       // 4 tRRD = 28, beyond tFAW 24 and 4 x 77 / 16 = 19.25
      {"hbm3_3200", 16, one_id},    // row bus: ACT on every second clock for two pseudo-channels, beyond tFAW 12
      {"hbm3_5230", 20, one_id},    // tFAW 20, beyond 4 tRRD = 16 and 4 x 59 / 16 = 14.75
      {"ddr4_3200", 34, {}},        // tFAW 34, beyond 4 tRRD = 16 and 4 x 74 / 16 = 18.5
  });
}

TEST_CASE("both pseudo-channels share one row command bus") {
  // tRRD of one clock and tFAW of four leave the bus; precharges take it in the open page policy.
  check_scatter({
      // ACT 2 and PRE 1 clock for each of two pseudo-channels: 4 x 2 x 3 = 24, beyond 4 x 48 / 16 banks = 12
      {"hbm2e_3200",
       24,
       {"dram.tRRD_S=0.6 ns", "dram.tRRD_L=0.6 ns", "dram.tFAW=2.5 ns", "dram.page_policy=open", "dram.tRAS=15 ns",
        "dram.tRC=30 ns"}},
      // ACT a clock and a half from a rising edge, PRE in the half clock left: 4 x 2 x 2 = 16, beyond 4 x 36 / 16 = 9
      {"hbm3_3200",
       16,
       {"dram.tRRD_S=1.2 ns", "dram.tRRD_L=1.2 ns", "dram.tFAW=5 ns", "dram.page_policy=open", "dram.ranks=1 ranks",
        "dram.channel_capacity=512 MiB"}},
  });
}

/// Clocks between the column commands of two requests to open rows, the second in another rank (stack id).
struct Ranks {
  const char* name;
  const char* ranks;
  const char* capacity;
  Tick same;        ///< tCCD_S, the second in another bank group of the same rank
  Tick read_read;   ///< BL/n + gap
  Tick read_write;  ///< RL + BL/n + gap - WL; HBM3: tRTW
  Tick write_read;  ///< WL + BL/n + gap - RL, at least BL/n; HBM3: WL + BL/n + tWTR_S
};

TEST_CASE("bursts of different ranks keep the data bus gap of the part") {
  const Ranks cases[] = {
      {"lpddr4x_4266", "2", "4096", 8, 8 + 2, 36 + 8 + 2 - 18, 8},
      {"lpddr5_6400", "2", "4096", 2, 2 + 2, 17 + 2 + 2 - 9, 2},
      {"ddr4_3200", "2", "16384", 4, 4 + 2, 22 + 4 + 2 - 16, 4},
      {"hbm3_5230", "2", "1024", 2, 3, 17, 9 + 2 + 6},
  };
  std::deque<Rig> rigs;
  for (const Ranks& c : cases) {
    rigs.emplace_back(c.name, plain({std::string("dram.ranks=").append(c.ranks).append(" ranks"),
                                     std::string("dram.channel_capacity=").append(c.capacity).append(" MiB"),
                                     "dram.row_idle=100000 ns"}));
    Rig& rig = rigs.back();
    rig.client.keep_life = true;
    const std::uint64_t here = rig.at(0, 0, 0, 0);
    const std::uint64_t beside = rig.config.banks.bank_groups > 1 ? rig.at(0, 0, 1, 0) : rig.at(0, 1, 0, 0);
    const std::uint64_t there = rig.at(0, 0, 0, 1);
    Femtoseconds t = 0;
    const auto pair = [&](const Request& first, const Request& second) {
      t += rig.clocks(400);
      rig.client.add(first, t);
      rig.client.add(second, t);
    };
    for (const std::uint64_t address : {here, beside, there}) rig.add(address, t += rig.clocks(400));  // open the rows
    const auto bytes = rig.burst();
    pair(read_at(here, bytes), read_at(beside, bytes));
    pair(read_at(here, bytes), read_at(there, bytes));
    pair(read_at(here, bytes), write_at(there, bytes));
    t += rig.clocks(400);
    rig.client.add(write_at(here, bytes), t);
    rig.client.add(read_at(there, bytes), t + rig.clocks(1));  // the write is commanded by then
    rig.client.start(0);
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < rigs.size(); ++i) {
    const Rig& rig = rigs[i];
    const TimingClocks& t = rig.config.timing;
    INFO(cases[i].name);
    /// Clock of the column command of answer n, from a common origin.
    const auto command = [&](std::size_t n) {
      for (const Answer& answer : rig.client.answers) {
        if (answer.tag != n) continue;
        const Tick latency = rig.client.plan[n].request.direction == Direction::read ? t.RL : t.WL;
        return answer.at / rig.clock.period() - latency / rig.config.ticks_per_clock;
      }
      return Femtoseconds{0};
    };
    CHECK(command(4) - command(3) == cases[i].same);
    CHECK(command(6) - command(5) == cases[i].read_read);
    CHECK(command(8) - command(7) == cases[i].read_write);
    CHECK(command(10) - command(9) == cases[i].write_read);
  }
}

TEST_CASE("refresh reaches every rank") {
  struct Count {
    const char* name;
    std::vector<std::string> overrides;
    std::int64_t refreshes;  ///< of one data bus in a millisecond
  };
  const Count counts[] = {
      // REFab of two ranks, each every 7800 ns: 1e6 / 3900 = 256.4
      {"ddr4_3200", {"dram.ranks=2 ranks", "dram.channel_capacity=16384 MiB"}, 256},
      // 8 REFpb for each of two ranks in 3125 clocks: one in 195 clocks = 243.75 ns, 1e6 / 243.75 = 4102.6
      {"lpddr5_6400", {"dram.ranks=2 ranks", "dram.channel_capacity=4096 MiB"}, 4102},
      // one REFab for both stack ids in 10203 half clocks = 3900.1 ns, 256.4, on two data buses
      {"hbm3_5230", {"dram.refresh=all_bank"}, 2 * 256},
  };
  std::deque<Rig> rigs;
  for (const Count& count : counts) {
    Rig& rig = rigs.emplace_back(count.name, count.overrides);
    rig.add(0);
    rig.client.start(0);
  }
  kernel::run_until_quiescent();
  for (std::size_t i = 0; i < rigs.size(); ++i) {
    rigs[i].bench.memory->finish(1'000'000 * kNs);
    rigs[i].bench.ledger.finish(1'000'000 * kNs);
    INFO(counts[i].name);
    CHECK(rigs[i].bench.count("refresh") == counts[i].refreshes);
  }
}

}  // namespace
}  // namespace cyclescope::memory::test
