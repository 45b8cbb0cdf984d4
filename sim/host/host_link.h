// The link between a device and its host, with the host memory behind it: to the device's modules it is a memory.
//
// Timing: a request reaches the wire `device_latency` after its issue. A read is one request packet towards the host,
// `latency` later a read of the host memory, `latency` after its reply completions towards the device: in order of
// address, each of max_payload at most and ending on a boundary, as soon as its data are there. A write is packets of
// max_payload at most, `latency` later written to the host memory. A reply is visible on the client's first edge at or
// after the end of the last completion + device_latency (read), or the host memory's reply + device_latency (write: a
// posted write tells its sender nothing, the reply stands for its data having reached the host memory).
// Flow control: a read request leaves when a tag and room for its data in the completion buffer are free, until the
// last completion (tag) or each completion (room) has come in. A write leaves when the host end's buffer has room for
// it; it is freed when the host memory has replied, and known to be free when an update has crossed back: one per
// packets_per_update freed writes, or when none is left at the host. Every packets_per_ack-th packet is acknowledged in
// the opposite direction. Order of packets on the wire: wire.h.
// Causes: waiting.operand.host_link for wire, latency, tags and own packets ahead; waiting.arbitration behind other
// clients' packets; waiting.output_space without credits; in between those of the host memory's reply.
// Actions: component `host_link` (device side) and `host_link_host_side`, per wire byte of both directions; traffic
// `host.read`, `host.write`.
// Ports: connect() (clients are numbered in that order); a host memory, to which it connects itself.
// Errors: InternalError for a request that is empty, crosses a granule or lies beyond the host memory's capacity.
// Not modelled: header credits, credits for read requests, replay, switches between device and host, the host's own
// traffic (its other clients may share the host memory), address translation.
// Source: link_config.h.
#pragma once

#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "sim/host/host_end.h"
#include "sim/host/wire.h"
#include "sim/memory/client_port.h"

namespace cyclescope::host {

class HostLink : public kernel::Module, public memory::Memory {
 public:
  HostLink(const std::string& name, const LinkConfig& config, memory::Memory& host, ledger::Ledger& ledger);

  memory::Port& connect(kernel::Module& client, const std::string& name, const Clock& clock,
                        int max_outstanding) override;
  [[nodiscard]] std::int64_t granule() const override { return config_.max_request; }
  [[nodiscard]] std::int64_t capacity() const override { return host_.capacity(); }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return config_.peak_bytes_per_second(); }
  /// Frames of the link alone: the host memory has an owner.
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;
  [[nodiscard]] std::int64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::int64_t bytes_written() const override { return bytes_written_; }

  [[nodiscard]] const Wire& up() const { return up_; }
  [[nodiscard]] const Wire& down() const { return down_; }

 protected:
  void step() override;

 private:
  struct Transaction {
    std::int32_t client = 0;
    memory::Request request;
    Femtoseconds issued = 0;
    std::int32_t packets_left = 0;           ///< writes: packets not in host memory yet
    std::int32_t completions = 0;            ///< reads: completions made
    std::uint64_t next_address = 0;          ///< reads: first byte without a completion
    std::vector<memory::LifeInterval> life;  ///< from issue to the last reply of the host memory
    ledger::Release release;
  };
  struct Event {
    enum class Kind : std::uint8_t { enter_up, enter_down, at_host, at_device, free };
    Femtoseconds at = 0;
    Kind kind = Kind::free;
    Packet packet;
    std::size_t arrival = 0;                    ///< at_host: index into arriving_
    bool operator<(const Event& other) const {  // std::priority_queue hands over the largest first
      if (at != other.at) return at > other.at;
      if (kind != other.kind) return kind > other.kind;
      return other.packet < packet;
    }
  };

  void accept(std::int32_t client, const memory::Request& request);
  std::int32_t open(std::int32_t client, const memory::Request& request);
  void schedule(Femtoseconds at, Event::Kind kind, const Packet& packet, std::size_t arrival = 0);
  void handle(const Event& event);
  [[nodiscard]] bool may_go(const Packet& packet) const;
  void start_up();
  void start_down();
  void book(const Wire::Start& start);
  std::size_t on_the_way(const Wire::Start& start);
  void arrived(const Packet& packet);
  void answered(const Answer& answer);
  void make_completions(std::int32_t transaction, std::uint64_t upto);
  void freed(const Packet& packet);
  void send_control(PacketKind kind, Event::Kind direction, Femtoseconds at, std::int64_t credits);
  void reply(std::int32_t transaction, ledger::LaneId lane, std::vector<memory::LifeInterval> life, Femtoseconds back,
             std::size_t known);
  ledger::Release record(ledger::LaneId lane, ledger::OperatorIndex op, const memory::LifeInterval* first,
                         const memory::LifeInterval* last, ledger::Release release);
  [[nodiscard]] std::int64_t credits_of(std::int64_t payload) const { return round_up(payload, config_.credit_unit); }

  LinkConfig config_;
  memory::Memory& host_;
  ledger::Ledger& ledger_;
  std::size_t device_action_;
  std::size_t host_action_;
  std::size_t read_traffic_;
  std::size_t write_traffic_;
  Wire up_;
  Wire down_;
  HostEnd host_end_;
  std::vector<std::unique_ptr<memory::ClientPort>> ports_;
  std::vector<Transaction> transactions_;
  std::vector<std::int32_t> free_transactions_;
  std::vector<Arrival> arriving_;
  std::vector<std::size_t> free_arriving_;
  std::priority_queue<Event> events_;

  int tags_used_ = 0;
  std::int64_t asked_ = 0;    ///< bytes asked for and not here yet
  std::int64_t credits_ = 0;  ///< of writes, known to the device
  std::int64_t held_ = 0;     ///< writes at the host end
  std::int64_t freed_bytes_ = 0;
  int freed_ = 0;
  std::int64_t unacknowledged_up_ = 0;
  std::int64_t unacknowledged_down_ = 0;
  std::int64_t bytes_read_ = 0;
  std::int64_t bytes_written_ = 0;
};

}  // namespace cyclescope::host
