// Laws of the link: conservation, closure, independence of call order, scaling, injected latency.
#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "tests/host/support.h"

namespace cyclescope::host::test {
namespace {

using ledger::Leaf;

/// Random reads and writes of three clients over a link, with all that a run leaves.
struct RandomRun {
  RandomRun(const LinkConfig& config, std::uint64_t seed, const std::string& name, Femtoseconds scale = 1)
      : rig(config, name, scale * 100 * kNs) {
    memory::test::Random random(seed);
    for (int i = 0; i < 3; ++i) {
      const Clock clock(scale * (i + 1) * kNs);
      clients.push_back(std::make_unique<Client>(name + "_client" + std::to_string(i), rig.link, clock, 4 + 4 * i));
      for (int n = 0; n < 300; ++n) {
        const auto bytes = static_cast<std::uint32_t>(1 + random.below(512));
        const std::uint64_t address = random.below(1 << 20) * 512 + random.below(512 - bytes + 1);
        const bool read = random.below(2) == 0;
        const auto at = static_cast<Femtoseconds>(random.below(60'000)) * scale * kNs;
        clients.back()->add(read ? read_at(address, bytes) : write_at(address, bytes), n % 7 == 0 ? at : 0);
      }
    }
  }

  void finish() {
    Femtoseconds end = 0;
    for (const auto& client : clients) end = std::max(end, client->last());
    rig.finish(end);
  }

  Rig rig;
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_CASE("random traffic: every request answered once, lives abut, bytes conserved, lanes close") {
  RandomRun run(link({"pcie.posted_buffer=1 KiB", "pcie.tags=5 requests", "pcie.packets_per_ack=3 packets",
                      "pcie.packets_per_update=2 packets", "host.memory_outstanding=6 requests"}),
                1, "link");
  for (const auto& client : run.clients) client->start(0);
  kernel::run_until_quiescent();
  run.finish();
  std::int64_t read = 0;
  std::int64_t written = 0;
  for (const auto& client : run.clients) {
    std::vector<int> seen(client->plan.size());
    REQUIRE(client->answers.size() == client->plan.size());
    for (const Answer& answer : client->answers) {
      ++seen[answer.tag];
      check_life(answer);
      path(run.rig.ledger, answer);
      const memory::Request& request = client->plan[answer.tag].request;
      (request.direction == memory::Direction::read ? read : written) += request.bytes;
    }
    for (const int times : seen) CHECK(times == 1);
  }
  CHECK(run.rig.link.bytes_read() == read);
  CHECK(run.rig.link.bytes_written() == written);
  CHECK(run.rig.memory.bytes_read() == read);
  CHECK(run.rig.memory.bytes_written() == written);
  CHECK(run.rig.link.up().payload_bytes() == written);
  CHECK(run.rig.link.down().payload_bytes() == read);
}

TEST_CASE("the order in which clients are woken changes nothing") {
  const LinkConfig config = link({"pcie.tags=5 requests", "pcie.posted_buffer=1 KiB"});
  RandomRun forward(config, 7, "forward");
  RandomRun backward(config, 7, "backward");
  for (auto client = forward.clients.begin(); client != forward.clients.end(); ++client) (*client)->start(0);
  for (auto client = backward.clients.rbegin(); client != backward.clients.rend(); ++client) (*client)->start(0);
  kernel::run_until_quiescent();
  forward.finish();
  backward.finish();
  for (std::size_t i = 0; i < forward.clients.size(); ++i) {
    const auto& a = forward.clients[i]->answers;
    const auto& b = backward.clients[i]->answers;
    REQUIRE(a.size() == b.size());
    for (std::size_t n = 0; n < a.size(); ++n) {
      REQUIRE(a[n].tag == b[n].tag);
      REQUIRE(a[n].at == b[n].at);
      REQUIRE(a[n].reply.life.size() == b[n].reply.life.size());
    }
  }
  for (const ledger::LaneId lane : {Rig::kUp, Rig::kDown}) {
    CHECK(forward.rig.ledger.time(lane) == backward.rig.ledger.time(lane));
  }
}

TEST_CASE("all times times three, every instant times three") {
  const LinkConfig one = link();
  LinkConfig three = one;
  three.byte_num *= 3;
  three.host_clock = Clock(3 * one.host_clock.period());
  three.latency *= 3;
  three.device_latency *= 3;
  CHECK(link({"host.unit_interval=0.6 ns"}).byte_num == three.byte_num);
  RandomRun base(one, 5, "base");
  RandomRun slow(three, 5, "slow", 3);
  for (const auto& client : base.clients) client->start(0);
  for (const auto& client : slow.clients) client->start(0);
  kernel::run_until_quiescent();
  base.finish();
  slow.finish();
  for (std::size_t i = 0; i < base.clients.size(); ++i) {
    const auto& a = base.clients[i]->answers;
    const auto& b = slow.clients[i]->answers;
    REQUIRE(a.size() == b.size());
    for (std::size_t n = 0; n < a.size(); ++n) {
      REQUIRE(a[n].tag == b[n].tag);
      REQUIRE(3 * a[n].at == b[n].at);
    }
  }
  for (const ledger::LaneId lane : {Rig::kUp, Rig::kDown}) {
    for (std::size_t leaf = 0; leaf < ledger::kLeafCount; ++leaf) {
      CHECK(3 * base.rig.ledger.time(lane)[leaf] == slow.rig.ledger.time(lane)[leaf]);
    }
  }
}

/// A chain of four requests, one after the other, over a link as it is and one of more latency.
void check_injection(memory::Direction direction, std::int64_t crossings) {
  const Femtoseconds more = 17 * kNs;
  LinkConfig longer = link();
  longer.latency += more;
  Rig rig(link(), "base");
  Rig late(longer, "late");
  Client a("a", rig.link, Clock(kNs), 1);
  Client b("b", late.link, Clock(kNs), 1);
  for (Client* client : {&a, &b}) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      client->add(direction == memory::Direction::read ? read_at(i * 512, 512) : write_at(i * 512, 512));
    }
    client->start(0);
  }
  kernel::run_until_quiescent();
  CHECK(b.last() == a.last() + 4 * crossings * more);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t leaf = 0; leaf < ledger::kLeafCount; ++leaf) {
      const auto cause = static_cast<Leaf>(leaf);
      const Femtoseconds added = cause == Leaf::waiting_operand_host_link ? crossings * more : 0;
      CHECK(spent(b.answers[i], cause) == spent(a.answers[i], cause) + added);
    }
  }
  rig.finish(a);
  late.finish(b);
}

TEST_CASE("more link latency on a chain of writes without slack counts once, in its leaf only") {
  check_injection(memory::Direction::write, 1);
}

TEST_CASE("more link latency on a chain of reads without slack counts twice, in its leaf only") {
  check_injection(memory::Direction::read, 2);
}

TEST_CASE("a real host memory keeps its causes") {
  // LPDDR5 behind the link: the answer's life holds activate and burst of its own, and still abuts.
  kernel::initialise();
  ledger::Ledger ledger(true);
  const auto memory = memory::make_memory(memory::test::settings(1), ledger);
  HostLink host_link("host_link", link(), *memory, ledger);
  Client client("client", host_link, Clock(kNs), 8, 8);
  Client local("local", *memory, Clock(kNs), 8, 8);  // the host's own traffic
  for (std::uint64_t i = 0; i < 50; ++i) {
    client.add(i % 3 == 0 ? write_at(i * 512, 512) : read_at((1 << 20) + i * 512, 512));
    local.add(read_at((1 << 22) + i * 256));
  }
  client.start(0);
  local.start(0);
  kernel::run_until_quiescent();
  const Femtoseconds end = std::max(client.last(), local.last());
  host_link.finish(end);
  memory->finish(end);
  ledger.finish(end);
  REQUIRE(client.answers.size() == 50);
  Femtoseconds rows = 0;
  Femtoseconds bursts = 0;
  for (const Answer& answer : client.answers) {
    check_life(answer);
    path(ledger, answer);
    rows += spent(answer, Leaf::waiting_operand_dram_row);
    bursts += spent(answer, Leaf::waiting_operand_dram_bandwidth);
  }
  CHECK(rows > 0);
  CHECK(bursts > 0);
  for (const ledger::Traffic& traffic : ledger.traffic()) CHECK(traffic.received == traffic.expected);
}

TEST_CASE("a second frame books from its own start") {
  Rig rig(link());
  Client client("client", rig.link, Clock(kNs), 1);
  client.add(write_at(0));
  client.add(read_at(0), 2000 * kNs);
  client.start(0);
  kernel::run_until_quiescent();
  REQUIRE(client.last() == 2690 * kNs);
  CHECK(rig.link.bytes_read() == 256);
  rig.finish(client);
  rig.ledger.restart(3000 * kNs);
  rig.link.restart(3000 * kNs);
  CHECK(rig.link.bytes_read() == 0);
  CHECK(rig.link.up().wire_bytes() == 0);
  rig.link.finish(4000 * kNs);
  rig.ledger.finish(4000 * kNs);
  CHECK(rig.time(Rig::kUp, Leaf::idle_unused) == 1000 * kNs);
}

}  // namespace
}  // namespace cyclescope::host::test
