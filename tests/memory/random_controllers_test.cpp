// Random controllers under random traffic: trains and runs give the times, lives and lanes of single bursts.
#include <deque>

#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

/// Random settings of a random part; every key with a chance of one half.
config::Settings random_settings(Random& random, const std::string& aggregate, std::string& description) {
  const std::vector<std::string> parts = {"lpddr4x_4266", "lpddr5_6400", "lpddr5x_8533",        "hbm2e_3200",
                                          "hbm3_3200",    "ddr4_3200",   "hbm3_6400_validation"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> choices = {
      {"read_queue", {"8 bursts", "16 bursts"}},
      {"direction_batch", {"1 bursts", "4 bursts", "32 bursts"}},
      {"row_idle", {"10 ns", "40 ns", "1000 ns"}},
      {"starvation_limit", {"50 ns", "200 ns", "5000 ns"}},
      {"write_age", {"20 ns", "100 ns"}},
      {"page_policy", {"open", "open_adaptive"}},
      {"row_hit_cap", {"0 bursts", "1 bursts", "3 bursts"}},
      {"mapping", {"RoBaRaCoCh", "ChRaBaRoCo"}},
      {"hash", {"off"}},
      {"controller_latency", {"3 ns", "55 ns"}},
      {"refresh_postpone", {"1 commands", "4 commands"}},
      {"refresh", {"all_bank", "off"}},
  };
  const std::string part = parts[random.below(parts.size())];
  std::vector<std::string> overrides = {"sim.aggregate=" + aggregate};
  for (const auto& [key, values] : choices) {
    if (random.below(2) == 0) continue;
    overrides.push_back("dram." + key + "=" + values[random.below(values.size())]);
    description += " " + overrides.back();
  }
  description = part + description;
  return part_settings(part, 1 + static_cast<int>(random.below(2)), overrides);
}

/// A memory with up to five clients: scattered, sequential and striding requests with pauses.
struct Traffic {
  Traffic(const std::string& name, std::uint64_t seed, const std::string& aggregate)
      : random(seed), bench(random_settings(random, aggregate, description)) {
    const auto granule = static_cast<std::uint64_t>(bench.memory->granule());
    const std::uint64_t lines = std::uint64_t{16} << random.below(12);
    const std::uint64_t count = 1 + random.below(5);
    for (std::uint64_t c = 0; c < count; ++c) {
      const Clock clock(std::array<Femtoseconds, 4>{500'000, 1'000'000, 1'500'000, 2'105'263}[random.below(4)]);
      clients.emplace_back(name + std::to_string(c), *bench.memory, clock, static_cast<int>(1 + random.below(40)), 2);
      const std::uint64_t step = std::array<std::uint64_t, 4>{0, 1, 3, 64}[random.below(4)];
      std::uint64_t line = random.below(lines);
      Femtoseconds time = 0;
      for (int i = 0; i < 400; ++i) {
        if (random.below(40) == 0) time += static_cast<Femtoseconds>(random.below(3000)) * kNs;
        line = step == 0 || random.below(4) == 0 ? random.below(lines) : (line + step) % lines;
        const std::uint64_t first = random.below(4) == 0 ? random.below(granule) : 0;
        const auto bytes = static_cast<std::uint32_t>(1 + random.below(granule - first));
        const std::uint64_t address = line * granule + first;
        clients.back().add(random.below(3) == 0 ? write_at(address, bytes) : read_at(address, bytes), time);
      }
      clients.back().start(0);
    }
  }

  std::string description;
  Random random;
  Bench bench;
  std::deque<Client> clients;
};

TEST_CASE("trains give the times of single bursts in random controllers") {
  std::deque<std::pair<Traffic, Traffic>> pairs;  // all at once: a process elaborates once
  for (std::uint64_t seed = 1; seed <= 240; ++seed) {
    const std::string name = "pair" + std::to_string(seed);
    pairs.emplace_back(std::piecewise_construct, std::forward_as_tuple(name + "on", seed, "on"),
                       std::forward_as_tuple(name + "off", seed, "off"));
  }
  kernel::run_until_quiescent();
  for (auto& [trains, bursts] : pairs) {
    INFO(trains.description);
    std::vector<Client*> clients;
    for (std::size_t c = 0; c < trains.clients.size(); ++c) {
      const Client& a = trains.clients[c];
      const Client& b = bursts.clients[c];
      clients.push_back(&trains.clients[c]);
      REQUIRE(a.answers.size() == a.plan.size());
      REQUIRE(b.answers.size() == a.plan.size());
      for (std::size_t i = 0; i < a.answers.size(); ++i) {
        REQUIRE(a.answers[i].tag == b.answers[i].tag);
        REQUIRE(a.answers[i].at == b.answers[i].at);
        check_life(a.answers[i]);
        REQUIRE(a.answers[i].reply.life.size() == b.answers[i].reply.life.size());
        for (std::size_t k = 0; k < a.answers[i].reply.life.size(); ++k) {
          REQUIRE(a.answers[i].reply.life[k].cause == b.answers[i].reply.life[k].cause);
          REQUIRE(a.answers[i].reply.life[k].to == b.answers[i].reply.life[k].to);
        }
      }
    }
    trains.bench.run(clients);
    bursts.bench.memory->finish(trains.bench.end);
    bursts.bench.ledger.finish(trains.bench.end);
    for (ledger::LaneId lane = 0; lane < trains.bench.ledger.lane_count(); ++lane) {
      REQUIRE(trains.bench.ledger.time(lane) == bursts.bench.ledger.time(lane));
      REQUIRE(trains.bench.lane_sum(lane) == trains.bench.end);
      REQUIRE(trains.bench.lane_time(lane, ledger::Leaf::unknown) == 0);
    }
  }
}

}  // namespace
}  // namespace cyclescope::memory::test
