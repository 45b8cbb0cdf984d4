// A host memory of fixed latency, a link before it and the settings of both for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/host/dma_config.h"
#include "sim/host/host_link.h"
#include "sim/memory/client_port.h"
#include "tests/memory/support.h"

namespace cyclescope::host::test {

using memory::test::Answer;
using memory::test::check_life;
using memory::test::Client;
using memory::test::kNs;
using memory::test::read_at;
using memory::test::spent;
using memory::test::write_at;

/// Settings of tests/host/link.ini with overrides; the DMA engine's defaults.
inline config::Settings settings(const std::vector<std::string>& overrides = {}) {
  config::Schema schema;
  declare(schema);
  declare_dma(schema, "host_dma");
  return config::resolve(schema, std::string(CYCLESCOPE_SOURCE_DIR) + "/tests/host/link.ini", overrides);
}

inline LinkConfig link(const std::vector<std::string>& overrides = {}) { return resolve_link(settings(overrides)); }

/// Every request is answered `latency` later, however many there are.
class FixedMemory : public memory::Memory {
 public:
  FixedMemory(Femtoseconds latency, ledger::Ledger& ledger)
      : latency_(latency), ledger_(ledger), lane_(ledger.add_lane("host_memory", kNs)) {}

  memory::Port& connect(kernel::Module& client, const std::string& name, const Clock& clock,
                        int max_outstanding) override {
    const std::size_t number = ports_.size();
    ports_.push_back(std::make_unique<memory::ClientPort>(
        client, name, clock, max_outstanding,
        [this, number](const memory::Request& request) { accept(number, request); }, [](std::int64_t) {}));
    return *ports_.back();
  }
  [[nodiscard]] std::int64_t granule() const override { return 256; }
  [[nodiscard]] std::int64_t capacity() const override { return std::int64_t{1} << 32; }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return INT64_MAX; }
  void restart(Femtoseconds) override {}
  void finish(Femtoseconds end) override { ledger_.post(lane_, ledger::Leaf::idle_unused, 0, end); }
  [[nodiscard]] std::int64_t bytes_read() const override { return read_; }
  [[nodiscard]] std::int64_t bytes_written() const override { return written_; }

 private:
  void accept(std::size_t client, const memory::Request& request) {
    const Femtoseconds now = kernel::now();
    const Femtoseconds visible = ports_[client]->clock().edge(now + latency_);
    const auto cause = ledger::Leaf::waiting_operand_dram_latency;
    memory::Reply reply{request.tag, {{cause, now, visible}}, ledger::kOrigin};
    reply.activity = ledger_.record(lane_, request.op, cause, now, visible, request.release);
    const bool read = request.direction == memory::Direction::read;
    (read ? read_ : written_) += request.bytes;
    ports_[client]->deliver(visible, request.bytes, std::move(reply));
  }

  Femtoseconds latency_;
  ledger::Ledger& ledger_;
  ledger::LaneId lane_;
  std::vector<std::unique_ptr<memory::ClientPort>> ports_;
  std::int64_t read_ = 0;
  std::int64_t written_ = 0;
};

/// Host memory of 100 ns, link, ledger. Lanes: 0 host memory, 1 up, 2 down.
struct Rig {
  static constexpr ledger::LaneId kUp = 1;
  static constexpr ledger::LaneId kDown = 2;

  explicit Rig(const LinkConfig& config, const std::string& name = "host_link", Femtoseconds memory_latency = 100 * kNs)
      : ledger((kernel::initialise(), true)), memory(memory_latency, ledger), link(name, config, memory, ledger) {}

  /// Ends the frame after kernel::run_until_quiescent.
  void finish(Femtoseconds t) {
    end = t;
    link.finish(end);
    memory.finish(end);
    ledger.finish(end);
    for (const ledger::LaneId lane : {kUp, kDown}) {
      Femtoseconds sum = 0;
      for (const Femtoseconds part : ledger.time(lane)) sum += part;
      CHECK(sum == end);
      CHECK(time(lane, ledger::Leaf::unknown) == 0);
    }
    for (const ledger::Traffic& traffic : ledger.traffic()) CHECK(traffic.received == traffic.expected);
  }
  void finish(const Client& client) { finish(client.last()); }

  [[nodiscard]] Femtoseconds time(ledger::LaneId lane, ledger::Leaf leaf) const {
    return ledger.time(lane)[static_cast<std::size_t>(leaf)];
  }

  ledger::Ledger ledger;
  FixedMemory memory;
  HostLink link;
  Femtoseconds end = 0;
};

/// The walk back from an answer explains every instant since 0: time per cause.
inline ledger::LeafSums path(const ledger::Ledger& ledger, const Answer& answer) {
  ledger::LeafSums sums{};
  Femtoseconds at = answer.at;
  ledger.walk({answer.reply.activity, answer.at, ledger::Reason::data}, 0, [&](const ledger::PathSegment& segment) {
    CHECK(segment.to == at);
    at = segment.from;
    sums[static_cast<std::size_t>(segment.cause)] += segment.to - segment.from;
  });
  CHECK(at == 0);
  return sums;
}

}  // namespace cyclescope::host::test
