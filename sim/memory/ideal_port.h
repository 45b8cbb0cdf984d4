// A hypothetical external memory that is one port of a stated bandwidth and nothing else.
//
// Timing: bytes of reads and writes cross the port one request after the other, bytes / bandwidth each, in order of
// (instant of issue, client, tag), clients numbered in order of connect(). The end of each is exact: rounding a request
// up to a femtosecond does not move the next. No latency; a reply is visible on the client's first edge at or after
// the end of its bytes.
// Causes: dram_bandwidth from issue to the end of the bytes, clock_crossing to the client's edge. Lane `NAME.0` (dram.0
// unless told otherwise): useful.transfer while bytes cross.
// Actions: component `NAME`, `byte`; traffic `NAME.read`, `NAME.write`.
// Protocol: as Dram (dram.h).
// Errors: InputError for a bandwidth of zero; InternalError as Dram.
// Not modelled: channels, banks, refresh, turnaround, background power.
#pragma once

#include <string>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/memory/tlm_memory.h"

namespace cyclescope::memory {

class IdealPort : public TlmMemory {
 public:
  struct Properties {
    std::int64_t granule = 256;  ///< requests do not cross it
    std::int64_t capacity = 0;
    std::int64_t bytes_per_second = 0;
    std::int64_t attojoules_per_byte = 0;
    std::string name = "dram";  ///< of its lane, action and traffic
  };
  IdealPort(sc_core::sc_module_name module, const Properties& properties, ledger::Ledger& ledger);

  tlm_utils::multi_passthrough_target_socket<IdealPort> socket;

  [[nodiscard]] std::int64_t granule() const override { return properties_.granule; }
  [[nodiscard]] std::int64_t capacity() const override { return properties_.capacity; }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return properties_.bytes_per_second; }
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;

 protected:
  void bind(TlmPort& port) override { port.socket.bind(socket); }

 private:
  /// Orders the requests of an instant after all of them have come.
  class Server : public kernel::Module {
   public:
    explicit Server(IdealPort& port) : Module("ideal_port"), port_(port) {}

   protected:
    void step() override { port_.serve(); }

   private:
    IdealPort& port_;
  };
  struct Waiting {
    Femtoseconds issued = 0;
    int client = 0;
    std::uint64_t tag = 0;
    tlm::tlm_generic_payload* payload = nullptr;
  };

  tlm::tlm_sync_enum forward(int client, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  void serve();
  void move(const Waiting& waiting);
  /// Takes the port for `bytes` from `earliest` on; returns the end of the last byte, rounded up.
  Femtoseconds occupy(Femtoseconds earliest, std::int64_t bytes);

  Properties properties_;
  Clock otherwise_{1};  ///< for initiators without a clock of their own
  ledger::Lane lane_;
  std::size_t byte_;
  Server server_;
  std::vector<Waiting> waiting_;
  Int128 free_ = 0;  ///< when the port is free, in femtoseconds x bytes per second
};

}  // namespace cyclescope::memory
