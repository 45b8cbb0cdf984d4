// The memory port: what every client of an external memory sees, whatever stands behind it.
//
// Timing: issue() hands a request over at the current instant; the reply is visible when the last byte (read) or the
// write acknowledgement has crossed back to the client.
// Causes: the reply carries its life as intervals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::memory {

enum class Role : std::uint8_t { weights, activations, output, config };
enum class Direction : std::uint8_t { read, write };

/// One transfer, at most one interleave granule and not crossing a granule boundary.
struct Request {
  std::uint64_t tag = 0;  ///< returned with the reply
  Direction direction = Direction::read;
  Role role = Role::weights;
  std::uint64_t address = 0;  ///< byte address in the device's memory
  std::uint32_t bytes = 0;
  ledger::OperatorIndex op = -1;
  ledger::Release release;  ///< what made the client issue it
};

/// A stretch of a request's life and what it was doing then (a leaf under waiting.operand, or arbitration).
struct LifeInterval {
  ledger::Leaf cause = ledger::Leaf::unknown;
  Femtoseconds from = 0;
  Femtoseconds to = 0;
};

struct Reply {
  std::uint64_t tag = 0;
  std::vector<LifeInterval> life;                 ///< abutting, from issue to arrival at the client
  ledger::ActivityId activity = ledger::kOrigin;  ///< last record of that life in the ledger
};

/// A client's end. The client module is woken when a slot frees or a reply arrives.
class Port {
 public:
  virtual ~Port() = default;
  /// True when fewer than max_outstanding requests are under way.
  [[nodiscard]] virtual bool can_issue() const = 0;
  virtual void issue(const Request& request) = 0;
  [[nodiscard]] virtual bool reply_ready() const = 0;
  virtual Reply take_reply() = 0;
};

/// An external memory with any number of clients.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Adds a client before simulation starts. `clock` is the client's domain; replies arrive on its edges.
  virtual Port& connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) = 0;
  /// Interleave granule in bytes: requests must not cross it.
  [[nodiscard]] virtual std::int64_t granule() const = 0;
  [[nodiscard]] virtual std::int64_t capacity() const = 0;
  [[nodiscard]] virtual std::int64_t peak_bytes_per_second() const = 0;
  virtual void restart(Femtoseconds t0) = 0;
  virtual void finish(Femtoseconds end) = 0;
  [[nodiscard]] virtual std::int64_t bytes_read() const = 0;
  [[nodiscard]] virtual std::int64_t bytes_written() const = 0;
};

}  // namespace cyclescope::memory
