// The host's end of a link: turns packets that have arrived into requests to the host memory and collects its replies.
//
// Timing: a packet is split at the granules of the host memory; its requests are issued in order of arrival, as soon as
// the memory's port takes them.
// Causes: waiting.operand.host_link while the port takes no more; then those of the host memory's reply.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sim/host/wire.h"
#include "sim/kernel/module.h"
#include "sim/memory/port.h"

namespace cyclescope::host {

/// A read request or a write that has arrived at the host.
struct Arrival {
  Packet packet;
  memory::Role role = memory::Role::weights;
  ledger::OperatorIndex op = -1;
  std::vector<memory::LifeInterval> life;  ///< from issue to now
  ledger::Release release;                 ///< end of that life
};

/// The host memory has served a part of an arrival.
struct Answer {
  Packet packet;
  std::int64_t bytes = 0;                  ///< served with this answer
  std::uint64_t upto = 0;                  ///< every byte of the arrival below this address has been served
  bool complete = false;                   ///< it was the last part: life and release are set
  std::vector<memory::LifeInterval> life;  ///< from issue to now
  ledger::Release release;
};

class HostEnd {
 public:
  /// Connects `owner` to the host memory. `lane` is where waits for the port are recorded.
  HostEnd(kernel::Module& owner, memory::Memory& memory, const LinkConfig& config, ledger::Ledger& ledger,
          ledger::LaneId lane);

  void arrive(Arrival arrival);
  /// Issues what the port takes.
  void issue();
  /// The next reply that is there.
  std::optional<Answer> take();

 private:
  struct Part {
    std::uint64_t address = 0;
    std::uint32_t bytes = 0;
    bool served = false;
  };
  struct Job {
    Arrival arrival;
    std::vector<Part> parts;
    std::size_t left = 0;
    std::size_t served = 0;  ///< all parts before this one are served
  };
  struct Access {
    std::size_t job = 0;
    std::size_t part = 0;
    Femtoseconds issued = 0;
  };

  memory::Memory& memory_;
  ledger::Ledger& ledger_;
  ledger::LaneId lane_;
  memory::Port& port_;
  std::vector<Job> jobs_;
  std::vector<std::size_t> free_jobs_;
  std::deque<Access> waiting_;
  std::vector<Access> accesses_;  ///< by tag
  std::vector<std::size_t> free_tags_;
};

}  // namespace cyclescope::host
