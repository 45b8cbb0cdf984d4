// The host DMA engine, timed by hand on the link of link.ini (see hand_timed_test.cpp).
#include <catch2/catch.hpp>

#include "sim/host/host_dma.h"
#include "tests/host/support.h"

namespace cyclescope::host::test {
namespace {

using ledger::Leaf;

DmaConfig dma(const std::vector<std::string>& overrides) {
  std::vector<std::string> all = {"host_dma.channels=1 channels", "host_dma.descriptors_per_fetch=1 descriptors"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return resolve_dma(settings(all), "host_dma");
}

/// Submits transfers at time 0 and keeps when they were done.
class Starter : public kernel::Module {
 public:
  Starter(const std::string& name, HostDma& dma_engine) : Module(name), dma_(dma_engine) {}

  void add(int channel, Transfer transfer) {
    const std::size_t index = done.size();
    done.push_back(0);
    transfer.done = [this, index](const ledger::Release& by) {
      CHECK(done[index] == 0);
      CHECK(by.at == kernel::now());
      done[index] = kernel::now();
      last = by;
    };
    plan_.emplace_back(channel, std::move(transfer));
    wake_at(0);
  }

  std::vector<Femtoseconds> done;
  ledger::Release last;

 protected:
  void step() override {
    for (const auto& [channel, transfer] : plan_) dma_.submit(channel, transfer);
  }

 private:
  HostDma& dma_;
  std::vector<std::pair<int, Transfer>> plan_;
};

Transfer transfer(std::uint64_t address, std::int64_t bytes, memory::Direction direction = memory::Direction::read) {
  Transfer result;
  result.host_address = address;
  result.bytes = bytes;
  result.direction = direction;
  result.descriptors = 1 << 30;
  return result;
}

struct DmaRig {
  static constexpr ledger::LaneId kChannel = 3;  ///< lane of channel 0

  explicit DmaRig(const DmaConfig& config, const std::string& name = "host_dma",
                  const std::vector<std::string>& link_overrides = {})
      : rig(link(link_overrides), name + "_link"),
        engine(name, config, rig.link, Clock(kNs), rig.ledger),
        starter(name + "_starter", engine) {}

  void finish() {
    Femtoseconds end = 0;
    for (const Femtoseconds t : starter.done) {
      CHECK(t > 0);
      end = std::max(end, t);
    }
    engine.finish(end);
    rig.finish(end);
    Femtoseconds sum = 0;
    for (const Femtoseconds part : rig.ledger.time(kChannel)) sum += part;
    CHECK(sum == end);
    CHECK(rig.time(kChannel, Leaf::unknown) == 0);
    Femtoseconds at = end;
    rig.ledger.walk(starter.last, 0, [&](const ledger::PathSegment& segment) {
      CHECK(segment.to == at);
      CHECK(segment.cause != Leaf::unknown);
      at = segment.from;
    });
    CHECK(at == 0);
  }

  Rig rig;
  HostDma engine;
  Starter starter;
};

TEST_CASE("one descriptor is fetched, set up and executed") {
  DmaRig dma_rig(dma({"host_dma.setup=8 cycles"}));
  dma_rig.starter.add(0, transfer(0, 512));
  kernel::run_until_quiescent();
  // Fetch: request [20, 32), data 332, completion of 36 B = 18 ns from 532 on, here at 570. Set-up until 578. Data:
  // request [598, 610), data 910, two completions of 138 ns from 1110 on, here at 1406.
  CHECK(dma_rig.starter.done[0] == 1406 * kNs);
  dma_rig.finish();
  CHECK(dma_rig.rig.time(DmaRig::kChannel, Leaf::overhead_descriptor) == 8 * kNs);
  CHECK(dma_rig.rig.time(DmaRig::kChannel, Leaf::useful_transfer) == (1406 - 578) * kNs);
  CHECK(dma_rig.rig.time(DmaRig::kChannel, Leaf::waiting_operand_dram_latency) == 100 * kNs);
  CHECK(dma_rig.rig.time(DmaRig::kChannel, Leaf::waiting_operand_host_link) == 470 * kNs);
  CHECK(dma_rig.rig.link.bytes_read() == 512 + 16);
}

TEST_CASE("set-up of every descriptor shows in the total when nothing hides it") {
  // Eight pages of 64 B, descriptors in the device: set-up, one clock to issue, and so on; the last request is issued
  // at 8 s + 7 and answered 20 + 12 + 500 + 42 + 20 = 594 later (a completion of 84 B is 42 ns, less than s + 1).
  const auto config = [](const char* setup) { return dma({setup, "host_dma.descriptor=0 B", "host_dma.page=64 B"}); };
  DmaRig fast(config("host_dma.setup=100 cycles"), "fast");
  DmaRig slow(config("host_dma.setup=200 cycles"), "slow");
  fast.starter.add(0, transfer(0, 512));
  slow.starter.add(0, transfer(0, 512));
  kernel::run_until_quiescent();
  CHECK(fast.starter.done[0] == (8 * 100 + 7 + 594) * kNs);
  CHECK(slow.starter.done[0] == (8 * 200 + 7 + 594) * kNs);
  fast.finish();
  slow.finish();
  CHECK(fast.rig.time(DmaRig::kChannel, Leaf::overhead_descriptor) == 8 * 100 * kNs);
  CHECK(slow.rig.time(DmaRig::kChannel, Leaf::overhead_descriptor) == 8 * 200 * kNs);
}

TEST_CASE("a short set-up hides behind the wire") {
  // Set-up 1: requests at 1, 3, 5 ...; the wire takes 12 ns each from 21 on: the first completion enters at 533, the
  // others are there in time: 42 ns each.
  DmaRig dma_rig(dma({"host_dma.setup=1 cycles", "host_dma.descriptor=0 B", "host_dma.page=64 B"}));
  dma_rig.starter.add(0, transfer(0, 512));
  kernel::run_until_quiescent();
  CHECK(dma_rig.starter.done[0] == (533 + 8 * 42 + 20) * kNs);
  dma_rig.finish();
}

TEST_CASE("requests under way are limited per channel") {
  // One at a time: request to reply 20 + 12 + 500 + 276 + 20 = 828; the next is issued at the instant of the reply.
  DmaRig dma_rig(dma({"host_dma.setup=0 cycles", "host_dma.descriptor=0 B", "host_dma.outstanding=1 requests"}));
  dma_rig.starter.add(0, transfer(0, 4096));
  kernel::run_until_quiescent();
  CHECK(dma_rig.starter.done[0] == 8 * 828 * kNs);
  dma_rig.finish();
}

TEST_CASE("descriptors in flight are limited") {
  DmaRig dma_rig(dma({"host_dma.setup=0 cycles", "host_dma.prefetch=1 descriptors"}));
  dma_rig.starter.add(0, transfer(0, 2048));
  kernel::run_until_quiescent();
  // One descriptor ahead: a fetch takes 570 as above and the next is issued when its descriptor begins, before the data
  // of that page are asked for, so no completion of data is ahead of it. The fourth begins at 4 x 570; its data take
  // 20 + 12 + 500 + 276 + 20 = 828.
  CHECK(dma_rig.starter.done[0] == (4 * 570 + 828) * kNs);
  dma_rig.finish();
}

TEST_CASE("transfers cut at pages and granules in both directions over several channels") {
  DmaRig dma_rig(resolve_dma(settings({"host_dma.page=1 KiB", "host_dma.channels=3 channels"}), "host_dma"));
  dma_rig.starter.add(0, transfer(1000, 5000));
  dma_rig.starter.add(0, transfer(100'000, 1, memory::Direction::write));
  dma_rig.starter.add(1, transfer(200'000, 7777, memory::Direction::write));
  dma_rig.starter.add(2, transfer(300'000, 3333));
  dma_rig.starter.add(2, transfer(400'000, 4444));
  kernel::run_until_quiescent();
  dma_rig.finish();
  // Descriptors: pages of 1 KiB touched: 1000..5999: 6; 1; 200000 = 195 x 1024 + 320: 320 + 7777 = 8097: 8;
  // 300000 = 292 x 1024 + 992: 4325: 5; 400000 = 390 x 1024 + 640: 5084: 5. In sum 25 of 16 B.
  CHECK(dma_rig.rig.link.bytes_read() == 5000 + 3333 + 4444 + 25 * 16);
  CHECK(dma_rig.rig.link.bytes_written() == 7777 + 1);
  const auto& actions = dma_rig.rig.ledger.actions();
  CHECK(actions.back().name == "descriptor");
  CHECK(actions.back().count == 25);
}

TEST_CASE("a DMA configuration that contradicts itself is named") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(dma({"host_dma.page=500 B"}), Contains("host_dma.page"));
  CHECK_THROWS_WITH(dma({"host_dma.descriptors_per_fetch=4 descriptors", "host_dma.prefetch=2 descriptors"}),
                    Contains("host_dma.prefetch"));
  CHECK_THROWS_WITH(dma({"host_dma.descriptors_per_fetch=3 descriptors"}), Contains("host_dma.descriptor"));
}

}  // namespace
}  // namespace cyclescope::host::test
