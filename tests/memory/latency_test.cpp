// Times of single requests and short patterns, written out clock by clock.
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

using ledger::Leaf;

// Without hashing and with one channel, consecutive rows of bank 0 lie 2 groups x 4 KB x 4 banks = 32 KB apart.
constexpr std::uint64_t kNextRow = 32 * 1024;

TEST_CASE("a closed-row read takes two controller latencies, tRCD, RL and one burst") {
  Bench bench(settings(1, {"dram.refresh=off"}));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  client.add(read_at(0, 32));
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 1);
  const Answer& answer = client.answers[0];
  check_life(answer);
  CHECK(answer.at == (20 + 19 + 22 + 2 + 20) * kNs);  // controller, tRCD, RL, burst, controller: 83 ns
  CHECK(spent(answer, Leaf::waiting_operand_dram_row) == 19 * kNs);
  CHECK(spent(answer, Leaf::waiting_operand_dram_latency) == (20 + 22 + 20) * kNs);
  CHECK(spent(answer, Leaf::waiting_operand_dram_bandwidth) == 2 * kNs);
  // The lane: idle until the request is at the controller, RL before data could come, the row, the burst, idle.
  CHECK(bench.lane_sum(0) == bench.end);
  CHECK(bench.lane_time(0, Leaf::idle_before_first_work) == 20 * kNs);
  CHECK(bench.lane_time(0, Leaf::waiting_operand_dram_latency) == 22 * kNs);
  CHECK(bench.lane_time(0, Leaf::waiting_operand_dram_row) == 19 * kNs);
  CHECK(bench.lane_time(0, Leaf::useful_transfer) == 2 * kNs);
  CHECK(bench.lane_time(0, Leaf::idle_after_last_work) == 20 * kNs);
}

TEST_CASE("a closed-row write is acknowledged after tRCD, WL and its burst") {
  Bench bench(settings(1, {"dram.refresh=off"}));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  client.add(write_at(0, 32));
  client.start(0);
  bench.run({&client});
  CHECK(client.answers.at(0).at == (20 + 19 + 12 + 2 + 20) * kNs);
}

TEST_CASE("a read on another clock pays the crossing both ways, and says so") {
  Bench bench(settings(1, {"dram.refresh=off", "dram.controller_latency=20.25 ns"}));
  Client client("client", *bench.memory, Clock(2 * kNs), 4);
  client.add(read_at(0, 32));
  client.start(0);
  bench.run({&client});
  const Answer& answer = client.answers.at(0);
  check_life(answer);
  // 20.25 to the next memory clock 21; ACT 21, RD 40, data 62 to 64; 84.25 to the next client clock 86.
  CHECK(answer.at == 86 * kNs);
  CHECK(spent(answer, Leaf::overhead_clock_crossing) == (21 * kNs - 20'250'000) + (86 * kNs - 84'250'000));
}

TEST_CASE("a row hit needs no tRCD, a row conflict adds tRP, an idle row is closed after 150 ns") {
  Bench bench(settings(1, {"dram.refresh=off", "dram.hash=off"}));
  Client client("client", *bench.memory, Clock(1 * kNs), 4);
  client.add(read_at(0, 32));                    // ACT 20, RD 39
  client.add(read_at(64, 32), 100 * kNs);        // hit: RD 120
  client.add(read_at(kNextRow, 32), 200 * kNs);  // conflict: PRE 220, ACT 239, RD 258; before 120 + 150
  client.add(read_at(kNextRow, 32), 600 * kNs);  // closed by the idle timer at 258 + 150: ACT 620, RD 639
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 4);
  CHECK(client.answers[1].at - client.answers[1].issued == (20 + 22 + 2 + 20) * kNs);
  CHECK(client.answers[2].at - client.answers[2].issued == (20 + 19 + 19 + 22 + 2 + 20) * kNs);
  CHECK(client.answers[3].at - client.answers[3].issued == (20 + 19 + 22 + 2 + 20) * kNs);
}

TEST_CASE("a new row of one bank each time has period tRC") {
  Bench bench(settings(1, {"dram.refresh=off", "dram.hash=off"}));
  Client client("client", *bench.memory, Clock(1 * kNs), 32);
  for (std::uint64_t i = 0; i < 50; ++i) client.add(read_at(i * kNextRow, 32));
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) {
    check_life(client.answers[i]);
    CHECK(client.answers[i].at == (83 + 62 * static_cast<Femtoseconds>(i)) * kNs);
  }
  CHECK(bench.count("activate") == 50);
}

TEST_CASE("reads after writes pay the turnaround, and the bank group decides how much") {
  Bench bench(settings(1, {"dram.refresh=off", "dram.hash=off"}));
  Client client("client", *bench.memory, Clock(1 * kNs), 8);
  client.add(read_at(0, 32));               // opens bank 0
  client.add(read_at(256, 32), 10 * kNs);   // opens bank 4, the next bank group
  client.add(write_at(0, 32), 100 * kNs);   // WR 120, data 132 to 134
  client.add(read_at(0, 32), 101 * kNs);    // same group: RD 120 + 12 + 4 + 13 = 149 (BL/n_max 4)
  client.add(write_at(0, 32), 200 * kNs);   // WR 220
  client.add(read_at(256, 32), 201 * kNs);  // other group: RD 220 + 12 + 2 + 7 = 241
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 6);
  CHECK(client.answers[3].at == (149 + 22 + 2 + 20) * kNs);
  CHECK(spent(client.answers[3], Leaf::waiting_operand_dram_turnaround) == (149 - 122) * kNs);
  CHECK(client.answers[5].at == (241 + 22 + 2 + 20) * kNs);
}

TEST_CASE("a request issued k clocks later is answered k clocks later") {
  const std::vector<std::string> overrides = {"dram.refresh=off"};
  Bench first(settings(1, overrides));
  Bench second(settings(1, overrides));
  Client punctual("punctual", *first.memory, Clock(1 * kNs), 4);
  Client delayed("delayed", *second.memory, Clock(1 * kNs), 4);
  punctual.add(read_at(4096), 5 * kNs);
  delayed.add(read_at(4096), 12 * kNs);
  punctual.start(0);
  delayed.start(0);
  kernel::run_until_quiescent();
  CHECK(delayed.answers.at(0).at == punctual.answers.at(0).at + 7 * kNs);
}

TEST_CASE("an ideal memory answers on the client's next clock") {
  Bench bench(settings(1, {"memory.ideal=on"}));
  Client client("client", *bench.memory, Clock(2 * kNs), 4);
  for (std::uint64_t i = 0; i < 20; ++i) client.add(i % 2 == 0 ? read_at(i * 256) : write_at(i * 256));
  client.start(0);
  bench.run({&client});
  REQUIRE(client.answers.size() == 20);
  for (const Answer& answer : client.answers) {
    check_life(answer);
    CHECK(answer.at - answer.issued == 2 * kNs);
  }
  CHECK(bench.lane_sum(0) == bench.end);
  CHECK(bench.memory->bytes_read() == 10 * 256);
  CHECK(bench.memory->bytes_written() == 10 * 256);
}

}  // namespace
}  // namespace cyclescope::memory::test
