// The requests that a Traffic client makes up, seen by a memory that only writes them down.
#include <set>

#include "sim/memory/client_port.h"
#include "sim/memory/traffic.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

constexpr std::int64_t kGranule = 64;
constexpr std::int64_t kCapacity = 4096;

/// Answers each request 10 ns after its issue.
class Recorder : public Memory {
 public:
  struct Entry {
    Femtoseconds at = 0;
    Request request;
  };

  Port& connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) override {
    const auto sink = [this](const Request& request) { accept(request); };
    port_ = std::make_unique<ClientPort>(client, name, clock, max_outstanding, sink, [](std::int64_t) {});
    most = max_outstanding;
    return *port_;
  }
  [[nodiscard]] std::int64_t granule() const override { return kGranule; }
  [[nodiscard]] std::int64_t capacity() const override { return kCapacity; }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return INT64_MAX; }
  void restart(Femtoseconds) override {}
  void finish(Femtoseconds) override {}
  [[nodiscard]] std::int64_t bytes_read() const override { return 0; }
  [[nodiscard]] std::int64_t bytes_written() const override { return 0; }

  std::vector<Entry> log;
  int most = 0;
  int most_under_way = 0;

 private:
  void accept(const Request& request) {
    const Femtoseconds now = kernel::now();
    log.push_back({now, request});
    most_under_way = std::max(most_under_way, port_->outstanding());
    const Femtoseconds visible = port_->clock().edge(now + 10 * kNs);
    port_->deliver(visible, 0, {request.tag, {{ledger::Leaf::waiting_operand_dram_latency, now, visible}}, 0});
  }

  std::unique_ptr<ClientPort> port_;
};

TrafficPlan plan(std::int64_t requests, std::int64_t bytes, std::int64_t stride) {
  TrafficPlan result;
  result.requests = requests;
  result.bytes = bytes;
  result.stride = stride;
  result.outstanding = 4;
  return result;
}

/// Runs a plan and checks what holds for every one.
std::vector<Recorder::Entry> issue(const TrafficPlan& wanted, int* under_way = nullptr) {
  kernel::initialise();
  Recorder memory;
  Traffic traffic("traffic", memory, Clock(2 * kNs), wanted);
  traffic.start(0);
  kernel::run_until_quiescent();
  CHECK(traffic.finished());
  std::set<std::uint64_t> tags;
  std::uint64_t bytes = 0;
  for (const Recorder::Entry& entry : memory.log) {
    const Request& request = entry.request;
    CHECK(request.address / kGranule == (request.address + request.bytes - 1) / kGranule);
    CHECK(request.address + request.bytes <= kCapacity);
    CHECK(tags.insert(request.tag).second);
    bytes += request.bytes;
  }
  CHECK(bytes == static_cast<std::uint64_t>(wanted.requests * wanted.bytes));
  if (under_way != nullptr) *under_way = memory.most_under_way;
  return memory.log;
}

TEST_CASE("a stride that comes to the end begins one request further, and in the end anew") {
  const auto log = issue(plan(10, 512, 2048));
  std::vector<std::uint64_t> addresses;
  for (std::size_t i = 0; i < log.size(); i += 8) addresses.push_back(log[i].request.address);
  CHECK(addresses == std::vector<std::uint64_t>{0, 2048, 512, 2560, 1024, 3072, 1536, 3584, 0, 2048});
}

TEST_CASE("a mix reads its share in one half and writes in the other, evenly spread") {
  TrafficPlan mix = plan(100, 64, 64);
  mix.read_percent = 75;
  std::uint64_t next_read = 0;
  std::uint64_t next_write = kCapacity / 2;
  int writes = 0;
  for (const Recorder::Entry& entry : issue(mix)) {
    const bool write = entry.request.direction == Direction::write;
    writes += write ? 1 : 0;
    CHECK(entry.request.address == (write ? next_write : next_read));
    std::uint64_t& next = write ? next_write : next_read;
    next += 64;
    if (next == kCapacity / 2 && !write) next = 0;
  }
  CHECK(writes == 25);
}

TEST_CASE("random addresses are multiples of the request and reach the whole memory") {
  TrafficPlan random = plan(2000, 32, 0);
  random.order = AddressOrder::random;
  std::set<std::uint64_t> seen;
  for (const Recorder::Entry& entry : issue(random)) {
    CHECK(entry.request.address % 32 == 0);
    seen.insert(entry.request.address);
  }
  CHECK(seen.size() == kCapacity / 32);
}

TEST_CASE("a request that crosses granules is issued at one instant and counts as one under way") {
  int under_way = 0;
  TrafficPlan crossing = plan(20, 96, 96);
  const auto log = issue(crossing, &under_way);
  CHECK(log[0].request.bytes == 64);
  CHECK(log[1].request.bytes == 32);
  CHECK(log[2].request.address == 96);
  CHECK(log[2].request.bytes == 32);
  CHECK(log[3].request.bytes == 64);
  CHECK(under_way == 4 * 2);
}

TEST_CASE("requests fall due at the rate, to the femtosecond, and are issued on the next edge") {
  TrafficPlan slow = plan(1000, 64, 64);
  slow.bytes_per_second = 3'000'000'000;  // every 21 1/3 ns
  const auto log = issue(slow);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const Femtoseconds due = static_cast<Femtoseconds>(i) * 64'000'000 / 3;
    CHECK(log[i].at == Clock(2 * kNs).edge(due));
  }
}

TEST_CASE("saturated, a request follows as soon as one ends") {
  const auto log = issue(plan(12, 64, 64));
  for (std::size_t i = 0; i < log.size(); ++i) CHECK(log[i].at == static_cast<Femtoseconds>(i / 4) * 10 * kNs);
}

}  // namespace
}  // namespace cyclescope::memory::test
