// Single transfers and small conflicts, timed by hand.
//
// The link of these tests: 0.5 ns per byte; request packet 24 B = 12 ns; a write of 256 B is 280 B = 140 ns; a
// completion of 256 B is 276 B = 138 ns; update 8 B = 4 ns. Device latency 20 ns, link latency 200 ns, host memory 100
// ns.
#include <catch2/catch.hpp>

#include "tests/host/support.h"

namespace cyclescope::host::test {
namespace {

using ledger::Leaf;
using memory::LifeInterval;

void check_piece(const LifeInterval& piece, Leaf cause, std::int64_t from_ns, std::int64_t to_ns) {
  CHECK(piece.cause == cause);
  CHECK(piece.from == from_ns * kNs);
  CHECK(piece.to == to_ns * kNs);
}

TEST_CASE("a single write") {
  Rig rig(link());
  Client client("client", rig.link, Clock(kNs), 1);
  client.add(write_at(0));
  client.start(0);
  kernel::run_until_quiescent();
  // Wire [20, 160), at the host 360, in host memory 460, seen at 480.
  REQUIRE(client.answers.size() == 1);
  const Answer& answer = client.answers[0];
  CHECK(answer.at == 480 * kNs);
  check_life(answer);
  REQUIRE(answer.reply.life.size() == 3);
  check_piece(answer.reply.life[0], Leaf::waiting_operand_host_link, 0, 360);
  check_piece(answer.reply.life[1], Leaf::waiting_operand_dram_latency, 360, 460);
  check_piece(answer.reply.life[2], Leaf::waiting_operand_host_link, 460, 480);
  const ledger::LeafSums sums = path(rig.ledger, answer);
  CHECK(sums[static_cast<std::size_t>(Leaf::waiting_operand_host_link)] == 380 * kNs);
  CHECK(sums[static_cast<std::size_t>(Leaf::waiting_operand_dram_latency)] == 100 * kNs);
  rig.finish(client);
  CHECK(rig.time(Rig::kUp, Leaf::useful_transfer) == 140 * kNs);
  CHECK(rig.time(Rig::kUp, Leaf::idle_before_first_work) == 20 * kNs);
  CHECK(rig.time(Rig::kUp, Leaf::idle_after_last_work) == 320 * kNs);
  CHECK(rig.time(Rig::kDown, Leaf::idle_unused) == 480 * kNs);  // the update leaves at 660, after the frame
  CHECK(rig.link.bytes_written() == 256);
  CHECK(rig.memory.bytes_written() == 256);
  // 280 B up and the update of 8 B down.
  CHECK(rig.link.up().wire_bytes() == 280);
  CHECK(rig.link.up().payload_bytes() == 256);
  CHECK(rig.link.down().wire_bytes() == 8);
  CHECK(rig.link.down().payload_bytes() == 0);
  REQUIRE(rig.ledger.actions().size() == 2);
  CHECK(rig.ledger.actions()[0].component == "host_link");
  CHECK(rig.ledger.actions()[0].count == 288);
  CHECK(rig.ledger.actions()[0].attojoules == 10'000'000);
  CHECK(rig.ledger.actions()[1].component == "host_link_host_side");
  CHECK(rig.ledger.actions()[1].count == 288);
  CHECK(rig.ledger.actions()[1].attojoules == 20'000'000);
}

TEST_CASE("a single read") {
  Rig rig(link());
  Client client("client", rig.link, Clock(kNs), 1);
  client.add(read_at(0));
  client.start(0);
  kernel::run_until_quiescent();
  // Request [20, 32), at the host 232, data there 332, completion from 532 to 670, seen at 690.
  REQUIRE(client.answers.size() == 1);
  const Answer& answer = client.answers[0];
  CHECK(answer.at == 690 * kNs);
  check_life(answer);
  REQUIRE(answer.reply.life.size() == 3);
  check_piece(answer.reply.life[0], Leaf::waiting_operand_host_link, 0, 232);
  check_piece(answer.reply.life[1], Leaf::waiting_operand_dram_latency, 232, 332);
  check_piece(answer.reply.life[2], Leaf::waiting_operand_host_link, 332, 690);
  CHECK(path(rig.ledger, answer)[static_cast<std::size_t>(Leaf::waiting_operand_host_link)] == 590 * kNs);
  rig.finish(client);
  CHECK(rig.time(Rig::kUp, Leaf::useful_transfer) == 12 * kNs);
  CHECK(rig.time(Rig::kDown, Leaf::useful_transfer) == 138 * kNs);
  CHECK(rig.time(Rig::kDown, Leaf::idle_before_first_work) == 532 * kNs);
}

TEST_CASE("the reply arrives on an edge of the client's clock") {
  Rig rig(link());
  Client client("client", rig.link, Clock(7 * kNs), 1);
  client.add(read_at(0));
  client.start(0);
  kernel::run_until_quiescent();
  CHECK(client.answers.at(0).at == 693 * kNs);  // 690 up to the next multiple of 7
  CHECK(spent(client.answers[0], Leaf::overhead_clock_crossing) == 3 * kNs);
  check_life(client.answers[0]);
  rig.finish(client);
}

TEST_CASE("a read of several completions, cut at the read completion boundary") {
  Rig rig(link());
  Rig coarse(link({"pcie.read_completion_boundary=128 B"}), "coarse");
  Client client("client", rig.link, Clock(kNs), 1);
  Client other("other", coarse.link, Clock(kNs), 1);
  client.add(read_at(64, 448));
  other.add(read_at(64, 448));
  client.start(0);
  other.start(0);
  kernel::run_until_quiescent();
  // [64, 320) and [320, 512): 276 B = 138 ns and 212 B = 106 ns from 532 on, seen at 532 + 244 + 20. With a boundary of
  // 128 B it is [64, 256) and [256, 512): the same bytes in the other order.
  CHECK(client.answers.at(0).at == 796 * kNs);
  CHECK(other.answers.at(0).at == 796 * kNs);
  check_life(client.answers[0]);
  rig.finish(client);
  coarse.finish(other);
  CHECK(rig.link.down().wire_bytes() == 488);
  CHECK(rig.link.down().payload_bytes() == 448);
  CHECK(rig.memory.bytes_read() == 448);
}

TEST_CASE("a write of several packets") {
  Rig rig(link({"pcie.max_payload=128 B"}));
  Client client("client", rig.link, Clock(kNs), 1);
  client.add(write_at(512, 320));
  client.start(0);
  kernel::run_until_quiescent();
  // 152 B, 152 B and 88 B: 76 + 76 + 44 ns from 20 on; the last is in host memory 300 ns later, seen 20 ns after that.
  CHECK(client.answers.at(0).at == (20 + 196 + 300 + 20) * kNs);
  check_life(client.answers[0]);
  rig.finish(client);
}

TEST_CASE("two clients meet on the wire: the first connected goes first") {
  Rig rig(link());
  Client first("first", rig.link, Clock(kNs), 1);
  Client second("second", rig.link, Clock(kNs), 1);
  first.add(write_at(0));
  second.add(write_at(4096));
  second.start(0);  // woken first: it makes no difference
  first.start(0);
  kernel::run_until_quiescent();
  CHECK(first.answers.at(0).at == 480 * kNs);
  // Behind the other's packet from 20 to 160.
  const Answer& answer = second.answers.at(0);
  CHECK(answer.at == 620 * kNs);
  check_life(answer);
  REQUIRE(answer.reply.life.size() == 5);
  check_piece(answer.reply.life[0], Leaf::waiting_operand_host_link, 0, 20);
  check_piece(answer.reply.life[1], Leaf::waiting_arbitration, 20, 160);
  check_piece(answer.reply.life[2], Leaf::waiting_operand_host_link, 160, 500);
  CHECK(path(rig.ledger, answer)[static_cast<std::size_t>(Leaf::waiting_arbitration)] == 140 * kNs);
  rig.finish(second);
}

TEST_CASE("a read request does not overtake a write, completions and requests share nothing") {
  Rig rig(link());
  Client writer("writer", rig.link, Clock(kNs), 1);
  Client reader("reader", rig.link, Clock(kNs), 1);
  writer.add(write_at(0));
  reader.add(read_at(8192));
  writer.start(0);
  reader.start(0);
  kernel::run_until_quiescent();
  CHECK(writer.answers.at(0).at == 480 * kNs);
  // Request [160, 172), at the host 372, data 472, completion from 672; the update entered at 660 and left at 664.
  CHECK(reader.answers.at(0).at == 830 * kNs);
  CHECK(spent(reader.answers[0], Leaf::waiting_arbitration) == 140 * kNs);
  rig.finish(reader);
}

TEST_CASE("a completion waits behind the acknowledgement of another client's request") {
  Rig rig(link({"pcie.packets_per_ack=1 packets"}));
  Client first("first", rig.link, Clock(kNs), 1);
  Client second("second", rig.link, Clock(kNs), 1);
  first.add(read_at(0));
  second.add(read_at(8192), 298 * kNs);
  first.start(0);
  second.start(0);
  kernel::run_until_quiescent();
  // The second request is on the wire in [318, 330), at the host 530: acknowledged in [530, 534). The completion for
  // the first enters at 532 and starts at 534: 534 + 138 + 20.
  CHECK(first.answers.at(0).at == 692 * kNs);
  CHECK(spent(first.answers[0], Leaf::waiting_arbitration) == 0);  // a control packet is nobody's
  check_life(first.answers[0]);
  CHECK(second.answers.at(0).at == (298 + 690) * kNs);
  rig.finish(second);
  // Acknowledgements of requests at 232 and 530; those of completions leave at 692 and 988, the end of the frame.
  CHECK(rig.time(Rig::kDown, Leaf::overhead_synchronisation) == 8 * kNs);
  CHECK(rig.time(Rig::kUp, Leaf::overhead_synchronisation) == 4 * kNs);
}

TEST_CASE("a control packet goes before completions that wait longer") {
  Rig rig(link({"pcie.packets_per_ack=1 packets"}));
  Client first("first", rig.link, Clock(kNs), 1);
  Client second("second", rig.link, Clock(kNs), 1);
  first.add(read_at(0, 512));
  second.add(read_at(8192), 368 * kNs);
  first.start(0);
  second.start(0);
  kernel::run_until_quiescent();
  // Both completions for the first enter at 532. The second request is at the host at 368 + 20 + 12 + 200 = 600, its
  // acknowledgement leaves at 670, before the second completion: 674 + 138 + 20.
  CHECK(first.answers.at(0).at == 832 * kNs);
  check_life(first.answers[0]);
  rig.finish(second);
}

TEST_CASE("an unaligned read is cut at the boundary although one packet could carry it") {
  Rig rig(link());
  Client client("client", rig.link, Clock(kNs), 1);
  client.add(read_at(32, 256));
  client.start(0);
  kernel::run_until_quiescent();
  // [32, 256) and [256, 288): 244 B = 122 ns and 52 B = 26 ns from 532 on, seen 20 ns later.
  CHECK(client.answers.at(0).at == 700 * kNs);
  rig.finish(client);
}

TEST_CASE("the host memory's port limits what the host end has under way") {
  // One request at a time: a read of 512 B is two requests of 256 B, one after the other: 332 and 432. The second
  // completion enters at 632, while the first is on the wire until 670: 670 + 138 + 20.
  Rig rig(link({"host.memory_outstanding=1 requests"}));
  Client client("client", rig.link, Clock(kNs), 1);
  client.add(read_at(0, 512));
  client.start(0);
  kernel::run_until_quiescent();
  CHECK(client.answers.at(0).at == 828 * kNs);
  check_life(client.answers[0]);
  const ledger::LeafSums sums = path(rig.ledger, client.answers[0]);
  CHECK(sums[static_cast<std::size_t>(Leaf::waiting_operand_dram_latency)] == 100 * kNs);
  rig.finish(client);
}

}  // namespace
}  // namespace cyclescope::host::test
