// SRAM whose bursts are granted as they come: the oldest that finds its phase free starts.
//
// Timing: a request made at a clock edge is considered from the next edge on (the request register; with it the order
// of calls within an instant is free). At every edge the first request of each client whose burst before is over is
// tried in order of age, ties by client number: it starts when no burst under way on its port and group has its phase,
// so a request may be overtaken by a younger one that goes to a free bank. Starting later by a clock changes the phase
// by one: the wait for a phase is found without trying every clock.
// Causes: recorded on the client's lane: what the request says (waiting.operand.l2, .l3) for the register and the
// client's own burst before, waiting.arbitration from there to the start.
// Actions: per byte, as the owner declared them.
// Ports: request(); `granted` is called at the start of the burst.
// Errors: InternalError for an unknown bank or group, an empty burst, a request between two edges.
// Not modelled: bursts with a stride, partial lines (a line is accessed whole).
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/ledger/ledger.h"
#include "sim/memory/sram.h"

namespace cyclescope::memory {

/// A burst that a client asks for.
struct SramRequest {
  std::uint64_t tag = 0;
  Direction direction = Direction::read;
  int group = 0;
  std::int64_t bank = 0;  ///< of the group, of its first line
  std::int64_t bytes = 0;
  ledger::Leaf cause = ledger::Leaf::waiting_operand_l2;
  ledger::OperatorIndex op = -1;
  ledger::Release release;  ///< what made the client ask
};

/// When it runs, and the end of its wait as a release.
struct SramGrant {
  std::uint64_t tag = 0;
  SramBurst burst;
  ledger::Release release;
};

class SramArbiter : public kernel::Module {
 public:
  using Granted = std::function<void(const SramGrant&)>;

  /// `read` and `write` are ledger actions per byte.
  SramArbiter(const std::string& name, const SramGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
              std::size_t read, std::size_t write);

  /// Adds a client before simulation starts; waits are recorded on its lane. Returns its number.
  int add_client(ledger::LaneId lane, Granted granted);

  /// Asks at now, an edge of the clock. Requests of one client are granted in order.
  void request(int client, const SramRequest& request);

  [[nodiscard]] std::int64_t lines_accessed() const { return lines_accessed_; }

 protected:
  void step() override;

 private:
  struct Waiting {
    SramRequest request;
    std::int64_t asked = 0;  ///< clock
    std::int64_t lines = 0;
  };
  struct Client {
    ledger::LaneId lane = 0;
    Granted granted;
    std::deque<Waiting> queue;
    std::int64_t free_at = 0;  ///< clock at which its burst before is over
  };

  [[nodiscard]] std::size_t phase(const SramRequest& request, std::int64_t clock) const;
  /// First clock at or after `from` at which the burst finds its phase free.
  [[nodiscard]] std::int64_t earliest(const SramRequest& request, std::int64_t from) const;
  void grant(Client& client, std::int64_t clock);

  SramGeometry geometry_;
  Clock clock_;
  ledger::Ledger& ledger_;
  std::size_t read_;
  std::size_t write_;
  std::vector<Client> clients_;
  std::vector<std::int64_t> busy_until_;  ///< [(port * groups + group) * group banks + phase] clock
  std::int64_t lines_accessed_ = 0;
};

}  // namespace cyclescope::memory
