// Limits and rates: tags, buffers, credits, lanes, line codes, efficiency, USB.
//
// The link of link.ini (see hand_timed_test.cpp): 0.5 ns per byte, device 20 ns, link 200 ns, host memory 100 ns.
#include <catch2/catch.hpp>

#include "tests/host/support.h"

namespace cyclescope::host::test {
namespace {

using ledger::Leaf;

/// `count` requests of `bytes`, all issued at 0.
void burst(Client& client, memory::Direction direction, int count, std::uint32_t bytes) {
  for (int i = 0; i < count; ++i) {
    const std::uint64_t address = static_cast<std::uint64_t>(i) * bytes;
    client.add(direction == memory::Direction::read ? read_at(address, bytes) : write_at(address, bytes));
  }
  client.start(0);
}

TEST_CASE("reads are limited by tags: tags per round trip") {
  Rig rig(link({"pcie.tags=2 requests"}));
  Client client("client", rig.link, Clock(kNs), 64, 64);
  burst(client, memory::Direction::read, 64, 256);
  kernel::run_until_quiescent();
  // A tag is taken for 12 + 200 + 100 + 200 + 138 + 20 = 670 ns. The first read starts at 20, the second at 32; its
  // completion waits for the first one's on the wire until 670 and is over at 828. From then on both tags go round in
  // 670 ns, 138 ns apart: the 64th read is the second tag's 32nd.
  CHECK(client.last() == (828 + 31 * 670) * kNs);
  for (const Answer& answer : client.answers) check_life(answer);
  rig.finish(client);
  CHECK(rig.time(Rig::kUp, Leaf::useful_transfer) == 64 * 12 * kNs);
  // Reads wait for a tag from 44 to the end of the last request, but for the requests' own time.
  CHECK(rig.time(Rig::kUp, Leaf::waiting_operand_host_link) == (828 + 30 * 670 - 44 - 61 * 12) * kNs);
}

TEST_CASE("a tag is free when the last completion has come in") {
  Rig rig(link({"pcie.tags=1 requests"}));
  Client client("client", rig.link, Clock(kNs), 4, 4);
  burst(client, memory::Direction::read, 4, 512);
  kernel::run_until_quiescent();
  // 12 + 500 + 2 x 138 + 20 per read.
  CHECK(client.last() == (20 + 4 * 808) * kNs);
  rig.finish(client);
}

TEST_CASE("reads are limited by the completion buffer") {
  Rig rig(link({"pcie.completion_buffer=512 B"}));
  Client client("client", rig.link, Clock(kNs), 8, 8);
  burst(client, memory::Direction::read, 4, 512);
  kernel::run_until_quiescent();
  // One read of 512 B at a time: the next request leaves when the second completion has come in, 12 + 500 + 276 + 20
  // after the one before.
  CHECK(client.last() == (20 + 4 * 808) * kNs);
  rig.finish(client);
}

TEST_CASE("writes are limited by the posted buffer") {
  Rig rig(link({"pcie.posted_buffer=512 B"}));
  Client client("client", rig.link, Clock(kNs), 8, 8);
  burst(client, memory::Direction::write, 8, 256);
  kernel::run_until_quiescent();
  // Two packets, from 20 and 160; credits are back 140 + 200 + 100 + 200 + 4 + 20 = 664 after a packet's start. The
  // eighth starts at 160 + 3 x 664 = 2152 and is seen 460 later.
  CHECK(client.last() == 2612 * kNs);
  for (const Answer& answer : client.answers) check_life(answer);
  CHECK(spent(client.answers.back(), Leaf::waiting_output_space) == 3 * 384 * kNs);
  rig.finish(client);
  CHECK(rig.time(Rig::kUp, Leaf::useful_transfer) == 8 * 140 * kNs);
  CHECK(rig.time(Rig::kUp, Leaf::waiting_output_space) == 3 * 384 * kNs);  // [300, 684) and twice 664 later
  CHECK(rig.time(Rig::kUp, Leaf::idle_after_last_work) == 320 * kNs);
}

TEST_CASE("one update may return several credits") {
  const LinkConfig config = link({"pcie.posted_buffer=512 B", "pcie.packets_per_update=2 packets"});
  Rig rig(config, "slow_memory", 300 * kNs);
  Rig quick(config, "quick_memory");
  Client client("client", rig.link, Clock(kNs), 8, 8);
  Client other("other", quick.link, Clock(kNs), 8, 8);
  burst(client, memory::Direction::write, 4, 256);
  burst(other, memory::Direction::write, 4, 256);
  kernel::run_until_quiescent();
  // At the host at 360 and 500, in a memory of 300 ns at 660 and 800: the update for both is here at 800 + 224 = 1024;
  // then [1024, 1164) and [1164, 1304), seen 520 later.
  CHECK(client.last() == 1824 * kNs);
  // With 100 ns the first is in memory at 460, when nothing else is at the host: it has its own update, and so has the
  // second: [684, 824) and [824, 964), seen 320 later.
  CHECK(other.last() == 1284 * kNs);
  rig.finish(client);
  quick.finish(other);
}

TEST_CASE("half the lanes, twice the time on the wire") {
  for (const int lanes : {2, 4, 8, 16}) {
    const LinkConfig full = link({"pcie.lanes=" + std::to_string(lanes) + " lanes"});
    const LinkConfig half = link({"pcie.lanes=" + std::to_string(lanes / 2) + " lanes"});
    for (const std::int64_t bytes : {8, 24, 276, 280, 536}) {
      CHECK(half.wire_time(bytes) == 2 * full.wire_time(bytes));
    }
  }
  Rig rig(link({"pcie.lanes=2 lanes"}));
  Client client("client", rig.link, Clock(kNs), 1);
  burst(client, memory::Direction::write, 1, 256);
  kernel::run_until_quiescent();
  CHECK(client.last() == (480 + 140) * kNs);
  rig.finish(client);
}

TEST_CASE("line codes of the generations") {
  // 280 B over one lane. 8b/10b: 2800 intervals of 400 and 200 ps. 128b/130b: 280 x 8 x 130 / 128 = 2275 intervals of
  // 125, 62.5 and 31.25 ps.
  const auto time = [](int generation) {
    return link({"pcie.lanes=1 lanes", "pcie.generation=" + std::to_string(generation) + " generation"}).wire_time(280);
  };
  CHECK(time(1) == 2800 * 400'000LL);
  CHECK(time(2) == 2800 * 200'000LL);
  CHECK(time(3) == 2275 * 125'000LL);
  CHECK(time(4) == 2275 * 62'500LL);
  CHECK(time(5) == 2275 * 31'250LL);
  // 12 B: 97.5 intervals of 31.25 ps are 3046.875 ps = 3046875 fs; over 16 lanes 190429.6875 fs, rounded up.
  const LinkConfig wide = link({"pcie.lanes=16 lanes", "pcie.generation=5 generation"});
  CHECK(wide.wire_time(12) == 190'430);
}

TEST_CASE("long writes attain payload / (payload + overhead)") {
  Rig rig(link({"pcie.posted_buffer=64 KiB"}));
  Client client("client", rig.link, Clock(kNs), 500, 500);
  burst(client, memory::Direction::write, 500, 512);
  kernel::run_until_quiescent();
  // 1000 packets of 256 + 24 B back to back from 20 on; the last is in host memory 300 ns later.
  CHECK(client.last() == (20 + 1000 * 140 + 300 + 20) * kNs);
  rig.finish(client);
  CHECK(rig.time(Rig::kUp, Leaf::useful_transfer) == 1000 * 140 * kNs);
  CHECK(rig.link.up().payload_bytes() * 280 == rig.link.up().wire_bytes() * 256);
  // Peak of the link: completions have the smaller overhead, 256 B in 138 ns.
  CHECK(rig.link.peak_bytes_per_second() == 1'855'072'464);  // 256e9 / 138 = 1855072463.8, rounded up
}

TEST_CASE("USB 3 bulk, device to host") {
  // 2 ns per byte: a data packet of 20 + 12 + 1024 = 1056 B takes 2112 ns, the host's acknowledgement 40 ns, two link
  // commands 32 ns. Link latency 600 ns. A packet that ends at e is in host memory at e + 700, the acknowledgement is
  // here at e + 700 + 600 + 40 + 20 = e + 1360, during the next packet, and is answered by link commands after that.
  Rig rig(link({"host.link=usb3", "host.latency=600 ns"}));
  Client client("client", rig.link, Clock(kNs), 64, 64);
  burst(client, memory::Direction::write, 64, 1024);
  kernel::run_until_quiescent();
  // The second packet ends at 20 + 2 x 2112 = 4244, each further one 2112 + 32 = 2144 later.
  CHECK(client.last() == (4244 + 62 * 2144 + 720) * kNs);
  for (const Answer& answer : client.answers) check_life(answer);
  rig.finish(client);
  CHECK(rig.time(Rig::kUp, Leaf::useful_transfer) == 64 * 2112 * kNs);
  CHECK(rig.time(Rig::kUp, Leaf::overhead_synchronisation) == 63 * 32 * kNs);  // the last is after the frame
}

TEST_CASE("USB 3 bulk, bursts of one packet") {
  Rig rig(link({"host.link=usb3", "host.latency=600 ns", "usb3.burst=1 packets"}));
  Client client("client", rig.link, Clock(kNs), 8, 8);
  burst(client, memory::Direction::write, 8, 1024);
  kernel::run_until_quiescent();
  // Stop and wait: 2112 + 1360 until the acknowledgement is here, its link commands 32, then the next packet.
  CHECK(client.last() == (20 + 7 * 3504 + 2112 + 720) * kNs);
  rig.finish(client);
}

TEST_CASE("USB 3 bulk, host to device") {
  Rig rig(link({"host.link=usb3", "host.latency=600 ns"}));
  Client client("client", rig.link, Clock(kNs), 16, 16);
  burst(client, memory::Direction::read, 16, 1024);
  kernel::run_until_quiescent();
  // Sixteen grants of 40 ns; the first is at the host at 20 + 40 + 600 = 660, its data are on the wire from
  // 660 + 100 + 600 = 1360 on, before that the link commands for every grant (the last at 660 + 15 x 40 + 32 = 1292).
  // Then 2112 ns each without a gap: no grant follows. Grants are not held up either: the device's link commands come
  // after the first data.
  CHECK(client.last() == (1360 + 16 * 2112 + 20) * kNs);
  rig.finish(client);
}

TEST_CASE("parameters that contradict each other are named") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(link({"pcie.lanes=3 lanes"}), Contains("pcie.lanes"));
  CHECK_THROWS_WITH(link({"pcie.max_payload=300 B"}), Contains("pcie.max_payload"));
  CHECK_THROWS_WITH(link({"pcie.request_header=14 B"}), Contains("pcie.request_header"));
  CHECK_THROWS_WITH(link({"pcie.completion_buffer=256 B"}), Contains("pcie.completion_buffer"));
  CHECK_THROWS_WITH(link({"pcie.posted_buffer=128 B"}), Contains("pcie.posted_buffer"));
  CHECK_THROWS_WITH(link({"host.link=usb3", "usb3.packet=1000 B"}), Contains("usb3.packet"));
  CHECK_THROWS_AS(link({"pcie.lanes=3 lanes"}), InputError);
  CHECK_THROWS_AS(link({"pcie.generation=6 generation"}), NotModelled);
  CHECK_THROWS_AS(link({"pcie.generation=7 generation"}), InputError);
}

}  // namespace
}  // namespace cyclescope::host::test
