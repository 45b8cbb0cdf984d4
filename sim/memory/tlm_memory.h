// Memories behind TLM-2.0 sockets: what they have in common, and one that is attached from outside.
//
// A Memory of this kind is a TLM target; connect() makes an initiator (TlmPort) for the client and binds the two.
// To attach another memory model: wrap its target socket in an AttachedMemory.
// Causes: AttachedMemory: dram_latency for all of a request's life (the model does not say more), clock_crossing to the
// client's edge; its lane `dram.0` is in useful.transfer while requests are under way.
// Actions: none; bytes are counted as traffic `dram.read`, `dram.write`.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/ledger/lane.h"
#include "sim/memory/tlm_port.h"

namespace cyclescope::memory {

class TlmMemory : public sc_core::sc_module, public Memory {
 public:
  /// `traffic`: what `.read` and `.write` are appended to.
  TlmMemory(const sc_core::sc_module_name& module, ledger::Ledger& ledger, const std::string& traffic = "dram");

  Port& connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) override;
  void restart(Femtoseconds t0) override;
  [[nodiscard]] std::int64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::int64_t bytes_written() const override { return bytes_written_; }

 protected:
  virtual void bind(TlmPort& port) = 0;
  /// Books what a target without causes leaves unsaid.
  virtual void explain(Access& access, Femtoseconds visible);
  /// What a payload asks for. One of an initiator that knows no Access gets one: nobody's operator, on clock `otherwise`.
  static Access& begun(tlm::tlm_generic_payload& payload, const tlm::tlm_phase& phase, const Clock& otherwise);
  /// Counts a request that arrives; one within a granule and the capacity, else InternalError.
  void began(const Request& request);
  /// Counts the bytes of a request that has been served.
  void served(const Request& request);

  ledger::Ledger* ledger_;

 private:
  std::size_t read_traffic_;
  std::size_t write_traffic_;
  std::vector<std::unique_ptr<TlmPort>> ports_;
  std::int64_t bytes_read_ = 0;
  std::int64_t bytes_written_ = 0;
};

/// A memory model from outside, seen through its target socket (one that can be bound as often as there are clients).
class AttachedMemory : public TlmMemory {
 public:
  struct Properties {
    std::int64_t granule = 256;  ///< requests do not cross it
    std::int64_t capacity = 0;
    std::int64_t peak_bytes_per_second = INT64_MAX;
  };
  AttachedMemory(sc_core::sc_module_name module, ledger::Ledger& ledger, tlm::tlm_target_socket<>& target,
                 const Properties& properties);

  [[nodiscard]] std::int64_t granule() const override { return properties_.granule; }
  [[nodiscard]] std::int64_t capacity() const override { return properties_.capacity; }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return properties_.peak_bytes_per_second; }
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;

 protected:
  void bind(TlmPort& port) override { port.socket.bind(target_); }
  void explain(Access& access, Femtoseconds visible) override;

 private:
  tlm::tlm_target_socket<>& target_;
  Properties properties_;
  ledger::Lane lane_;
};

}  // namespace cyclescope::memory
