// The ideal port: transfers timed by hand, bytes / bandwidth each and nothing else.
#include "sim/base/error.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

using ledger::Leaf;

std::vector<std::string> port(const std::string& bandwidth) {
  return {"memory.ideal=port", "memory.port_bandwidth=" + bandwidth, "memory.port_energy=12 pJ"};
}

TEST_CASE("a request takes its bytes over the bandwidth, no latency") {
  Bench bench(settings(1, port("64 GB/s")));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  client.add(read_at(0, 256), 5 * kNs);
  client.start(0);
  bench.run({&client});
  const Answer& answer = client.answers.at(0);
  check_life(answer);
  CHECK(answer.issued == 5 * kNs);
  CHECK(answer.at == (5 + 4) * kNs);  // 256 B / 64 B per ns
  CHECK(spent(answer, Leaf::waiting_operand_dram_bandwidth) == 4 * kNs);
  CHECK(bench.lane_time(0, Leaf::idle_before_first_work) == 5 * kNs);
  CHECK(bench.lane_time(0, Leaf::useful_transfer) == 4 * kNs);
  CHECK(bench.lane_sum(0) == bench.end);
  CHECK(bench.memory->peak_bytes_per_second() == 64'000'000'000);
}

TEST_CASE("a reply waits for the client's edge, and says so") {
  Bench bench(settings(1, port("64 GB/s")));
  Client client("client", *bench.memory, Clock(3 * kNs), 4);
  client.add(write_at(0, 256));
  client.start(0);
  bench.run({&client});
  const Answer& answer = client.answers.at(0);
  check_life(answer);
  CHECK(answer.at == 6 * kNs);
  CHECK(spent(answer, Leaf::waiting_operand_dram_bandwidth) == 4 * kNs);
  CHECK(spent(answer, Leaf::overhead_clock_crossing) == 2 * kNs);
}

TEST_CASE("a port faster than the client's clock answers on its next edge") {
  Bench bench(settings(1, port("2048 GB/s")));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  for (std::uint64_t i = 0; i < 8; ++i) client.add(read_at(i * 256));
  client.start(0);
  bench.run({&client});
  for (const Answer& answer : client.answers) {
    check_life(answer);
    CHECK(answer.at - answer.issued == 1 * kNs);  // 0.125 ns for the bytes
    CHECK(spent(answer, Leaf::waiting_operand_dram_bandwidth) == 125'000);
  }
}

TEST_CASE("reads and writes share the port one after the other") {
  Bench bench(settings(1, port("64 GB/s")));
  Client client("client", *bench.memory, Clock(1 * kNs), 32);
  for (std::uint64_t i = 0; i < 20; ++i) client.add(i % 2 == 0 ? read_at(i * 256) : write_at(i * 256));
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    const Answer& answer = client.answers[i];
    check_life(answer);
    CHECK(answer.issued == static_cast<Femtoseconds>(i) * kNs);
    CHECK(answer.at == static_cast<Femtoseconds>(4 * (i + 1)) * kNs);
  }
  CHECK(bench.memory->bytes_read() == 10 * 256);
  CHECK(bench.memory->bytes_written() == 10 * 256);
  CHECK(bench.count("byte") == 20 * 256);
  CHECK(bench.ledger.actions().front().attojoules == 12'000'000);
  CHECK(bench.lane_time(0, Leaf::useful_transfer) == 80 * kNs);
}

TEST_CASE("rounding to femtoseconds does not add up") {
  // 100 B at 3 GB/s take 33.3 ns: three of them exactly 100 ns, 3000 exactly 100 us.
  Bench bench(settings(1, port("3 GB/s")));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  for (std::uint64_t i = 0; i < 3000; ++i) client.add(read_at(i % 64 * 256, 100));
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 3000);
  CHECK(client.answers[0].at == 34 * kNs);
  CHECK(client.answers[1].at == 67 * kNs);
  CHECK(client.answers[2].at == 100 * kNs);
  CHECK(client.answers[2999].at == 100'000 * kNs);
}

TEST_CASE("an idle port does not save up bandwidth") {
  Bench bench(settings(1, port("64 GB/s")));
  Client client("client", *bench.memory, Clock(1 * kNs), 8);
  client.add(read_at(0), 100 * kNs);
  client.add(read_at(256), 101 * kNs);
  client.start(0);
  bench.run({&client});
  CHECK(client.answers.at(0).at == 104 * kNs);
  CHECK(client.answers.at(1).at == 108 * kNs);
}

void check_two_clients(bool second_wakes_first) {
  Bench bench(settings(1, port("64 GB/s")));
  Client first("first", *bench.memory, Clock(1 * kNs), 4, 2);
  Client second("second", *bench.memory, Clock(1 * kNs), 4, 2);
  for (std::uint64_t i = 0; i < 2; ++i) {
    first.add(read_at(i * 256));
    second.add(read_at(4096 + i * 256));
  }
  Client& one = second_wakes_first ? second : first;
  Client& other = second_wakes_first ? first : second;
  one.start(0);
  other.start(0);
  bench.run({&first, &second});
  CHECK(first.answers.at(0).at == 4 * kNs);
  CHECK(first.answers.at(1).at == 8 * kNs);
  CHECK(second.answers.at(0).at == 12 * kNs);
  CHECK(second.answers.at(1).at == 16 * kNs);
  for (const Client* client : {&first, &second}) {
    for (const Answer& answer : client->answers) check_life(answer);
  }
}

TEST_CASE("requests of one instant go in the order of the clients") { check_two_clients(false); }
TEST_CASE("whichever of the clients is woken first") { check_two_clients(true); }

TEST_CASE("a port without bandwidth is refused") {
  kernel::initialise();
  ledger::Ledger ledger;
  CHECK_THROWS_WITH(make_memory(settings(1, {"memory.ideal=port"}), ledger),
                    Catch::Contains("memory.port_bandwidth") && Catch::Contains("memory.ideal"));
}

}  // namespace
}  // namespace cyclescope::memory::test
