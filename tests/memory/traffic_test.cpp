// Properties of random traffic from several clients.
#include <array>
#include <deque>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

using ledger::Leaf;

/// Four clients of different clocks on one memory, with the same random plan for the same seed.
struct Crowd {
  static constexpr int kClients = 4;

  Crowd(const std::string& name, int channels, std::uint64_t seed, const std::vector<std::string>& overrides = {},
        bool ledger_on = true, int requests = 1500, Femtoseconds scale = 1)
      : Crowd(name, settings(channels, overrides), seed, ledger_on, requests, scale) {}

  Crowd(const std::string& name, const config::Settings& memory, std::uint64_t seed, bool ledger_on, int requests,
        Femtoseconds scale)
      : bench(memory, ledger_on) {
    Random random(seed);
    constexpr std::array<Femtoseconds, kClients> kPeriods = {1 * kNs, 2 * kNs, 1'500'000, 2'105'263};
    for (std::size_t i = 0; i < kClients; ++i) {
      const int outstanding = static_cast<int>(2 + random.below(30));
      clients.emplace_back(name + std::to_string(i), *bench.memory, Clock(scale * kPeriods[i]), outstanding);
      Femtoseconds time = 0;
      std::uint64_t base = random.below(1 << 14);
      for (int n = 0; n < requests; ++n) {
        if (random.below(50) == 0) time += static_cast<Femtoseconds>(random.below(3000)) * kNs * scale;
        base = random.below(4) == 0 ? random.below(1 << 14) : base + 1;
        const auto first = random.below(4) == 0 ? random.below(256) : 0;
        const auto bytes = static_cast<std::uint32_t>(first == 0 ? 256 : 1 + random.below(256 - first));
        const bool write = random.below(3) == 0;
        clients.back().add(write ? write_at(base * 256 + first, bytes) : read_at(base * 256 + first, bytes), time);
      }
    }
  }

  void start() {
    for (Client& client : clients) client.start(0);
  }
  void start_backwards() {
    for (auto client = clients.rbegin(); client != clients.rend(); ++client) client->start(0);
  }
  void finish() {
    std::vector<Client*> all;
    for (Client& client : clients) all.push_back(&client);
    bench.run(all);
  }

  Bench bench;
  std::deque<Client> clients;
};

void require_same_answers(const Crowd& a, const Crowd& b) {
  for (std::size_t c = 0; c < Crowd::kClients; ++c) {
    REQUIRE(a.clients[c].answers.size() == b.clients[c].answers.size());
    for (std::size_t i = 0; i < a.clients[c].answers.size(); ++i) {
      const Answer& x = a.clients[c].answers[i];
      const Answer& y = b.clients[c].answers[i];
      REQUIRE(x.tag == y.tag);
      REQUIRE(x.at == y.at);
      REQUIRE(x.reply.life.size() == y.reply.life.size());
      for (std::size_t k = 0; k < x.reply.life.size(); ++k) {
        REQUIRE(x.reply.life[k].cause == y.reply.life[k].cause);
        REQUIRE(x.reply.life[k].to == y.reply.life[k].to);
      }
    }
  }
}

TEST_CASE("random traffic is answered once, books close, bytes are conserved, lives abut") {
  Crowd crowd("client", 2, 7);
  crowd.start();
  crowd.finish();
  const Bench& bench = crowd.bench;
  std::int64_t read = 0;
  std::int64_t written = 0;
  ledger::LeafSums causes{};
  for (const Client& client : crowd.clients) {
    REQUIRE(client.answers.size() == client.plan.size());
    std::vector<int> seen(client.plan.size(), 0);
    for (const Answer& answer : client.answers) {
      ++seen[answer.tag];
      check_life(answer);
      for (const LifeInterval& part : answer.reply.life) {
        causes[static_cast<std::size_t>(part.cause)] += part.to - part.from;
      }
      Femtoseconds covered = answer.at;
      bench.ledger.walk({answer.reply.activity, answer.at, ledger::Reason::data}, answer.issued,
                        [&](const ledger::PathSegment& segment) {
                          REQUIRE(segment.to == covered);
                          REQUIRE(segment.cause != Leaf::unknown);
                          covered = segment.from;
                        });
      REQUIRE(covered == answer.issued);
    }
    for (const int times : seen) REQUIRE(times == 1);
    for (const Planned& planned : client.plan) {
      (planned.request.direction == Direction::read ? read : written) += planned.request.bytes;
    }
  }
  for (const Leaf leaf :
       {Leaf::waiting_operand_dram_bandwidth, Leaf::waiting_operand_dram_latency, Leaf::waiting_operand_dram_row,
        Leaf::waiting_operand_dram_refresh, Leaf::waiting_operand_dram_turnaround, Leaf::waiting_arbitration,
        Leaf::overhead_clock_crossing}) {
    INFO(ledger::name(leaf));
    CHECK(causes[static_cast<std::size_t>(leaf)] > 0);
  }
  for (ledger::LaneId lane = 0; lane < 2; ++lane) {
    CHECK(bench.lane_sum(lane) == bench.end);
    CHECK(bench.lane_time(lane, Leaf::unknown) == 0);
  }
  const std::int64_t moved = bench.count("read") + bench.count("write");
  CHECK(bench.lane_time(0, Leaf::useful_transfer) + bench.lane_time(1, Leaf::useful_transfer) == moved * 2 * kNs);
  CHECK(bench.memory->bytes_read() == read);
  CHECK(bench.memory->bytes_written() == written);
  for (const ledger::Traffic& traffic : bench.ledger.traffic()) {
    CHECK(traffic.sent == (traffic.name == "dram.read" ? read : written));
    CHECK(traffic.received == traffic.expected);
  }
}

TEST_CASE("several decisions per event give the times of one per event") {
  Crowd together("together", 2, 11, {"sim.aggregate=on"});
  Crowd single("single", 2, 11, {"sim.aggregate=off"});
  Crowd together_all("together_all", 1, 12, {"dram.refresh=all_bank", "sim.aggregate=on"});
  Crowd single_all("single_all", 1, 12, {"dram.refresh=all_bank", "sim.aggregate=off"});
  for (Crowd* crowd : {&together, &single, &together_all, &single_all}) crowd->start();
  for (Crowd* crowd : {&together, &single, &together_all, &single_all}) crowd->finish();
  require_same_answers(together, single);
  require_same_answers(together_all, single_all);
  for (std::size_t action = 0; action < together.bench.ledger.actions().size(); ++action) {
    CHECK(together.bench.ledger.actions()[action].count == single.bench.ledger.actions()[action].count);
    CHECK(together_all.bench.ledger.actions()[action].count == single_all.bench.ledger.actions()[action].count);
  }
  for (ledger::LaneId lane = 0; lane < 2; ++lane) {
    CHECK(together.bench.ledger.time(lane) == single.bench.ledger.time(lane));
  }
}

TEST_CASE("trains give the times of single bursts in every technology") {
  std::deque<std::pair<Crowd, Crowd>> crowds;  // of all parts at once: a process elaborates once
  for (const std::string part :
       {"lpddr4x_4266", "lpddr5_6400", "lpddr5x_8533", "hbm2e_3200", "hbm3_3200", "hbm3_5230", "ddr4_3200"}) {
    for (const std::string& policy : {std::string("dram.page_policy=open_adaptive"),
                                      std::string("dram.page_policy=open"), std::string("dram.row_hit_cap=2 bursts")}) {
      const auto memory = [&](const std::string& mode) {
        return part_settings(part, 1, {"sim.aggregate=" + mode, policy});
      };
      const std::string name = "crowd" + std::to_string(crowds.size());
      crowds.emplace_back(std::piecewise_construct, std::forward_as_tuple(name + "a", memory("on"), 61, true, 600, 1),
                          std::forward_as_tuple(name + "b", memory("off"), 61, true, 600, 1));
    }
  }
  for (auto& [trains, bursts] : crowds) {
    trains.start();
    bursts.start();
  }
  std::size_t number = 0;
  for (auto& [trains, bursts] : crowds) {
    INFO("memory number " << number++);
    trains.finish();
    bursts.finish();
    require_same_answers(trains, bursts);
    for (ledger::LaneId lane = 0; lane < trains.bench.ledger.lane_count(); ++lane) {
      REQUIRE(trains.bench.ledger.time(lane) == bursts.bench.ledger.time(lane));
      REQUIRE(trains.bench.lane_sum(lane) == trains.bench.end);
      REQUIRE(trains.bench.lane_time(lane, Leaf::unknown) == 0);
    }
  }
}

TEST_CASE("switching the ledger off changes no time") {
  Crowd with("with", 2, 21);
  Crowd without("without", 2, 21, {}, false);
  with.start();
  without.start();
  kernel::run_until_quiescent();
  require_same_answers(with, without);
}

TEST_CASE("the order in which clients are woken changes nothing") {
  Crowd forwards("forwards", 2, 31);
  Crowd backwards("backwards", 2, 31);
  forwards.start();
  backwards.start_backwards();
  kernel::run_until_quiescent();
  require_same_answers(forwards, backwards);
}

TEST_CASE("multiplying every period and nanosecond by three multiplies every time by three") {
  std::vector<std::string> tripled;
  const config::Settings base = settings(1);
  for (const auto& [key, setting] : base.all()) {
    if (setting.declaration->quantity != config::Quantity::time) continue;
    tripled.push_back(key + "=" + std::to_string(3 * setting.integer) + " fs");
  }
  Crowd once("once", 1, 41, {}, true, 400);
  Crowd thrice("thrice", 1, 41, tripled, true, 400, 3);
  once.start();
  thrice.start();
  kernel::run_until_quiescent();
  for (std::size_t c = 0; c < Crowd::kClients; ++c) {
    REQUIRE(once.clients[c].answers.size() == 400);
    for (std::size_t i = 0; i < 400; ++i) {
      REQUIRE(thrice.clients[c].answers[i].tag == once.clients[c].answers[i].tag);
      REQUIRE(thrice.clients[c].answers[i].at == 3 * once.clients[c].answers[i].at);
    }
  }
}

TEST_CASE("a lost posting shows as unknown time on the lane") {
  Crowd crowd("client", 1, 51, {}, true, 100);
  ledger::Faults faults;
  faults.drop_posting = 40;
  crowd.bench.ledger.inject(faults);
  crowd.start();
  crowd.finish();
  CHECK(crowd.bench.lane_time(0, Leaf::unknown) > 0);
}

}  // namespace
}  // namespace cyclescope::memory::test
