// A client that makes up its requests as it goes, to load a memory: no list of them, so millions cost no memory.
//
// Timing: request n is due n * bytes / rate after the start, without a rate at once. On the first edge of its clock at
// or after that it is issued, unless as many requests are under way as may be; then when one of them ends. What crosses
// granules is issued as several transfers at one instant and ends with the last of their replies. Several requests may
// be issued on one edge. The client wakes for replies and due requests only.
// Causes: books nothing itself; sums the lives of requests (of the last reply of each) by cause.
// Ports: one memory::Port.
// Errors: InternalError for a life that does not begin at the issue.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/memory/port.h"

namespace cyclescope::memory {

/// Where the requests of a plan go.
enum class AddressOrder : std::uint8_t {
  strided,  ///< each a stride further; a next lap begins one request further
  random,   ///< uniform over all multiples of the request's size
  listed,   ///< a list of addresses in turn
};

/// What a Traffic client issues.
struct TrafficPlan {
  std::int64_t requests = 0;
  std::int64_t bytes = 0;             ///< of one request
  int outstanding = 0;                ///< requests under way at most
  std::int64_t bytes_per_second = 0;  ///< rate at which requests fall due; 0: all are due at once
  int read_percent = 100;  ///< evenly spread; reads and writes have a half of the memory each when both occur
  AddressOrder order = AddressOrder::strided;
  std::int64_t stride = 0;               ///< a multiple of bytes
  std::uint64_t seed = 0;                ///< of random addresses
  std::vector<std::uint64_t> addresses;  ///< when listed
};

class Traffic : public kernel::Module {
 public:
  Traffic(const std::string& name, Memory& memory, const Clock& clock, TrafficPlan plan);

  /// The first request is due at t.
  void start(Femtoseconds t);

  [[nodiscard]] bool finished() const { return ended_ == plan_.requests; }
  /// Instant of the last reply.
  [[nodiscard]] Femtoseconds last() const { return last_; }
  /// Requests that ended, by latency in clocks.
  [[nodiscard]] const std::vector<std::int64_t>& latencies() const { return latencies_; }
  [[nodiscard]] Femtoseconds latency_sum() const { return latency_sum_; }
  /// Time of all requests together by cause.
  [[nodiscard]] const ledger::LeafSums& life() const { return life_; }

 protected:
  void step() override;

 private:
  /// Addresses of one direction.
  struct Stream {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t next = 0;
    std::uint64_t lap = 0;  ///< offset of the present lap
  };

  void take(const Reply& reply, Femtoseconds now);
  void issue(Femtoseconds now);
  [[nodiscard]] Direction next_direction();
  [[nodiscard]] std::uint64_t next_address(Direction direction);
  [[nodiscard]] std::uint64_t next_random(std::uint64_t below);

  TrafficPlan plan_;
  Clock clock_;
  std::uint64_t granule_;
  std::uint64_t places_;  ///< multiples of the request's size in the memory
  Port* port_;

  std::array<Stream, 2> streams_;
  int read_share_ = 0;  ///< what the evenly spread reads are behind, in percent
  std::uint64_t random_;
  std::size_t listed_ = 0;

  std::int64_t issued_ = 0;
  std::int64_t ended_ = 0;
  std::uint64_t next_tag_ = 0;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> transfers_left_;  ///< per slot
  unsigned slot_bits_ = 0;                     ///< low bits of a tag that hold the slot

  Femtoseconds due_ = 0;
  Femtoseconds spacing_ = 0;
  std::int64_t spacing_rest_ = 0;  ///< of the division by the rate
  std::int64_t rest_ = 0;
  Femtoseconds planned_wake_ = -1;

  Femtoseconds last_ = 0;
  Femtoseconds latency_sum_ = 0;
  std::vector<std::int64_t> latencies_;
  ledger::LeafSums life_{};
};

}  // namespace cyclescope::memory
